import Files
import Foundation
import JSON

/// How a list of tensors is divided among files.
public struct ShardPlan: Sendable {
  public struct Shard: Sendable {
    public var fileName: String
    public var tensors: [TensorDescription]
    public var byteCount: Int
  }

  public let shards: [Shard]
  /// Bytes of all tensors.
  public let totalSize: Int

  /// Hugging Face's default, which counts a gigabyte as 10⁹ bytes.
  public static let defaultMaximumByteCount = 5_000_000_000

  /// Fills shards in the order of the tensors, each with at most `maximumByteCount` bytes; a larger tensor gets a shard
  /// of its own. One shard is called `model.safetensors`, several `model-00001-of-0000N.safetensors`.
  public init(_ tensors: [TensorDescription], maximumByteCount: Int = Self.defaultMaximumByteCount) throws {
    var groups: [(tensors: [TensorDescription], byteCount: Int)] = []
    var total = 0
    for tensor in tensors {
      let size = try tensor.byteCount()
      let (sum, overflow) = total.addingReportingOverflow(size)
      guard !overflow else { throw FileError(.malformed, "the sizes of all tensors together overflow") }
      total = sum
      if let last = groups.last, last.byteCount <= maximumByteCount, size <= maximumByteCount - last.byteCount {
        groups[groups.count - 1].tensors.append(tensor)
        groups[groups.count - 1].byteCount += size
      } else {
        groups.append(([tensor], size))
      }
    }
    shards = groups.enumerated().map { index, group in
      Shard(
        fileName: groups.count == 1
          ? "model.safetensors" : "model-\(fiveDigits(index + 1))-of-\(fiveDigits(groups.count)).safetensors",
        tensors: group.tensors, byteCount: group.byteCount)
    }
    totalSize = total
  }

  /// The content of `model.safetensors.index.json`; nil where there is only one shard.
  public var index: JSON? {
    guard shards.count > 1 else { return nil }
    let map = shards.flatMap { shard in shard.tensors.map { ($0.name, JSON.string(shard.fileName)) } }
    return .object([
      ("metadata", .object([("total_size", .number(totalSize))])),
      ("weight_map", .object(map.sorted { $0.0 < $1.0 })),
    ])
  }
}

private func fiveDigits(_ number: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, 5 - text.count)) + text
}

/// Writes a checkpoint into a folder that is being made, shard after shard, with one tensor in memory at a time.
public final class CheckpointWriter {
  public let plan: ShardPlan
  private let folder: FolderWriter
  private let metadata: [String: String]
  private var shard = 0
  private var tensorInShard = 0
  private var writer: SafetensorsWriter?

  /// - Parameters:
  ///   - tensors: in the order in which they will be written.
  ///   - metadata: texts for the `__metadata__` of every shard, such as where the weights came from.
  public init(
    in folder: FolderWriter, tensors: [TensorDescription], metadata: [String: String] = [:],
    maximumShardByteCount: Int = ShardPlan.defaultMaximumByteCount
  ) throws {
    plan = try ShardPlan(tensors, maximumByteCount: maximumShardByteCount)
    self.folder = folder
    self.metadata = metadata
  }

  /// Writes the whole data of the next tensor.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard shard < plan.shards.count else {
      throw FileError(.mismatch, "\(folder.destination.path): more tensors were given than announced")
    }
    let current = plan.shards[shard]
    let tensor = current.tensors[tensorInShard]
    guard try bytes.count == tensor.byteCount() else {
      throw FileError(
        .mismatch,
        "tensor \(quoted(tensor.name)) has \(try tensor.byteCount()) bytes, \(bytes.count) were given")
    }
    let writer =
      try self.writer
      ?? SafetensorsWriter(
        folder.url(for: current.fileName), tensors: current.tensors, metadata: metadata)
    self.writer = writer
    try writer.write(bytes)
    tensorInShard += 1
    if tensorInShard == current.tensors.count {
      try writer.finish()
      self.writer = nil
      shard += 1
      tensorInShard = 0
    }
  }

  /// Checks that nothing is missing and writes the index.
  public func finish() throws {
    guard shard == plan.shards.count else {
      throw FileError(
        .mismatch,
        "\(folder.destination.path): tensor \(quoted(plan.shards[shard].tensors[tensorInShard].name)) was never written"
      )
    }
    if let index = plan.index {
      try folder.write(Array((index.text(pretty: true) + "\n").utf8), to: "model.safetensors.index.json")
    }
  }
}
