import Files
import Foundation
import TensorTestSupport
import TestSupport
import Testing
import Text
import Torch

@testable import Llama
@testable import ModelFiles

/// Models whose matrices are not of the model's dtype.
@Suite struct SmallWeightsTests {
  private static let configuration = LlamaConfiguration(
    vocabularySize: 48, hiddenSize: 256, intermediateSize: 512, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
    headDimension: 64, rmsNormEpsilon: 1e-5, ropeTheta: 10000, contextLength: 64, tiesEmbeddings: true)
  private static let untied: LlamaConfiguration = {
    var configuration = SmallWeightsTests.configuration
    configuration.tiesEmbeddings = false
    return configuration
  }()
  private static let query = "model.layers.0.self_attn.q_proj"
  private static let blockTypes = GGMLType.allCases.filter { $0.blockLength > 1 }

  /// Random bytes of a matrix whose values are a few hundredths, of either sign.
  private static func bytes(_ type: GGMLType, count: Int, _ random: inout SplitMix64) -> [UInt8] {
    func half(_ value: Float16) -> [UInt8] { [UInt8(value.bitPattern & 0xFF), UInt8(value.bitPattern >> 8)] }
    return (0..<count / type.blockLength).flatMap { _ -> [UInt8] in
      var block = (0..<type.blockByteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let value = Float(random.next(below: 2001) - 1000) / 20_000
      switch type {
      case .f32: block = withUnsafeBytes(of: value) { Array($0) }
      case .f16: block = half(Float16(value))
      case .bf16: block = Array(withUnsafeBytes(of: value) { Array($0) }[2...])
      case .q4_0, .q5_0: block.replaceSubrange(0..<2, with: half(0x1p-9))
      case .q8_0: block.replaceSubrange(0..<2, with: half(0x1p-12))
      case .q4_1: block.replaceSubrange(0..<4, with: half(0x1p-9) + half(-7.5 * 0x1p-9))
      case .q5_1: block.replaceSubrange(0..<4, with: half(0x1p-10) + half(-15.5 * 0x1p-10))
      case .q4_K: block.replaceSubrange(0..<4, with: half(0x1p-13) + half(7.5 * 0x1p-13))
      case .q5_K: block.replaceSubrange(0..<4, with: half(0x1p-14) + half(15.5 * 0x1p-14))
      case .q6_K: block.replaceSubrange(208..<210, with: half(0x1p-15))
      }
      return block
    }
  }

  /// A checkpoint as a GGUF file's: matrices in one type, norms in float32, queries and keys in llama.cpp's order.
  private func checkpoint(
    _ folder: TemporaryFolder, _ configuration: LlamaConfiguration, _ type: GGMLType,
    change: (inout [UInt8], String) -> Void = { _, _ in }
  ) throws -> Checkpoint {
    var random = SplitMix64(state: 3)
    var contents: [UInt8] = [0, 0, 0, 0]
    var places: [(name: String, shape: [Int], type: GGMLType, range: Range<Int>)] = []
    for (name, shape) in configuration.tensorShapes {
      let type = shape.count == 1 ? .f32 : type
      var bytes =
        shape.count == 1
        ? (0..<shape[0]).flatMap { _ in [0, 0, UInt8(random.next(below: 128)), 0x3F] as [UInt8] }  // 0.5 ... 1
        : Self.bytes(type, count: shape.reduce(1, *), &random)
      change(&bytes, name)
      places.append((name, shape, type, contents.count..<contents.count + bytes.count))
      contents += bytes
    }
    let file = try MappedFile(path: folder.write("model", contents))
    let tensors = places.map { name, shape, type, range in
      let encoding: TensorEncoding =
        switch type {
        case .f32: .plain(.float32)
        case .f16: .plain(.float16)
        case .bf16: .plain(.bfloat16)
        default: .blocks(type)
        }
      let isInterleaved = name.contains("q_proj") || name.contains("k_proj")
      return StoredTensor(
        name: name, encoding: encoding, shape: shape, fileOffset: range.lowerBound, byteCount: range.count, file: file,
        rowPermutation: isInterleaved ? RowPermutation(headDimension: 64) : nil)
    }
    return Checkpoint(tensors: Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) }), origin: "model")
  }

  private func adapter(_ folder: TemporaryFolder) throws -> AdapterFolder {
    let url = try folder.file(
      "adapter/adapter_config.json",
      #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"], "layers_to_transform": [0]}"#
    ).deletingLastPathComponent()
    let keys = ["A", "B"].map { "base_model.model.\(Self.query).lora_\($0).weight" }
    let writer = try SafetensorsWriter(
      url.appendingPathComponent("adapter_model.safetensors"),
      tensors: zip(keys, [[1, 256], [256, 1]]).map { TensorDescription(name: $0, dtype: .float32, shape: $1) })
    for _ in keys { try [Float](repeating: 0.1, count: 256).withUnsafeBytes { try writer.write($0) } }
    try writer.finish()
    return try AdapterFolder(url)
  }

  private func load(
    _ checkpoint: Checkpoint, _ weights: WeightFormat, _ dtype: DType = .bfloat16,
    _ configuration: LlamaConfiguration = Self.configuration, adapters: [AdapterFolder] = [],
    merge: MergePolicy = .peft, device: Device = .cpu
  ) throws -> LlamaModel {
    try LlamaModel.load(
      checkpoint, configuration: configuration,
      options: LoadOptions(adapters: adapters, merge: merge, dtype: dtype, device: device, weights: weights))
  }

  private func logits(_ model: LlamaModel) throws -> Tensor {
    let tokens = [1, 40, 7, 7, 30, 2, 19]
    return try model.logits(model.forward([(tokens, model.makeCache(capacity: tokens.count))]))
  }

  private func relativeError(_ found: Tensor, _ expected: Tensor) throws -> Double {
    let difference = try found.to(.float64) - expected.to(.float64)
    let (error, size) = (try difference * difference, try expected.to(.float64) * expected.to(.float64))
    return try (error.mean().item() / size.mean().item()).squareRoot()
  }

  /// The file's own blocks give what their decoded numbers give, and are not copied.
  @Test(arguments: blockTypes, [DType.bfloat16, .float32])
  func storedBlocksAreTheirNumbers(_ type: GGMLType, _ dtype: DType) throws {
    for configuration in [Self.configuration, Self.untied] {
      let folder = try TemporaryFolder()
      let checkpoint = try checkpoint(folder, configuration, type)
      let stored = try load(checkpoint, .stored, dtype, configuration)
      let plain = try load(checkpoint, .plain, dtype, configuration)
      #expect(try logits(stored).bytes() == logits(plain).bytes())
      #expect(plain.hasPlainWeights && plain.weightFormats == dtype.rawValue)
      guard Weight.Format(type) != nil else {
        #expect(stored.hasPlainWeights)
        continue
      }
      #expect(stored.weightFormats == type.name && !stored.hasPlainWeights)
      let file = try #require(checkpoint.tensors.values.first).file.bytes
      let query = stored.blocks[0].attention.queryKeyValue.weights[0].values
      try query.withUnsafeBytes { bytes in
        let place = try #require(bytes.baseAddress)
        let start = try #require(file.baseAddress)
        #expect(place >= start && place + bytes.count <= start + file.count)
      }
    }
  }

  /// Every form that a file may have, as 8 and 4 bits.
  @Test(arguments: GGMLType.allCases)
  func everyFormIsMadeSmall(_ type: GGMLType) throws {
    for configuration in [Self.configuration, Self.untied] {
      let folder = try TemporaryFolder()
      let checkpoint = try checkpoint(folder, configuration, type)
      let exact = try logits(load(checkpoint, .plain, .float32, configuration))
      let int8 = try load(checkpoint, .int8, .float32, configuration)
      #expect(int8.weightFormats == "int8")
      #expect(try relativeError(logits(int8), exact) < 0.1, "\(type.name)")
      let int4 = try load(checkpoint, .int4, .float32, configuration)
      #expect(int4.weightFormats == "int4")
      #expect(try relativeError(logits(int4), exact) < 0.8, "\(type.name)")
      #expect(try logits(load(checkpoint, .int8, .bfloat16, configuration)).dtype == .bfloat16)
      // Few rows are looked up: they stay in the file.
      #expect(int8.embeddings.format == (Weight.Format(type) ?? .plain))
    }
  }

  @Test func rowsThatDoNotDivideIntoGroupsAreInt8() throws {
    var configuration = Self.configuration
    configuration.intermediateSize = 500
    let folder = try TemporaryFolder()
    let model = try load(checkpoint(folder, configuration, .bf16), .int4, .bfloat16, configuration)
    #expect(model.weightFormats == "int4, int8")
    #expect(model.blocks[0].feedForward.down.weights[0].format == .int8)
  }

  /// Merged before: the result is that of the merged weight. Beside: the weight is that without the adapter.
  @Test(arguments: [WeightFormat.int8, .int4, .stored])
  func adaptersAreMergedBeforeOrStandBeside(_ format: WeightFormat) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint(folder, Self.configuration, .q8_0)
    let adapters = [try adapter(folder)]
    func query(_ model: LlamaModel) -> Weight { model.blocks[0].attention.queryKeyValue.weights[0] }
    let plain = try load(checkpoint, .plain, adapters: adapters)
    let merged = try load(checkpoint, format, adapters: adapters)
    let expected =
      switch format {
      case .int8: try query(plain).int8()
      case .int4: try query(plain).int4()
      default: query(plain)
      }
    #expect(try query(merged).format == expected.format && query(merged).values.bytes() == expected.values.bytes())
    let without = try load(checkpoint, format)
    let beside = try load(checkpoint, format, adapters: adapters, merge: .none)
    #expect(try query(beside).values.bytes() == query(without).values.bytes())
    #expect(beside.blocks[0].attention.queryKeyValue.updates[0].count == 1)
    let reference = try logits(load(checkpoint, .plain, .float32, adapters: adapters))
    let bound = format == .int4 ? 0.8 : 0.1
    for small in [merged, beside] { #expect(try relativeError(logits(small), reference) < bound) }
    #expect(try logits(beside).bytes() != logits(without).bytes())
  }

  /// With 8 bits a sequence gets the same logits whatever the path, as far as the other operators do.
  @Test func int8ModelsRunOnEveryPath() throws {
    let folder = try TemporaryFolder()
    let model = try load(checkpoint(folder, Self.configuration, .bf16), .int8, .float32)
    let expected = try logits(model)
    for paths in ProcessorPaths.runnable {
      try withProcessorPaths(paths) { () throws in
        #expect(try relativeError(logits(model), expected) < 1e-3, "\(paths)")
      }
    }
  }

  @Test(arguments: [WeightFormat.int8, .int4])
  func whatIsNoNumberIsAnErrorThatNamesTheTensor(_ format: WeightFormat) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint(folder, Self.configuration, .bf16) { bytes, name in
      if name == Self.query + ".weight" { bytes.replaceSubrange(2..<4, with: [0x80, 0x7F]) }
    }
    let error = failure(LlamaError.self) { _ = try load(checkpoint, format) }
    #expect(
      error?.message.contains("model: tensor \(Self.query).weight: make weight: found inf at [0, 1], expected") == true,
      "\(error?.message ?? "accepted")")
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try checkpoint(folder, Self.configuration, .bf16)
    for format in [WeightFormat.int8, .int4, .stored] {
      let other = failure(LlamaError.self) { _ = try load(checkpoint, format, .float16) }
      #expect(
        other?.message == "found weights as \(format.rawValue) with dtype float16, expected bfloat16 or float32")
      let elsewhere = failure(LlamaError.self) { try format.check(device: .cuda(0), dtype: .bfloat16) }
      #expect(
        elsewhere?.message.hasPrefix(
          "found weights as \(format.rawValue) on cuda:0, expected bfloat16, float16 or float32") == true)
    }
    try WeightFormat.plain.check(device: .cuda(0), dtype: .float16)
    try WeightFormat.auto.check(device: .cuda(0), dtype: .float16)
  }
}
