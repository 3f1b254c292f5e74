import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import ModelFiles

@Suite struct CheckpointWriterTests {
  @Test func shardsAreFilledInOrder() throws {
    let tensors = [4, 5, 3, 20, 1].enumerated().map {
      TensorDescription(name: "t\($0.offset)", dtype: .uint8, shape: [$0.element])
    }
    let plan = try ShardPlan(tensors, maximumByteCount: 9)
    #expect(plan.shards.map { $0.tensors.map(\.name) } == [["t0", "t1"], ["t2"], ["t3"], ["t4"]])
    #expect(plan.shards.map(\.byteCount) == [9, 3, 20, 1] && plan.totalSize == 33)
    #expect(plan.shards.last?.fileName == "model-00004-of-00004.safetensors")
    let whole = try ShardPlan(tensors)
    #expect(whole.shards.map(\.fileName) == ["model.safetensors"] && whole.index == nil)
  }

  @Test func aCheckpointIsWrittenInShards() throws {
    let folder = try TemporaryFolder()
    let output = folder.url.appendingPathComponent("out")
    let tensors = (0..<5).map { TensorDescription(name: "t\($0)", dtype: .float32, shape: [3]) }
    let writer = try FolderWriter(output)
    let checkpoint = try CheckpointWriter(
      in: writer, tensors: tensors, metadata: ["made_by": "a test"], maximumShardByteCount: 24)
    for index in 0..<5 {
      if index == 3 {
        #expect(
          failure(FileError.self) { try checkpoint.finish() }?.message.contains("\"t3\" was never written") == true)
      }
      try [Float](repeating: Float(index), count: 3).withUnsafeBytes { try checkpoint.write($0) }
    }
    [1 as Float].withUnsafeBytes { extra in
      #expect(failure(FileError.self) { try checkpoint.write(extra) }?.code == .mismatch)
    }
    try checkpoint.finish()
    try writer.commit()
    #expect(
      contents(of: output) == [
        "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors",
        "model.safetensors.index.json",
      ])
    let index = output.appendingPathComponent("model.safetensors.index.json")
    #expect(try JSON.parse(Array(Data(contentsOf: index)))["metadata"]?["total_size"]?.int == 60)
    let sharded = try ShardedSafetensors(index: index)
    for index in 0..<5 {
      #expect(try sharded.checkpoint.tensors["t\(index)"]?.floats() == [Float](repeating: Float(index), count: 3))
    }
    #expect(sharded.shards.values.allSatisfy { $0.metadata == ["format": "pt", "made_by": "a test"] })
  }
}
