import Foundation
import ModelFiles
import Runs
import TestSupport
import Testing
import Training

/// Runs of the built program as several processes, as torchrun starts them.
@Suite struct TrainGroupTests {
  let folder = try! TemporaryFolder()
  let model: String
  let rows: String
  let devRows: String

  init() throws {
    model = try TinyModel.write(into: folder)
    rows = try folder.write("rows.jsonl", TinyModel.rows(24))
    devRows = try folder.write("dev.jsonl", TinyModel.rows(5, from: 100))
  }

  /// Starts the ranks of a run.
  private func start(
    _ output: String, _ count: Int, _ more: String..., environment: [String: String] = [:]
  ) throws -> [RunningProgram] {
    let port = try LocalPort.free()
    return try (0..<count).map { rank in
      try RunningProgram(
        [
          "train", "sft", "--model", model, "--tokenized", rows, "--dev-tokenized", devRows, "--dtype", "float32",
          "--rank", "4", "--alpha", "8", "--learning-rate", "1e-2", "--micro-batch", "1", "--accumulation", "4",
          "--eval-every", "4", "--save-every", "1", "--threads", "1", "--output", folder.path(output),
        ] + more,
        environment: [
          "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "LOCAL_RANK": "\(rank)", "LOCAL_WORLD_SIZE": "\(count)",
          "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
        ].merging(environment) { $1 })
    }
  }

  private func values(_ file: String, _ names: [String]? = nil) throws -> [Double] {
    let file = try SafetensorsFile(folder.url(file))
    return (names ?? file.tensors.keys.sorted()).flatMap { name in
      file.tensors[name]?.bytes.withMemoryRebound(to: Float.self) { $0.map(Double.init) } ?? []
    }
  }

