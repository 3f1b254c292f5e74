import Foundation
import JSON
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Llama

/// The types of merged weights, on models of one block that are made here.
@Suite struct ModelMergerTests {
  private static let query = "model.layers.0.self_attn.q_proj"
  private static let table = "model.embed_tokens.weight"
  private static let configuration = LlamaConfiguration(
    vocabularySize: 6, hiddenSize: 4, intermediateSize: 8, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
    headDimension: 2, rmsNormEpsilon: 1e-5, ropeTheta: 10000, contextLength: 64, tiesEmbeddings: true)

  /// A base whose weights are 0.5.
  /// - Parameters:
  ///   - types: of single tensors.
  ///   - values: the first value of single tensors.
  private func base(
    _ folder: TemporaryFolder, _ type: TensorDType, types: [String: TensorDType] = [:], values: [String: Double] = [:],
    says: String? = nil, ownHead: Bool = false
  ) throws -> ModelLocation {
    var config = try #require(Self.configuration.huggingFaceJSON(dtype: .float32).object)
    config["torch_dtype"] = says.map { .string($0) }
    let url = try folder.file("base/config.json", JSON.object(config).text()).deletingLastPathComponent()
    var shapes = Self.configuration.tensorShapes
    if ownHead { shapes.append(("lm_head.weight", [6, 4])) }
    let tensors = shapes.map { TensorDescription(name: $0.name, dtype: types[$0.name] ?? type, shape: $0.shape) }
    let writer = try SafetensorsWriter(url.appendingPathComponent("model.safetensors"), tensors: tensors)
    for tensor in tensors {
      var numbers = [Double](repeating: tensor.name == "lm_head.weight" ? 0.25 : 0.5, count: tensor.shape.reduce(1, *))
      if let value = values[tensor.name] { numbers[0] = value }
      let stored = try numbers.withUnsafeBytes { bytes in
        let wide = try Tensor.empty([numbers.count], dtype: .float64)
        try wide.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
        return try wide.to(#require(DType(tensor.dtype)))
      }
      try stored.withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    return try ModelLocation(url)
  }

  private func adapter(_ folder: TemporaryFolder, factor: Float = 0.5) throws -> AdapterFolder {
    let url = try folder.file(
      "adapter/adapter_config.json",
      #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]}"#
    ).deletingLastPathComponent()
    let keys = ["A", "B"].map { "base_model.model.\(Self.query).lora_\($0).weight" }
    let writer = try SafetensorsWriter(
      url.appendingPathComponent("adapter_model.safetensors"),
      tensors: zip(keys, [[1, 4], [4, 1]]).map { TensorDescription(name: $0, dtype: .float32, shape: $1) })
    for _ in keys { try [Float](repeating: factor, count: 4).withUnsafeBytes { try writer.write($0) } }
    try writer.finish()
    return try AdapterFolder(url)
  }

  private func merged(
    _ folder: TemporaryFolder, _ base: ModelLocation, factor: Float = 0.5, policy: MergePolicy = .peft,
    to dtype: DType? = nil
  ) throws -> (tensors: [String: StoredTensor], config: JSON) {
    let output = folder.url.appendingPathComponent("merged")
    let merger = ModelMerger(adapters: [try adapter(folder, factor: factor)], policy: policy, dtype: dtype)
    try merger.merge(base, into: output)
    let config = try JSON.parse([UInt8](Data(contentsOf: output.appendingPathComponent("config.json"))))
    return (try SafetensorsFile(output.appendingPathComponent("model.safetensors")).tensors, config)
  }

  private func types(_ tensors: [String: StoredTensor]) -> Set<String> { Set(tensors.values.map(\.encoding.name)) }

  @Test(
    arguments: [
      (.float32, nil), (.float32, "float16"), (.float32, "bfloat16"), (.bfloat16, nil), (.bfloat16, "float16"),
      (.float16, "bfloat16"), (.float16, nil), (.float64, nil),
    ] as [(TensorDType, String?)])
  func everyTensorKeepsItsStoredType(_ type: TensorDType, _ stated: String?) throws {
    let folder = try TemporaryFolder()
    let (tensors, config) = try merged(folder, base(folder, type, says: stated))
    #expect(types(tensors) == [type.rawValue])
    #expect(config["torch_dtype"]?.string == type.torchName)
    #expect(try Tensor(#require(tensors[Self.query + ".weight"])).to(.float32).floats().allSatisfy { $0 == 0.75 })
  }

  @Test func theConfigurationStatesTheCommonestType() throws {
    let folder = try TemporaryFolder()
    let norms = Self.configuration.tensorShapes.filter { $0.shape.count == 1 }.map { ($0.name, TensorDType.float32) }
    var types = Dictionary(uniqueKeysWithValues: norms)
    types[Self.query + ".weight"] = .float16
    let (tensors, config) = try merged(folder, base(folder, .bfloat16, types: types, says: "float32"))
    for (name, tensor) in tensors { #expect(tensor.encoding == .plain(types[name] ?? .bfloat16), "\(name)") }
    #expect(config["torch_dtype"] == "bfloat16")
  }

  @Test func aTypeThatIsAskedForIsThatOfAll() throws {
    let folder = try TemporaryFolder()
    let (tensors, config) = try merged(folder, base(folder, .float32, types: [Self.table: .float16]), to: .bfloat16)
    #expect(types(tensors) == ["BF16"] && config["torch_dtype"] == "bfloat16")
  }

  /// Each says where the number stands.
  @Test(
    arguments: [
      (.bfloat16, 70144, .float16, "found 70144."), (.float32, -70016, .float16, "found -700"),
      (.float32, 0x1.FFp127, .bfloat16, "e+38 at [0, 0]"), (.float64, 1e300, .float32, "1e+300 at [0, 0]"),
      (.float64, 1e39, .bfloat16, "1e+39 at [0, 0]"),
    ] as [(TensorDType, Double, DType, String)])
  func whatATypeCannotHoldIsAnError(_ stored: TensorDType, _ value: Double, _ dtype: DType, _ named: String) throws {
    for name in [Self.table, Self.query + ".weight"] {
      for policy in [MergePolicy.peft, .fp32] {
        let folder = try TemporaryFolder()
        let base = try base(folder, stored, values: [name: value])
        let error = failure(LlamaError.self) { _ = try merged(folder, base, policy: policy, to: dtype) }
        #expect(error?.message.contains("tensor \(name): found") == true)
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "accepted")")
        // What float32 holds can be had with another dtype, and the message says so.
        let fits = abs(value) <= Double(Float.greatestFiniteMagnitude)
        #expect(error?.code == (fits ? .range : .model))
        #expect(error?.message.hasSuffix("; choose a dtype of a wider range") == fits)
        #expect(!FileManager.default.fileExists(atPath: folder.path("merged")))
      }
      // Loading refuses it in the same words.
      let folder = try TemporaryFolder()
      let (configuration, checkpoint) = try base(folder, stored, values: [name: value]).open()
      let error = failure(LlamaError.self) {
        _ = try LlamaModel.load(checkpoint, configuration: configuration, options: LoadOptions(dtype: dtype))
      }
      #expect(error?.message.contains("tensor \(name): found") == true)
    }
  }

  @Test func aSumBeyondTheTypeIsAnError() throws {
    let folder = try TemporaryFolder()
    let base = try base(folder, .float16)
    let error = failure(LlamaError.self) { _ = try merged(folder, base, factor: 300) }
    #expect(error?.message.contains("tensor \(Self.query).weight: found 90000.5 at [0, 0]") == true)
  }

  @Test func whatFitsOrWasInfiniteBeforeIsWritten() throws {
    for value in [65504, 65519, 1e-30, .infinity, .nan] {
      let folder = try TemporaryFolder()
      let (tensors, _) = try merged(folder, base(folder, .float32, values: [Self.table: value]), to: .float16)
      let found = try #require(tensors[Self.table]?.floats().first)
      #expect(value.isNaN ? found.isNaN : found == (value > 1e30 ? .infinity : value < 1 ? 0 : 65504))
    }
  }

  @Test func aHeadAgainstTheFlagIsKept() throws {
    let folder = try TemporaryFolder()
    let base = try base(folder, .float32, ownHead: true)
    let (tensors, config) = try merged(folder, base)
    #expect(try tensors["lm_head.weight"]?.floats().allSatisfy { $0 == 0.25 } == true)
    #expect(config["tie_word_embeddings"] == false)
    let other = try TemporaryFolder()
    let tied = try merged(other, self.base(other, .float32))
    #expect(tied.tensors["lm_head.weight"] == nil && tied.config["tie_word_embeddings"] == true)
  }
}
