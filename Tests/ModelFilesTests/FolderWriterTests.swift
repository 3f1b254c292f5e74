import Foundation
import JSON
import ModelFiles
import Testing

@Suite struct FolderWriterTests {
  private func contents(_ url: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  @Test func aFolderAppearsWithItsCommit() throws {
    let folder = try TemporaryFolder()
    let source = try folder.write("copied", "source.txt")
    let output = folder.url.appendingPathComponent("out")
    let writer = try FolderWriter(output)
    try writer.write(Array("{}".utf8), to: "config.json")
    try writer.copy(source, as: "other.txt")
    #expect(!FileManager.default.fileExists(atPath: output.path))
    try writer.commit()
    #expect(try contents(output) == ["config.json", "other.txt"])
    #expect(try String(contentsOf: output.appendingPathComponent("other.txt"), encoding: .utf8) == "copied")
    #expect(try contents(folder.url) == ["out", "source.txt"])
  }

  @Test func withoutACommitNothingIsLeft() throws {
    let folder = try TemporaryFolder()
    do {
      let writer = try FolderWriter(folder.url.appendingPathComponent("out"))
      try writer.write([1], to: "a")
      #expect(try contents(folder.url).count == 1)
    }
    #expect(try contents(folder.url).isEmpty)
  }

  @Test func whatStandsThereIsOnlyReplacedOnRequest() throws {
    let folder = try TemporaryFolder()
    let output = folder.url.appendingPathComponent("out")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
    let first = try FolderWriter(output)  // an empty folder is no obstacle
    try first.write([1], to: "old")
    try first.commit()
    #expect(failure { _ = try FolderWriter(output) }?.code == .exists)
    let second = try FolderWriter(output, replacingExisting: true)
    try second.write([2], to: "new")
    #expect(try contents(output) == ["old"])
    try second.commit()
    #expect(try contents(output) == ["new"])
    #expect(try contents(folder.url) == ["out"])
    let file = try folder.write("x", "file")
    #expect(failure { _ = try FolderWriter(file, replacingExisting: true) }?.code == .exists)
  }

  /// Something that appeared while the folder was being made must survive the commit.
  @Test func aFolderThatAppearedMeanwhileIsKept() throws {
    let folder = try TemporaryFolder()
    let output = folder.url.appendingPathComponent("out")
    let writer = try FolderWriter(output)
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
    try Data([1]).write(to: output.appendingPathComponent("theirs"))
    #expect(failure { try writer.commit() }?.code == .exists)
    #expect(try contents(output) == ["theirs"])
  }

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
        #expect(failure { try checkpoint.finish() }?.message.contains("\"t3\" was never written") == true)
      }
      try [Float](repeating: Float(index), count: 3).withUnsafeBytes { try checkpoint.write($0) }
    }
    [1 as Float].withUnsafeBytes { extra in #expect(failure { try checkpoint.write(extra) }?.code == .mismatch) }
    try checkpoint.finish()
    try writer.commit()
    #expect(
      try contents(output) == [
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
