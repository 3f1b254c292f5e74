import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import Runs

@Suite struct CheckpointStoreTests {
  /// Content that says of which step it is.
  private func content(_ step: Int) -> (URL) throws -> Void {
    { folder in
      try write("adapter \(step)", to: folder.appendingPathComponent("adapter/weights"))
      try write("state \(step)", to: folder.appendingPathComponent("state"))
    }
  }

  private func steps(_ folder: TemporaryFolder) -> [Int] { CheckpointStore.saved(in: folder.run).map(\.step) }

  private func checkpoint(_ folder: TemporaryFolder, _ name: String) -> URL {
    folder.run.appendingPathComponent("checkpoints/\(name)")
  }

  @Test func theNewestComesBack() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(try folder.open())
    #expect(try store.latest().checkpoint == nil)
    for step in [0, 7, 1_234_567] { try store.save(step: step, content(step)) }
    #expect(
      contents(of: folder.run.appendingPathComponent("checkpoints")) == ["step-000000", "step-000007", "step-1234567"])
    let (latest, warnings) = try store.latest()
    let found = try #require(latest)
    #expect(found.step == 1_234_567 && warnings.isEmpty && found.byteCount == 15 + 13)
    #expect(try read(found.url.appendingPathComponent("adapter/weights")) == "adapter 1234567")
  }

  @Test func theLastAndTheBestStay() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(
      try folder.open(), keepingLast: 2, ranking: CheckpointRanking(metric: "dev/loss", prefers: .lowest))
    for (step, loss) in [(1, 0.9), (2, 0.3), (3, .nan), (4, 0.3), (5, 0.8), (6, -.infinity)] {
      try store.save(step: step, metrics: ["dev/loss": loss], content(step))
    }
    try store.save(step: 7, content(7))
    #expect(steps(folder) == [4, 6, 7])
    #expect(
      try store.best().checkpoint?.step == 4, "a loss that is not finite is not the best; the later of equals is")

    let highest = CheckpointRanking(metric: "dev/loss", prefers: .highest)
    #expect(highest.best(of: CheckpointStore.saved(in: folder.run))?.step == 4)
    let none = CheckpointStore(store.run, ranking: CheckpointRanking(metric: "dev/f05", prefers: .highest))
    #expect(try none.best().checkpoint?.step == 7)
  }

  @Test func equalFiguresAreToldApartByTheDevLoss() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(
      try folder.open(), keepingLast: 9, ranking: CheckpointRanking(metric: "dev/f", prefers: .highest))
    for (step, f, loss) in [(1, 0.5, 0.9), (2, 0.8, 0.4), (3, 0.8, 0.3), (4, 0.8, 0.3), (5, 0.8, 0.5), (6, 0.7, 0.1)] {
      try store.save(step: step, metrics: ["dev/f": f, "dev/loss": loss], content(step))
    }
    #expect(try store.best().checkpoint?.step == 4)
    try store.save(step: 7, metrics: ["dev/f": 0.8], content(7))
    #expect(try store.best().checkpoint?.step == 4, "without a loss it comes last of the equals")
  }

  @Test func theSameStepAgainKeepsTheContentAndAddsMetrics() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(try folder.open())
    try store.save(step: 5, metrics: ["a": 1], content(5))
    let again = try store.save(step: 5, metrics: ["b": 2]) { _ in
      Issue.record("a sound checkpoint is not written again")
    }
    #expect(again.metrics == ["a": 1, "b": 2])
    #expect(CheckpointStore.saved(in: folder.run) == [again])
    try again.verify()
  }

  @Test func whatTheWriterThrowsLeavesTheOthersAlone() throws {
    struct Failure: Error {}
    let folder = try TemporaryFolder()
    let store = CheckpointStore(try folder.open())
    try store.save(step: 1, content(1))
    #expect(throws: Failure.self) {
      try store.save(step: 2) { url in
        try content(2)(url)
        throw Failure()
      }
    }
    #expect(contents(of: folder.run.appendingPathComponent("checkpoints")) == ["step-000001"])
    #expect(failure(RunError.self) { try store.save(step: 3) { _ in } }?.message.contains("found no file") == true)
    #expect(failure(RunError.self) { try store.save(step: -1, content(1)) }?.code == .malformed)
    #expect(throws: FileError.self, "links do not keep what they point to") {
      try store.save(step: 3) { url in
        try FileManager.default.createSymbolicLink(
          atPath: url.appendingPathComponent("link").path, withDestinationPath: "/etc/hostname")
      }
    }
    let marker = failure(RunError.self) {
      try store.save(step: 3) { url in try write("{}", to: url.appendingPathComponent("complete.json")) }
    }
    #expect(marker?.message == "complete.json: the name of the marker, not for the content of a checkpoint")
    #expect(steps(folder) == [1])
  }

  /// `/dev/full` refuses every write as a full disk does.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "/dev/full is not there"))
  func aFullDiskIsNamedAndCostsNothing() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(try folder.open())
    try store.save(step: 1, content(1))
    let error = failure(RunError.self) {
      try store.save(step: 2) { url in
        try content(2)(url)
        try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full")).write(contentsOf: Data([1]))
      }
    }
    #expect(error?.code == .diskFull)
    #expect(
      error?.message.contains(
        "the disk is full, so the checkpoint of step 2 was not written") == true
        && error?.message.hasSuffix("the checkpoints of steps 1 are untouched; make room and resume the run")
          == true
    )
    #expect(contents(of: folder.run.appendingPathComponent("checkpoints")) == ["step-000001"])
  }

  // MARK: Crashes

  /// Every way in which a file can be other than it was written.
  private static let damages: [(String, @Sendable (URL) throws -> Void)] = [
    ("removed", { try FileManager.default.removeItem(at: $0) }),
    ("emptied", { try Data().write(to: $0) }),
    ("cut short", { try Data(Data(contentsOf: $0).dropLast()).write(to: $0) }),
    (
      "one bit flipped",
      { url in
        var data = try Data(contentsOf: url)
        data[data.count / 2] ^= 1
        try data.write(to: url)
      }
    ),
    ("longer", { try (Data(contentsOf: $0) + [0]).write(to: $0) }),
    (
      "a folder",
      {
        try FileManager.default.removeItem(at: $0)
        try FileManager.default.createDirectory(at: $0, withIntermediateDirectories: true)
      }
    ),
  ]

  @Test func aDamagedFileMeansTheCheckpointBefore() throws {
    for file in ["adapter/weights", "state", "complete.json"] {
      // The marker has a line break to spare, and says nothing of its own length.
      for (damage, apply) in Self.damages
      where file != "complete.json" || !["longer", "cut short"].contains(damage) {
        let folder = try TemporaryFolder()
        let store = CheckpointStore(try folder.open())
        for step in [1, 2] { try store.save(step: step, content(step)) }
        try apply(checkpoint(folder, "step-000002").appendingPathComponent(file))
        let (found, warnings) = try store.latest()
        #expect(found?.step == 1 && warnings.count == 1, "\(file) \(damage): \(warnings)")
        // The run comes to step 2 again, and then its checkpoint is sound.
        try store.discard(after: 1)
        try store.save(step: 2, content(2))
        let (again, none) = try store.latest()
        #expect(again?.step == 2 && none.isEmpty, "\(file) \(damage)")
      }
    }
  }

  @Test func aMarkerThatWasChangedIsNotTrusted() throws {
    let edits: [(from: String, to: String)] = [
      ("\"step\": 2", "\"step\": 3"), ("\"format\": 1", "\"format\": 2"), ("\"state\"", "\"../../state\""),
      ("\"state\"", "\"/etc/hostname\""), ("\"bytes\": 7", "\"bytes\": -7"), ("\"bytes\": 7", "\"bytes\": 1e300"),
      ("\"files\"", "\"flies\""), ("\"sha256\"", "\"sha512\""), ("}", ""), ("\"state\"", "\"adapter/weights\""),
    ]
    for edit in edits {
      let folder = try TemporaryFolder()
      let store = CheckpointStore(try folder.open())
      for step in [1, 2] { try store.save(step: step, content(step)) }
      let marker = checkpoint(folder, "step-000002").appendingPathComponent("complete.json")
      let text = try read(marker)
      let changed = text.replacingOccurrences(of: edit.from, with: edit.to)
      #expect(changed != text)
      try write(changed, to: marker)
      let (found, warnings) = try store.latest()
      #expect(found?.step == 1 && warnings.count == 1, "\(edit)")
    }
  }

  /// What is on the disk when the process is killed at each point of `save`.
  @Test func whatAKilledProcessLeavesIsClearedAway() throws {
    let folder = try TemporaryFolder()
    do {
      let store = CheckpointStore(try folder.open())
      for step in [1, 2] { try store.save(step: step, content(step)) }
    }
    // While the content is written; between the renaming and the marker; while the marker is written; while an old
    // checkpoint is removed.
    try write("half", to: checkpoint(folder, ".step-000003.0A1B2C3D.partial/state"))
    try write("old", to: checkpoint(folder, ".step-000003.0A1B2C3D.partial.old/state"))
    try write("state 4", to: checkpoint(folder, "step-000004/state"))
    try write("{", to: checkpoint(folder, "step-000004/.complete.json.0A1B2C3D.partial"))
    try FileManager.default.removeItem(at: checkpoint(folder, "step-000001/complete.json"))

    let store = CheckpointStore(try folder.open())
    #expect(
      contents(of: folder.run.appendingPathComponent("checkpoints")) == ["step-000001", "step-000002", "step-000004"])
    let (found, warnings) = try store.latest()
    #expect(found?.step == 2)
    #expect(warnings == ["\(checkpoint(folder, "step-000004").path): passed over, it was not written to its end"])
    try store.discard(after: 2)
    #expect(contents(of: folder.run.appendingPathComponent("checkpoints")) == ["step-000002"])
  }

  /// A killed first save is a run that has not begun; damaged checkpoints are a run that must not silently begin again.
  @Test func nothingSoundIsAnErrorOnlyIfSomethingWasComplete() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(try folder.open())
    try write("state", to: checkpoint(folder, "step-000001/state"))
    #expect(try store.latest().checkpoint == nil)
    try store.save(step: 2, content(2))
    try write("other", to: checkpoint(folder, "step-000002/state"))
    let error = failure(RunError.self) { _ = try store.latest() }
    #expect(error?.code == .damaged && error?.message.contains("state: found 5 bytes, expected 7") == true)
  }

  @Test func laterCheckpointsAreDiscarded() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(try folder.open(), keepingLast: 9)
    for step in 1...4 { try store.save(step: step, content(step)) }
    try store.discard(after: 2)
    #expect(steps(folder) == [1, 2])
  }
}

