import Files
import Foundation
import JSON
import ModelFiles
import TestSupport
import Testing

@Suite struct AdapterFolderTests {
  private static let query = "model.layers.0.self_attn.q_proj"
  private static let value = "model.layers.1.self_attn.v_proj"

  private func configuration(_ changes: [(String, JSON?)] = []) throws -> AdapterConfiguration {
    let folder = try TemporaryFolder()
    return try AdapterConfiguration(folder.file("adapter_config.json", Self.config(changes)))
  }

  private static func config(_ changes: [(String, JSON?)] = []) -> String {
    var object = JSONObject([
      ("peft_type", "LORA"), ("task_type", "CAUSAL_LM"), ("r", 2), ("lora_alpha", 8), ("bias", "none"),
      ("target_modules", ["q_proj", "v_proj"]), ("base_model_name_or_path", "base/model"), ("lora_dropout", 0.05),
      ("init_lora_weights", true), ("fan_in_fan_out", false), ("modules_to_save", .null), ("use_dora", false),
      ("loftq_config", .object(JSONObject())), ("qalora_group_size", 16), ("megatron_core", "megatron.core"),
    ])
    for (key, value) in changes { object[key] = value }
    return JSON.object(object).text()
  }

  private func adapter(
    _ folder: TemporaryFolder, _ tensors: [(String, [Int])], _ changes: [(String, JSON?)] = []
  ) throws -> AdapterFolder {
    try folder.file("adapter_config.json", Self.config(changes))
    let descriptions = tensors.map { TensorDescription(name: $0.0, dtype: .float32, shape: $0.1) }
    let url = folder.url.appendingPathComponent("adapter_model.safetensors")
    try? FileManager.default.removeItem(at: url)
    let writer = try SafetensorsWriter(url, tensors: descriptions)
    for tensor in descriptions {
      try [UInt8](repeating: 0, count: tensor.byteCount()).withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    return try AdapterFolder(folder.url)
  }

  private func key(_ module: String, _ factor: String) -> String { "base_model.model.\(module).\(factor).weight" }

  @Test func factorsAreFound() throws {
    let folder = try TemporaryFolder()
    let adapter = try adapter(
      folder,
      [
        (key(Self.value, "lora_B.default"), [4, 2]), (key(Self.value, "lora_A.default"), [2, 8]),
        (key(Self.query, "lora_A"), [2, 8]), (key(Self.query, "lora_B"), [8, 2]),
      ])
    #expect(adapter.modules.map(\.name) == [Self.query, Self.value])
    #expect(adapter.modules.map(\.scale) == [4, 4] && adapter.modules.map(\.outputs) == [8, 4])
    #expect(adapter.configuration.baseModel == "base/model")
    #expect(try adapter.hash().count == 64)
  }

  @Test func ranksAndScales() throws {
    let patterned = try configuration([
      ("rank_pattern", .object([("layers.1.mlp.down_proj", 5), ("q_proj", 3), ("^model.layers.0.*", 7)])),
      ("alpha_pattern", .object([("layers.1.mlp.down_proj", 1)])),
    ])
    #expect(try patterned.rank(of: "model.layers.1.mlp.down_proj") == 5)
    #expect(try patterned.scale(of: "model.layers.1.mlp.down_proj") == 0.2)
    // The first pattern that matches wins; a pattern covers the end of the name from a dot on.
    #expect(try patterned.rank(of: Self.query) == 3 && patterned.scale(of: Self.query) == 8.0 / 3)
    #expect(try patterned.rank(of: "model.layers.0.self_attn.v_proj") == 7)
    #expect(try patterned.rank(of: "model.layers.11.mlp.down_proj") == 2)
    #expect(try patterned.rank(of: "model.layers.1.self_attn.my_q_proj") == 2)
    #expect(try configuration([("use_rslora", true), ("r", 4)]).scale(of: Self.query) == 4)
  }

  @Test func targets() throws {
    func targets(_ changes: [(String, JSON?)], _ module: String) throws -> Bool {
      try configuration(changes).targets(module)
    }
    #expect(try targets([], Self.query))
    #expect(try !targets([], "model.layers.0.self_attn.k_proj"))
    #expect(try !targets([], "model.layers.0.self_attn.xq_proj"))
    #expect(try targets([("target_modules", "all-linear")], "model.layers.0.mlp.up_proj"))
    #expect(try !targets([("target_modules", "all-linear")], "lm_head"))
    #expect(try targets([("target_modules", #".*\.[qv]_proj"#)], Self.query))
    #expect(try !targets([("target_modules", "q_proj")], Self.query))  // a string is a pattern for the whole name
    #expect(try !targets([("exclude_modules", ["q_proj"])], Self.query))
    #expect(try !targets([("exclude_modules", ".*layers\\.0\\..*")], Self.query))
    #expect(try targets([("layers_to_transform", [1])], Self.value))
    #expect(try !targets([("layers_to_transform", 1)], Self.query))
    #expect(try targets([("layers_to_transform", [])], Self.query))
    #expect(try targets([("layers_to_transform", [0]), ("layers_pattern", "layers")], Self.query))
    #expect(try !targets([("layers_to_transform", [0]), ("layers_pattern", ["h"])], Self.query))
    #expect(try targets([("target_modules", [.string(Self.query)]), ("layers_to_transform", [1])], Self.query))
  }

  /// `\b` lies between a dot and a letter, as in Python; `(?:…)` around a pattern is not added where PEFT adds none.
  @Test func patternsMeanWhatPEFTMakesOfThem() throws {
    func scale(_ pattern: String) throws -> Double {
      try configuration([("alpha_pattern", .object([(pattern, .number(64))])), ("r", 8), ("lora_alpha", 16)]).scale(
        of: Self.query)
    }
    for pattern in [
      #"\bq_proj"#, #"(?<=\.)q_proj"#, #"(?i:Q_PROJ)"#, #".*q_proj\Z"#, #"self_attn\.[^k]_proj"#, "q_proj|v_proj",
    ] {
      #expect(try scale(pattern) == 8, "\(pattern)")
    }
    for pattern in [#"\Bq_proj"#, "_proj", #"\Aq_proj"#, "q_pro", "Q_PROJ"] {
      #expect(try scale(pattern) == 2, "\(pattern)")
    }
    let layers = try configuration([("layers_to_transform", [0]), ("layers_pattern", "h|layers")])
    #expect(try !layers.targets(Self.query))  // the layer's number belongs to the second alternative alone
    #expect(try !configuration([("exclude_modules", "all-linear")]).targets("model.layers.0.mlp.up_proj"))
    #expect(try configuration([("exclude_modules", "all-linear")]).targets(Self.query))
  }

  @Test(
    arguments: [
      ("target_modules", #".*(q)_\1"#), ("exclude_modules", "(?(1)a|b)"), ("rank_pattern", .object([("(?P=n)", 4)])),
      ("alpha_pattern", .object([("é_proj", 4)])), ("layers_pattern", [#"\N{BULLET}"#]),
    ] as [(String, JSON)])
  func patternsThatWouldBeReadOtherwiseAreRefused(_ setting: (String, JSON)) throws {
    let error = failure(FileError.self) { _ = try configuration([(setting.0, setting.1)]) }
    #expect(error?.message.contains("adapter_config.json: \"\(setting.0)\": the pattern ") == true, "\(setting)")
  }

  @Test func whatMatchesNothingIsNamed() throws {
    let factors = [(key(Self.query, "lora_A"), [2, 4]), (key(Self.query, "lora_B"), [4, 2])]
    func warnings(_ changes: [(String, JSON?)]) throws -> String {
      let folder = try TemporaryFolder()
      let changed = try adapter(folder, factors, [("target_modules", ["q_proj"])] + changes)
      return try changed.warnings(on: .tiny).joined(separator: "\n").replacing(folder.url.path, with: "")
    }
    #expect(try warnings([]) == "")
    #expect(try warnings([("rank_pattern", .object([("q_proj", 2)])), ("exclude_modules", ["mlp"])]) == "")
    let place = "/adapter_config.json: "
    #expect(
      try warnings([("rank_pattern", .object([("k_proj", 4)]))])
        == place + "\"rank_pattern\": \"k_proj\" matches no adapted module and changes no rank")
    #expect(
      try warnings([("alpha_pattern", .object([("q_proj", 8), ("_proj", 4)]))])
        == place + "\"alpha_pattern\": \"_proj\" matches no adapted module and changes no scale")
    #expect(
      try warnings([("target_modules", ["q_proj", "query"])])
        == place + "\"target_modules\": \"query\" names no module of the model")
    #expect(
      try warnings([("exclude_modules", "vision.*")])
        == place + "\"exclude_modules\": \"vision.*\" names no module of the model")
    #expect(
      try warnings([("layers_pattern", "layers")]) == place
        + "\"layers_pattern\" changes nothing beside the other fields")
    #expect(
      try warnings([("target_modules", ".*q_proj"), ("layers_to_transform", [0])])
        == place + "\"layers_to_transform\" changes nothing beside the other fields")
  }

  static let refused: [(key: String, value: JSON)] = [
    ("peft_type", "IA3"), ("use_dora", true), ("bias", "all"), ("bias", "lora_only"), ("modules_to_save", ["lm_head"]),
    ("fan_in_fan_out", true), ("lora_bias", true), ("layer_replication", [[0, 1]]), ("use_qalora", true),
    ("alora_invocation_tokens", [1]), ("target_parameters", ["w"]), ("trainable_token_indices", [1]),
    ("use_bdlora", .object([("nblocks", 2)])), ("arrow_config", .object([("top_k", 2)])),
    ("kasa_config", .object([("beta", 1)])), ("monteclora_config", .object([("num_samples", 1)])),
    ("velora_config", .object([("scale", 1)])), ("megatron_config", .object([("a", 1)])), ("ensure_weight_tying", true),
    ("init_lora_weights", "pissa"), ("init_lora_weights", "olora"), ("init_lora_weights", "mica"),
    ("a_feature_of_the_future", true), ("another", 3),
  ]

  @Test(arguments: refused.indices)
  func featuresThatChangeTheFunctionAreRefusedByName(_ index: Int) throws {
    let (key, value) = Self.refused[index]
    let error = failure(FileError.self) { _ = try configuration([(key, value)]) }
    #expect(error?.code == .unsupported && error?.message.contains("\"\(key)\"") == true, "\(key): \(value)")
  }

  @Test(
    arguments: [
      ("a_feature_of_the_future", .null), ("another", false), ("third", .array([])), ("fourth", .object(JSONObject())),
      ("init_lora_weights", "gaussian"), ("init_lora_weights", false), ("task_type", "FEATURE_EXTRACTION"),
      ("loftq_config", .object([("loftq_bits", 4)])), ("inference_mode", true),
    ] as [(String, JSON)])
  func whatChangesNothingIsAccepted(_ setting: (String, JSON)) throws {
    #expect(try configuration([(setting.0, setting.1)]).rank == 2)
  }

  @Test(
    arguments: [
      ("r", 0), ("r", "8"), ("lora_alpha", "16"), ("target_modules", [1]), ("target_modules", "(["),
      ("rank_pattern", .object([("(", 1)])), ("rank_pattern", .object([("q_proj", 0)])), ("use_rslora", 1),
      ("layers_to_transform", -1),
    ] as [(String, JSON)])
  func wrongValuesAreNamed(_ setting: (String, JSON)) throws {
    let error = failure(FileError.self) { _ = try configuration([(setting.0, setting.1)]) }
    #expect(error?.code == .malformed && error?.message.contains(setting.0) == true)
  }

  @Test func filesThatDoNotFitAreNamed() throws {
    let good = [(key(Self.query, "lora_A"), [2, 8]), (key(Self.query, "lora_B"), [8, 2])]
    func message(_ tensors: [(String, [Int])], _ changes: [(String, JSON?)] = []) throws -> String {
      let folder = try TemporaryFolder()
      return failure(FileError.self) { _ = try adapter(folder, tensors, changes) }?.message ?? "accepted"
    }
    #expect(try message(good) == "accepted")
    #expect(try message([good[0]]).contains("only one of the two factors: \"\(Self.query)\""))
    #expect(
      try message(good + [("base_model.model.lm_head.weight", [1])]).contains("\"base_model.model.lm_head.weight\""))
    #expect(try message(good + [("\(Self.query).lora_A.weight", [2, 8])]).contains("not LoRA factors"))
    #expect(
      try message(good + [(key("model.embed_tokens", "lora_embedding_A"), [2, 8])]).contains("lora_embedding_A"))
    #expect(try message(good + [(key(Self.query, "lora_A.default"), [2, 8])]).contains("twice"))
    #expect(try message([(good[0].0, [3, 8]), (good[1].0, [8, 3])]).contains("A [3, 8], B [8, 3], rank 2"))
    #expect(try message([(good[0].0, [8, 2]), (good[1].0, [2, 8])]).contains("A [8, 2]"))
    #expect(try message(good, [("target_modules", ["v_proj"])]).contains("does not target: \"\(Self.query)\""))
    #expect(try message([]).contains("no adapted module"))
    let many = (0..<7).map { ("base_model.model.x\($0)", [1]) }
    #expect(try message(many).contains("\"base_model.model.x4\" and 2 more"))

    let folder = try TemporaryFolder()
    try folder.file("adapter_config.json", Self.config())
    #expect(
      failure(FileError.self) { _ = try AdapterFolder(folder.url) }?.message.contains(
        "adapter_model.safetensors is missing") == true)
    try folder.file("adapter_model.bin", "x")
    #expect(failure(FileError.self) { _ = try AdapterFolder(folder.url) }?.message.contains("pickle") == true)
  }

  @Test func theModelMustFit() throws {
    let folder = try TemporaryFolder()
    let good = [(key(Self.query, "lora_A"), [2, 4]), (key(Self.query, "lora_B"), [4, 2])]
    let all = try adapter(folder, good, [("target_modules", ["q_proj"])])
    try all.check(against: .tiny)
    var wider = LlamaConfiguration.tiny
    wider.hiddenSize = 6
    #expect(
      failure(FileError.self) { try all.check(against: wider) }?.message.contains("4 by 4 in the adapter") == true)
    let partial = try adapter(folder, good)
    #expect(
      failure(FileError.self) { try partial.check(against: .tiny) }?.message.contains("model.layers.0.self_attn.v_proj")
        == true)
    // The head and the embeddings, too, are adapted where they are named.
    for name in ["lm_head", "embed_tokens"] {
      let named = try adapter(folder, good, [("target_modules", ["q_proj", .string(name)])])
      #expect(failure(FileError.self) { try named.check(against: .tiny) }?.message.contains(name) == true)
    }
    let deep = try adapter(
      folder, [(key(Self.value, "lora_A"), [2, 4]), (key(Self.value, "lora_B"), [2, 2])])
    #expect(
      failure(FileError.self) { try deep.check(against: .tiny) }?.message.contains("does not have: \"\(Self.value)\"")
        == true)
  }
}
