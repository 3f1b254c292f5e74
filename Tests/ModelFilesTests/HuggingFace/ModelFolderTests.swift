import Files
import Foundation
import JSON
import ModelFiles
import TestSupport
import Testing

@Suite struct ModelFolderTests {
  /// Members of a small valid `config.json`; `changes` replace or (null) remove some.
  static func config(_ changes: [(String, JSON?)] = []) -> String {
    var object = JSONObject([
      ("architectures", ["LlamaForCausalLM"]), ("model_type", "llama"), ("hidden_act", "silu"),
      ("attention_bias", false), ("mlp_bias", false), ("hidden_size", 8), ("intermediate_size", 12),
      ("num_hidden_layers", 1), ("num_attention_heads", 2), ("num_key_value_heads", 1), ("head_dim", .null),
      ("rms_norm_eps", 1e-5), ("rope_theta", 500000.0), ("rope_scaling", .null),
      ("max_position_embeddings", 64), ("vocab_size", 16), ("bos_token_id", 1), ("eos_token_id", [2, 3]),
      ("tie_word_embeddings", true), ("torch_dtype", "bfloat16"),
    ])
    for (key, value) in changes { object[key] = value }
    return JSON.object(object).text(pretty: true)
  }

  private func read(_ changes: [(String, JSON?)] = []) throws -> LlamaConfiguration {
    let folder = try TemporaryFolder()
    return try LlamaConfiguration(huggingFaceConfiguration: folder.file("config.json", Self.config(changes)))
  }

  private static let expected = LlamaConfiguration(
    vocabularySize: 16, hiddenSize: 8, intermediateSize: 12, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
    headDimension: 4, rmsNormEpsilon: 1e-5, ropeTheta: 500_000, contextLength: 64, tiesEmbeddings: true, bosTokenID: 1,
    eosTokenIDs: [2, 3])

  @Test func thePublishedLayout() throws {
    #expect(try read() == Self.expected)
    var changed = Self.expected
    changed.headDimension = 6
    changed.eosTokenIDs = [7]
    changed.keyValueHeadCount = 2
    changed.ropeScaling = .llama3(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    let scaling: [(String, JSON)] = [
      ("factor", 8.0), ("low_freq_factor", 1.0), ("high_freq_factor", 4.0), ("original_max_position_embeddings", 8192),
    ]
    for type in ["rope_type", "type"] {
      #expect(
        try read([
          ("head_dim", 6), ("eos_token_id", 7), ("num_key_value_heads", nil),
          ("rope_scaling", .object(scaling + [(type, "llama3")])),
        ]) == changed)
    }
  }

  @Test func theNewerLayout() throws {
    var changed = Self.expected
    changed.ropeTheta = 1234
    let plain: [(String, JSON)] = [("rope_theta", 1234.0), ("rope_type", "default")]
    #expect(
      try read([
        ("rope_theta", nil), ("rope_scaling", nil), ("torch_dtype", nil), ("dtype", "float32"),
        ("rope_parameters", .object(plain)),
      ]) == changed)
    changed.ropeScaling = .llama3(
      factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    let scaled: [(String, JSON)] = [
      ("rope_theta", 1234.0), ("rope_type", "llama3"), ("factor", 32.0), ("low_freq_factor", 1.0),
      ("high_freq_factor", 4.0), ("original_max_position_embeddings", 8192),
    ]
    #expect(try read([("dtype", "float32"), ("rope_parameters", .object(scaled))]) == changed)
  }

  @Test func linearScalingDividesEveryFrequency() throws {
    let scaling: [(String, JSON)] = [("type", "linear"), ("factor", 4.0)]
    #expect(try read([("rope_scaling", .object(scaling))]).ropeScaling == .frequencyFactors([4, 4]))
  }

  static let wrong: [(key: String, value: JSON?, named: String)] = [
    ("architectures", ["Qwen2ForCausalLM"], "\"Qwen2ForCausalLM\""), ("hidden_act", "gelu", "\"gelu\""),
    ("attention_bias", true, "\"attention_bias\""), ("mlp_bias", true, "\"mlp_bias\""),
    ("hidden_size", nil, "\"hidden_size\" is missing"), ("hidden_size", 0, "\"hidden_size\" is 0"),
    ("hidden_size", 9, "\"hidden_size\" is 9"), ("hidden_size", 1e30, "\"hidden_size\""),
    ("hidden_size", "8", "\"hidden_size\" is \"8\""), ("intermediate_size", -1, "\"intermediate_size\" is -1"),
    ("num_hidden_layers", 1_000_000_000, "\"num_hidden_layers\""),
    ("num_attention_heads", 3, "attention heads"), ("num_key_value_heads", 0, "\"num_key_value_heads\" is 0"),
    ("head_dim", 5, "heads of 5 dimensions"), ("vocab_size", 0, "\"vocab_size\" is 0"),
    ("rms_norm_eps", 0, "\"rms_norm_eps\" is 0"), ("rope_theta", -1.0, "\"rope_theta\""),
    ("rope_theta", "x", "\"rope_theta\""), ("max_position_embeddings", nil, "\"max_position_embeddings\""),
    ("eos_token_id", 16, "\"eos_token_id\" is 16"), ("eos_token_id", ["a"], "\"eos_token_id\""),
    ("bos_token_id", -1, "\"bos_token_id\" is -1"), ("tie_word_embeddings", 1, "\"tie_word_embeddings\" is 1"),
    ("quantization_config", .object([("quant_method", "gptq")]), "\"gptq\""),
    ("rope_scaling", .object([("rope_type", "yarn")]), "\"yarn\""),
    ("rope_scaling", .object([("rope_type", "llama3")]), "\"rope_scaling\": \"low_freq_factor\" is missing"),
    ("rope_scaling", 8, "\"rope_scaling\": a number"), ("partial_rotary_factor", 0.5, "\"partial_rotary_factor\""),
  ]