@Suite struct RunFolderTests {
  @Test func oneProcessARun() throws {
    let folder = try TemporaryFolder()
    var first: RunFolder? = try folder.open(resuming: false)
    #expect(first?.isNew == true && RunFolder.isInUse(folder.run))
    let error = failure(RunError.self) { _ = try folder.open() }
    #expect(error?.code == .inUse)
    #expect(
      error?.message
        == "\(folder.run.standardizedFileURL.path): another process (process \(getpid()) on "
        + "\(ProcessInfo.processInfo.hostName)) trains into this folder; wait until it ends, or choose another folder")
    first = nil
    #expect(!RunFolder.isInUse(folder.run))
    _ = try folder.open()
  }

  @Test func aRunIsOnlyResumedOnRequest() throws {
    let folder = try TemporaryFolder()
    // A process that was killed before it wrote anything leaves the lock alone.
    _ = try folder.open(resuming: false)
    #expect(try folder.open(resuming: false).isNew)
    try RunStatus(kind: "sft", version: "1").write(to: try folder.open())
    #expect(
      failure(RunError.self) { _ = try folder.open(resuming: false) }?.message.hasSuffix(
        "found a run; resume it, or choose another folder") == true)
    #expect(try !folder.open(resuming: true).isNew)
  }

  /// Killed between its first files.
  @Test func aRunThatHardlyBeganIsOne() throws {
    let folder = try TemporaryFolder()
    do { try write("{}", to: try folder.open(resuming: false).configuration) }
    #expect(failure(RunError.self) { _ = try folder.open(resuming: false) }?.code == .isRun)
    #expect(try !folder.open().isNew)
  }

  @Test func aFolderOfSomethingElseIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    try write("mine", to: folder.run.appendingPathComponent("thesis.tex"))
    for resuming in [false, true] {
      let error = failure(RunError.self) { _ = try folder.open(resuming: resuming) }
      #expect(error?.code == .exists && error?.message.contains("thesis.tex") == true)
    }
    #expect(contents(of: folder.run) == ["thesis.tex"])
  }

  @Test func theStatusReadsBack() throws {
    let folder = try TemporaryFolder()
    #expect(try RunStatus.read(folder.run) == nil)
    let run = try folder.open()
    var status = RunStatus(kind: "sft", version: "0.1.0+abc", plannedSteps: 12)
    status.state = .failed
    status.note = "the loss is \"NaN\""
    status.step = 3
    status.tokens = 4_000_000_000
    try status.write(to: run)
    var back = try #require(try RunStatus.read(folder.run))
    #expect(back.updated >= status.updated)
    back.updated = status.updated
    #expect(back == status)
    try write("{\"kind\":", to: folder.run.appendingPathComponent("run.json"))
    #expect(failure(RunError.self) { _ = try RunStatus.read(folder.run) }?.code == .malformed)
  }
}
