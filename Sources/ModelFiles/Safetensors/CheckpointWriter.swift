import Files
import Foundation
import JSON

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