  @Test(arguments: wrong.indices)
  func wrongValuesAreNamed(_ index: Int) throws {
    let (key, value, named) = Self.wrong[index]
    let error = failure(FileError.self) { _ = try read([(key, value)]) }
    #expect(error?.message.contains(named) == true, "\(key): \(error?.message ?? "accepted")")
    #expect(error?.message.contains("config.json") == true)
  }

  // MARK: Folders

  private func model(_ folder: TemporaryFolder, configuration: LlamaConfiguration = expected) throws {
    let tensors = configuration.tensorShapes.map { TensorDescription(name: $0.name, dtype: .bfloat16, shape: $0.shape) }
    let writer = try SafetensorsWriter(folder.url.appendingPathComponent("model.safetensors"), tensors: tensors)
    for tensor in tensors {
      try [UInt8](repeating: 0, count: tensor.byteCount()).withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
  }

  @Test func aFolderIsReadAsAWhole() throws {
    let folder = try TemporaryFolder()
    try folder.file("config.json", Self.config())
    try folder.file(
      "generation_config.json",
      #"{"eos_token_id": [4], "do_sample": true, "temperature": 0.6, "top_p": 0.9, "pad_token_id": -1}"#)
    try folder.file("tokenizer.json", "{}")
    try model(folder)
    let read = try ModelFolder(folder.url)
    #expect(read.configuration.eosTokenIDs == [4] && read.chat.generation?.topP == 0.9)
    #expect(read.chat.generation?.sampling == true)
    #expect(try read.chat.jinja() == nil && read.chat.tokenizer?.lastPathComponent == "tokenizer.json")
    #expect(try read.checkpoint().tensors.count == Self.expected.tensorShapes.count)

    for name in ["", "model.safetensors"] {
      guard case .folder(let same) = try ModelLocation(folder.url.appendingPathComponent(name)) else {
        Issue.record("not seen as a folder: \(name)")
        continue
      }
      #expect(same.configuration == read.configuration)
    }
  }

  @Test func whatIsMissingOrWrongIsSaid() throws {
    let folder = try TemporaryFolder()
    #expect(
      failure(FileError.self) { _ = try ModelFolder(folder.url) }?.message.contains(
        "config.json is missing; the folder is empty")
        == true)
    try folder.file("README.md", "x")
    #expect(
      failure(FileError.self) { _ = try ModelFolder(folder.url) }?.message.contains("it holds \"README.md\"") == true)
    try folder.file("config.json", Self.config())
    #expect(
      failure(FileError.self) { _ = try ModelFolder(folder.url) }?.message.contains(
        "model.safetensors.index.json is missing") == true)
    try folder.file("pytorch_model.bin", "x")
    #expect(failure(FileError.self) { _ = try ModelFolder(folder.url) }?.message.contains("pickle") == true)
    try folder.file("model.safetensors", "version https://git-lfs.github.com/spec/v1\n")
    #expect(
      failure(FileError.self) { _ = try ModelFolder(folder.url).checkpoint() }?.message.contains("git lfs pull") == true
    )
    try folder.file("generation_config.json", #"{"eos_token_id": 16}"#)
    #expect(
      failure(FileError.self) { _ = try ModelFolder(folder.url) }?.message.contains("outside of the vocabulary") == true
    )
    try folder.file("config.json", "version https://git-lfs.github.com/spec/v1\n")
    #expect(failure(FileError.self) { _ = try ModelFolder(folder.url) }?.message.contains("git lfs pull") == true)
  }

  @Test func weightsThatDoNotFitTheConfigurationAreNamed() throws {
    let folder = try TemporaryFolder()
    try model(folder)
    try folder.file("config.json", Self.config([("intermediate_size", 13)]))
    let shape = failure(FileError.self) { _ = try ModelLocation(folder.url).open() }
    #expect(shape?.message.contains("\"model.layers.0.mlp.gate_proj.weight\" has shape [12, 8]") == true)
    try folder.file("config.json", Self.config([("tie_word_embeddings", false)]))
    let missing = failure(FileError.self) { _ = try ModelLocation(folder.url).open() }
    #expect(missing?.message.contains("\"lm_head.weight\"") == true)
    #expect(missing?.message.hasSuffix("\"tie_word_embeddings\" has to be true") == true)
  }

  @Test func locationsAreRecognised() throws {
    let folder = try TemporaryFolder()
    #expect(
      failure(FileError.self) { _ = try ModelLocation(folder.url.appendingPathComponent("absent")) }?.code == .notFound)
    let text = try folder.file("notes.txt", "hello")
    #expect(failure(FileError.self) { _ = try ModelLocation(text) }?.message.contains("neither a .gguf nor") == true)
    // A GGUF file is known by its content, and a folder with nothing but one GGUF stands for it.
    let bytes = GGUFBuilder.tinyLlama().bytes
    for url in [try folder.file("model.gguf", bytes), try folder.file("blob", bytes), folder.url] {
      let (configuration, checkpoint) = try ModelLocation(url).open()
      #expect(configuration.vocabularySize == 3 && checkpoint.tensors.count == 11)
    }
    try folder.file("second.gguf", bytes)
    #expect(failure(FileError.self) { _ = try ModelLocation(folder.url) }?.message.contains("2 GGUF files") == true)
    #expect(
      failure(FileError.self) { _ = try ModelLocation(folder.file("a.gguf", "x")) }?.message.contains("\"GGUF\"")
        == true)
  }
}