  private func relative(_ a: [Double], _ b: [Double]) -> Double {
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return a.count == b.count ? (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot() : .infinity
  }

  /// After one step AdamW's first moment is a tenth of the gradients.
  @Test func processesShareAStep() throws {
    for count in [1, 2, 4] {
      for (rank, process) in try start("run-\(count)", count, "--max-steps", "1", "--gradient-clip", "0").enumerated() {
        let result = process.wait()
        #expect(result.status == 0 && result.output == "", "rank \(rank): \(result.errors)")
        // Rank 0 speaks for all.
        #expect(result.errors.isEmpty == (rank > 0), "\(result.errors)")
        if rank == 0 { #expect(result.errors.hasPrefix("patron: \(count) processes, started by torchrun\n")) }
      }
    }
    let moment = "checkpoints/step-000001/optimizer.safetensors"
    let expected = try values("run-1/\(moment)", ["exp_avg"])
    #expect(!expected.isEmpty)
    for count in [2, 4] { #expect(try relative(values("run-\(count)/\(moment)", ["exp_avg"]), expected) <= 1e-6) }
  }

  /// Rank 0, which has the store, or the other.
  @Test(arguments: [0, 1]) func whoIsKilledEndsTheRunAndItGoesOn(_ killed: Int) throws {
    for process in try start("whole", 2) { #expect(process.wait().status == 0) }
    let adapter = "adapter/adapter_model.safetensors"

    let processes = try start("killed", 2, "--epochs", "400")
    while (try? MetricRecord.records(of: folder.url("killed")))?.count ?? 0 < 3 { usleep(5_000) }
    processes[killed].kill()
    let start = ContinuousClock.now
    let result = processes[1 - killed].wait()
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(result.status == 2)
    let prefix = killed == 1 ? "" : "rank 1: "
    let sentence = try Regex(
      "(?m)^patron: \(prefix)rank \(killed) of 2 has ended \\(.*rank \(1 - killed) was at \"step \\d+: .*--resume goes on"
    )
    #expect(result.errors.firstMatch(of: sentence) != nil, "\(result.errors)")

    // The same run, killed: it ends with the same bytes.
    let again = try self.start("again", 2)
    while CheckpointStore.saved(in: folder.url("again")).isEmpty { usleep(5_000) }
    again[killed].kill()
    for process in again { _ = process.wait() }
    for process in try self.start("again", 2, "--resume") {
      let result = process.wait()
      #expect(result.status == 0, "\(result.errors)")
    }
    #expect(try Data(contentsOf: folder.url("again/" + adapter)) == Data(contentsOf: folder.url("whole/" + adapter)))
  }

  @Test func anotherNumberOfProcessesGoesOn() throws {
    for process in try start("whole", 2) { #expect(process.wait().status == 0) }
    let first = try start("run", 3)
    while CheckpointStore.saved(in: folder.url("run")).isEmpty { usleep(5_000) }
    first[0].interrupt()
    for (rank, process) in first.enumerated() {
      let result = process.wait()
      #expect(result.status == 130, "rank \(rank): \(result.errors)")
      #expect(result.errors.contains("go on with --resume") == (rank == 0))
    }
    let status = try #require(try RunStatus.read(folder.url("run")))
    #expect(status.state == .stopped && CheckpointStore.saved(in: folder.url("run")).map(\.step).last == status.step)
    for process in try start("run", 2, "--resume") { #expect(process.wait().status == 0) }
    let (found, expected) = try (
      values("run/adapter/adapter_model.safetensors"), values("whole/adapter/adapter_model.safetensors")
    )
    // The last bits of the first steps were other ones; AdamW divides by the size of small gradients.
    #expect(relative(found, expected) < 1e-2)
  }

  @Test func whoStallsIsNamed() throws {
    let processes = try start("run", 2, "--epochs", "400", "--group-timeout", "2")
    while (try? MetricRecord.records(of: folder.url("run")))?.isEmpty ?? true { usleep(5_000) }
    processes[1].stop()
    let result = processes[0].wait()
    processes[1].kill()
    #expect(result.status == 2)
    #expect(
      result.errors.contains(try Regex("rank 0 of 2 waited in vain at \"step \\d+: .*rank 1 was last heard of")),
      "\(result.errors)")
  }

  @Test func whoDoesNotComeIsNotWaitedForLonger() throws {
    let port = "\(try LocalPort.free())"
    let result = try Executable.run(
      ["train", "sft", "--model", model, "--tokenized", rows, "--output", folder.path("run"), "--join-timeout", "0.5"],
      environment: ["RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port])
    #expect(result.status == 2)
    #expect(result.errors.contains("rank 0 of 2 waited 0.5 s for rank 1, which did not join"), "\(result.errors)")
    #expect(result.errors.contains("--join-timeout"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")), "nothing was begun")
  }

  @Test func halfASettingIsRefused() throws {
    let result = try Executable.run(
      ["train", "sft", "--model", model, "--tokenized", rows, "--output", folder.path("run")],
      environment: ["RANK": "1", "MASTER_ADDR": "127.0.0.1"])
    #expect(result.status == 2)
    #expect(
      result.errors.hasPrefix(
        "patron: found RANK, MASTER_ADDR in the environment, but not WORLD_SIZE, MASTER_PORT: start the processes"),
      "\(result.errors)")
  }

  @Test func otherSettingsAreRefusedByName() throws {
    let port = "\(try LocalPort.free())"
    let processes = try (0..<2).map { rank in
      try RunningProgram(
        [
          "train", "sft", "--model", model, "--tokenized", rows, "--rank", "4", "--seed", "\(rank)", "--output",
          folder.path("run"),
        ],
        environment: ["RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port])
    }
    let results = processes.map { $0.wait() }
    #expect(results.allSatisfy { $0.status == 2 })
    #expect(results[0].errors.contains("rank 1 has other settings, model or rows than rank 0"), "\(results[0].errors)")
    #expect(results[1].errors.hasPrefix("patron: rank 1: found seed \"1\", rank 0 has \"0\""), "\(results[1].errors)")
  }
}
