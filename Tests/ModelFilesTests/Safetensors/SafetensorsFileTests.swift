import Files
import Foundation
import JSON
import ModelFiles
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  private func write(
    _ folder: TemporaryFolder, _ name: String, _ tensors: [TensorDescription], metadata: [String: String] = [:]
  ) throws -> URL {
    let url = folder.url.appendingPathComponent(name)
    let writer = try SafetensorsWriter(url, tensors: tensors, metadata: metadata)
    for (index, tensor) in tensors.enumerated() {
      let bytes = [UInt8](repeating: UInt8(index + 1), count: try tensor.byteCount())
      try bytes.withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    return url
  }

  @Test func whatWasWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("w.safetensors")
    let writer = try SafetensorsWriter(
      url,
      tensors: [
        TensorDescription(name: "ä/\"quoted\"", dtype: .float32, shape: [2, 2]),
        TensorDescription(name: "empty", dtype: .bfloat16, shape: [0, 7]),
        TensorDescription(name: "scalar", dtype: .float16, shape: []),
        TensorDescription(name: "last empty", dtype: .int64, shape: [0]),
      ], metadata: ["source": "a test"])
    try [1, -2, 0.5, 4].map { Float($0) }.withUnsafeBytes { bytes in
      try writer.write(UnsafeRawBufferPointer(rebasing: bytes[..<5]))  // in two pieces
      try writer.write(UnsafeRawBufferPointer(rebasing: bytes[5...]))
    }
    try UInt16(0x3C00).littleEndianBytes.withUnsafeBytes { try writer.write($0) }
    try writer.finish()

    let file = try SafetensorsFile(url)
    #expect(file.metadata == ["format": "pt", "source": "a test"])
    #expect(file.tensors.count == 4 && file.misalignedTensors.isEmpty)
    let matrix = try file.checkpoint.tensor("ä/\"quoted\"", shape: [2, 2])
    #expect(matrix.fileOffset % 8 == 0 && matrix.isDirectlyUsable)
    #expect(try matrix.floats() == [1, -2, 0.5, 4])
    #expect(try file.tensors["scalar"]?.floats() == [1] && file.tensors["scalar"]?.shape == [])
    #expect(try file.tensors["empty"]?.floats() == [])
    #expect(failure(FileError.self) { _ = try file.checkpoint.tensor("scalar", shape: [1]) }?.code == .mismatch)
    #expect(failure(FileError.self) { _ = try file.tensors["last empty"]?.floats() }?.code == .unsupported)
  }

  @Test func alignmentIsReported() throws {
    let folder = try TemporaryFolder()
    let url = try write(
      folder, "odd.safetensors",
      [
        TensorDescription(name: "byte", dtype: .uint8, shape: [1]),
        TensorDescription(name: "float", dtype: .float32, shape: [1]),
      ])
    let file = try SafetensorsFile(url)
    #expect(file.misalignedTensors == ["float"])
    #expect(try file.tensors["float"]?.floats() == [Float(bitPattern: 0x0202_0202)])
  }

  @Test func theWriterCountsBytes() throws {
    let folder = try TemporaryFolder()
    let tensors = [TensorDescription(name: "a", dtype: .float32, shape: [2])]
    let bytes = [UInt8](repeating: 0, count: 9)
    func attempt(_ name: String, _ count: Int) -> FileError? {
      failure(FileError.self) {
        let writer = try SafetensorsWriter(folder.url.appendingPathComponent(name), tensors: tensors)
        try bytes.withUnsafeBytes { try writer.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        try writer.finish()
      }
    }
    #expect(attempt("right", 8) == nil)
    #expect(attempt("long", 9)?.message.contains("\"a\" has 8 bytes") == true)
    #expect(attempt("short", 7)?.message.contains("\"a\" has 7 bytes") == true)
    #expect(attempt("right", 8)?.code == .exists)
    #expect(
      failure(FileError.self) { _ = try SafetensorsWriter(folder.url, tensors: tensors + tensors) }?.code == .malformed)
    let huge = TensorDescription(name: "h", dtype: .float64, shape: [.max, 2])
    #expect(failure(FileError.self) { _ = try huge.byteCount() }?.message.contains("\"h\"") == true)
    #expect(
      failure(FileError.self) { _ = try TensorDescription(name: "n", dtype: .int8, shape: [-1]).byteCount() } != nil)
  }

  // MARK: Shards

  private static let names = ["a", "b", "c"]

  private func shards(_ folder: TemporaryFolder) throws {
    let tensors = Self.names.map { TensorDescription(name: $0, dtype: .uint8, shape: [4]) }
    _ = try write(folder, "model-00001-of-00002.safetensors", Array(tensors[..<2]))
    _ = try write(folder, "model-00002-of-00002.safetensors", Array(tensors[2...]))
  }

  private func index(_ folder: TemporaryFolder, _ map: [(String, String)]) throws -> URL {
    let json = JSON.object([("weight_map", .object(map.map { ($0.0, .string($0.1)) }))])
    return try folder.file("model.safetensors.index.json", json.text())
  }

  @Test func shardsMakeOneCheckpoint() throws {
    let folder = try TemporaryFolder()
    try shards(folder)
    let url = try index(
      folder,
      [
        ("a", "model-00001-of-00002.safetensors"), ("b", "model-00001-of-00002.safetensors"),
        ("c", "model-00002-of-00002.safetensors"),
      ])
    let sharded = try ShardedSafetensors(index: url)
    #expect(sharded.shards.count == 2 && sharded.checkpoint.tensors.keys.sorted() == Self.names)
    #expect(sharded.checkpoint.files.map(\.path) == sharded.shards.keys.sorted().map { folder.url.path + "/" + $0 })
    sharded.checkpoint.tensors["a"]?.advise(.dontNeed)
    #expect(sharded.checkpoint.tensors["c"]?.file.path.hasSuffix("model-00002-of-00002.safetensors") == true)
  }

  @Test func disagreementsOfIndexAndShardsAreNamed() throws {
    let first = "model-00001-of-00002.safetensors"
    let second = "model-00002-of-00002.safetensors"
    let cases: [(map: [(String, String)], named: String)] = [
      (
        [("a", first), ("b", first), ("c", second), ("d", second)], "lacks 1 tensors that the index places there: \"d\""
      ),
      ([("a", first), ("c", second)], "1 tensors that the index does not place there: \"b\""),
      ([("a", first), ("b", second), ("c", second)], "\"b\""),
      (
        [("a", first), ("b", first), ("c", "model-00003-of-00003.safetensors")], "\"model-00003-of-00003.safetensors\""
      ),
      ([], "\"weight_map\" is empty"),
    ]
    for (map, named) in cases {
      let folder = try TemporaryFolder()
      try shards(folder)
      let url = try index(folder, map)
      let message = failure(FileError.self) { _ = try ShardedSafetensors(index: url) }?.message
      #expect(message?.contains(named) == true, "\(message ?? "accepted")")
    }
  }

  @Test(arguments: [
    "../model.safetensors", "/etc/model.safetensors", "sub/model.safetensors", "..", ".", "", "a\\b.safetensors",
    "model.bin", "a\u{0}.safetensors",
  ])
  func shardNamesWithAPathAreRefused(_ name: String) throws {
    let folder = try TemporaryFolder()
    let url = try index(folder, [("a", name)])
    let error = failure(FileError.self) { _ = try ShardedSafetensors(index: url) }
    #expect(error?.code == .malformed && error?.message.contains("same folder") == true)
  }

  @Test(arguments: [
    "", "[]", "{}", "{\"weight_map\": [1]}", "{\"weight_map\": {\"a\": 1}}", "{\"weight_map\": {", "\u{FEFF}x",
  ])
  func brokenIndexesAreRefused(_ text: String) throws {
    let folder = try TemporaryFolder()
    let url = try folder.file("model.safetensors.index.json", text)
    #expect(failure(FileError.self) { _ = try ShardedSafetensors(index: url) }?.message.contains("index.json") == true)
  }

  /// The header of Llama-3.1-8B: 291 tensors in four shards. Sparse files, so that 16 GB need no disk.
  @Test func openingTheShapeOfAnEightBillionModelIsQuick() throws {
    let configuration = LlamaConfiguration(
      vocabularySize: 128_256, hiddenSize: 4096, intermediateSize: 14336, layerCount: 32, headCount: 32,
      keyValueHeadCount: 8, headDimension: 128, rmsNormEpsilon: 1e-5, ropeTheta: 500_000, contextLength: 131_072,
      tiesEmbeddings: false)
    let plan = try ShardPlan(
      configuration.tensorShapes.map { TensorDescription(name: $0.name, dtype: .bfloat16, shape: $0.shape) })
    #expect(plan.shards.count == 4 && plan.totalSize == 16_060_522_496)
    let folder = try TemporaryFolder()
    for shard in plan.shards {
      let url = folder.url.appendingPathComponent(shard.fileName)
      _ = try SafetensorsWriter(url, tensors: shard.tensors)
      let header = try Data(contentsOf: url).count
      #expect(truncate(url.path, header + shard.byteCount) == 0)
    }
    let index = try folder.file("model.safetensors.index.json", #require(plan.index).text())
    let clock = ContinuousClock()
    let time = try clock.measure {
      try ShardedSafetensors(index: index).checkpoint.check(against: configuration)
    }
    #expect(time < .seconds(1), "\(time) in a debug build")
  }
}
