import Files
import Foundation
import Torch

/// One of several processes, joined by torch's process groups.
public final class ProcessWorkers: WorkerGroup {
  private let group: ProcessGroup
  private let watch: GroupWatch
  private var firstCount = 0

  public var rank: Int { group.rank }
  public var count: Int { group.count }

  /// Waits until all processes have joined.
  ///
  /// - Parameters:
  ///   - joinSeconds: how long they are waited for.
  ///   - waitSeconds: how long each of them is waited for afterwards.
  ///   - ncclDevice: the GPU whose tensors NCCL adds up; nil: Gloo does, on the CPU.
  ///   - onLoss: is told that another process has ended where this one computes for so long that it would not notice;
  ///     it has to end the process.
  /// - Throws: `TrainingError.group` that names who did not join.
  public init(
    _ launch: LaunchEnvironment, joinSeconds: Double = 30, waitSeconds: Double = 1800, ncclDevice: Device? = nil,
    onLoss: @escaping @Sendable (String) -> Void
  ) throws {
    var options = ProcessGroup.Options(
      rank: launch.rank, count: launch.count, host: launch.host, port: launch.port,
      servesStore: launch.rank == 0 && !launch.usesAgentStore, isLocal: launch.isLocal)
    options.prefix = "patron/\(launch.attempt)"
    (options.joinSeconds, options.waitSeconds) = (joinSeconds, waitSeconds)
    options.ncclDevice = ncclDevice
    do {
      group = try ProcessGroup(options)
    } catch {
      if error.code == .group { throw TrainingError(.group, error.message) }
      throw error
    }
    let place = Place(rank: launch.rank, count: launch.count)
    watch = GroupWatch(group, storeRank: launch.usesAgentStore ? nil : 0) { loss in
      onLoss(place.sentence(of: loss, words: nil, own: nil))
    }
  }

  // MARK: Calls

  public func note(_ words: String) throws {
    watch.say(words)
    if let loss = watch.loss { throw failure(loss) }
  }

  public func sum(_ tensor: Tensor) throws { try together { try group.sum(tensor) } }

  public func sum(_ values: [Double]) throws -> [Double] { try figures(values) { try group.sum($0) } }

  public func max(_ values: [Double]) throws -> [Double] { try figures(values) { try group.max($0) } }

  public func broadcast(_ tensor: Tensor) throws { try together { try group.broadcast(tensor) } }

  public func broadcast(_ bytes: [UInt8]) throws -> [UInt8] {
    let count = try Tensor([Int64(bytes.count)])
    try together { try group.broadcast(count) }
    let length = Int(try count.values(Int64.self)[0])
    guard length > 0 else { return [] }
    let values =
      isFirst ? try Tensor(bytes, shape: [length]) : try Tensor.zeros([length], dtype: .uint8)
    try together { try group.broadcast(values) }
    return try values.bytes()
  }

  public func barrier() throws { try together { try group.barrier() } }

  public func onFirst(_ work: () throws -> [UInt8]) throws -> [UInt8] {
    firstCount += 1
    let key = "first/\(firstCount)"
    if isFirst {
      do {
        let result = try work()
        try together { try group.put(key, [1] + result) }
        return result
      } catch let error as CancellationError {
        try together { try group.put(key, [0]) }
        throw error
      }
    }
    let start = ContinuousClock.now
    while true {
      if let value = watch.value(key) {
        guard value.first == 1 else { throw CancellationError() }
        return Array(value.dropFirst())
      }
      if let loss = watch.loss { throw failure(loss) }
      let last = Swift.max(start, watch.words(of: 0)?.textTime ?? start)
      if ContinuousClock.now - last > .seconds(group.options.waitSeconds) { throw failure(stalled: "no answer") }
      usleep(10_000)
    }
  }

  private func figures(_ values: [Double], _ call: (Tensor) throws -> Void) throws -> [Double] {
    let tensor = try Tensor(values)
    try together { try call(tensor) }
    return try tensor.values(Double.self)
  }

  // MARK: The end

  /// Ends the group in order, once all processes have come here.
  public func leave() throws {
    watch.say("the end")
    try together { try group.leave() }
    watch.end()
  }

  /// Tells the others that this process ends, and why, so that they need not find out.
  public func fail(_ error: any Error) {
    watch.settle()
    if (error as? TrainingError)?.code == .group { return watch.linger() }
    watch.confess(error is CancellationError ? "it was interrupted" : ErrorMessage.text(of: error))
  }

  // MARK: Errors

  /// Does what all processes do together.
  private func together<Result>(_ call: () throws -> Result) throws -> Result {
    do {
      return try call()
    } catch let error as TorchError where error.code == .group {
      if let loss = watch.loss(within: 1) { throw failure(loss) }
      throw failure(stalled: error.message)
    }
  }

  private func failure(_ loss: GroupWatch.Loss) -> TrainingError {
    watch.settle()
    let words = loss.rank.flatMap { watch.words(of: $0)?.text }
    return TrainingError(
      .group, Place(rank: rank, count: count).sentence(of: loss, words: words, own: watch.ownWords))
  }

  private func failure(stalled reason: String) -> TrainingError {
    watch.settle()
    let now = ContinuousClock.now
    let others = (0..<count).filter { $0 != rank }
    // Those that nothing was heard of, else those that are elsewhere, else all.
    let silent = others.filter { watch.words(of: $0).map { now - $0.beatTime > .seconds(3) } ?? true }
    let elsewhere = others.filter { watch.words(of: $0)?.text != watch.ownWords }
    let named = silent.isEmpty ? elsewhere.isEmpty ? others : elsewhere : silent
    let names = named.prefix(5).map { other in
      guard let words = watch.words(of: other) else { return "rank \(other) never said a word" }
      let seconds = Int((now - words.beatTime) / .seconds(1))
      return "rank \(other) was last heard of \(seconds) s ago, at \"\(words.text)\""
    }
    return TrainingError(
      .group,
      "rank \(rank) of \(count) waited in vain at \"\(watch.ownWords)\": "
        + names.joined(separator: ", ") + "; " + reason)
  }

  /// One of several processes.
  private struct Place: Sendable {
    var rank: Int
    var count: Int

    func sentence(of loss: GroupWatch.Loss, words: String?, own: String?) -> String {
      var text = loss.rank.map { "rank \($0) of \(count) has ended" } ?? "the store of the processes has ended"
      if !loss.reason.isEmpty { text += ": \(loss.reason)" }
      var places = words.map { ["its last words were \"\($0)\""] } ?? []
      if let own { places.append("rank \(rank) was at \"\(own)\"") }
      return text + (places.isEmpty ? "" : " (\(places.joined(separator: "; ")))")
    }
  }
}

extension ProcessWorkers {
  /// The GPU of this process: those of a machine are dealt out by the rank on it.
  public static func device(_ device: Device, _ launch: LaunchEnvironment) throws -> Device {
    guard device == .cuda(0) else { return device }
    try Runtime.loadCUDA()
    return .cuda(launch.localRank % Swift.max(Runtime.cudaDeviceCount, 1))
  }
}
