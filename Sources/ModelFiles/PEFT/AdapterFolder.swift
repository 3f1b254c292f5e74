import Files
import Foundation

/// A LoRA adapter as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors`.
public struct AdapterFolder: Sendable {
  /// The factors of one linear layer: its weight W becomes W + scale · B · A.
  public struct Module: Sendable {
    /// The layer's Hugging Face name, such as `model.layers.0.self_attn.q_proj`.
    public let name: String
    /// `[rank, inputs]`
    public let a: StoredTensor
    /// `[outputs, rank]`
    public let b: StoredTensor
    public let scale: Double

    public var rank: Int { a.shape[0] }
    public var inputs: Int { a.shape[1] }
    public var outputs: Int { b.shape[0] }
  }

  public let url: URL
  public let configuration: AdapterConfiguration
  /// The adapted layers, sorted by layer number and name.
  public let modules: [Module]
  public let weights: SafetensorsFile
  /// Tokenizer, chat template and end tokens, where they were saved with the adapter.
  public let chat: ChatFiles

  /// Opens the folder and checks that the factors are complete, of the ranks that the configuration gives, and on
  /// modules that it targets.
  public init(_ url: URL) throws {
    self.url = url
    let names = try ModelFolder.fileNames(in: url)
    guard names.contains("adapter_config.json") else {
      throw ModelFolder.missing("adapter_config.json", in: url, among: names)
    }
    configuration = try AdapterConfiguration(url.appendingPathComponent("adapter_config.json"))
    guard names.contains("adapter_model.safetensors") else {
      if names.contains("adapter_model.bin") {
        throw FileError(
          .unsupported,
          "\(url.path): the adapter is in PyTorch's pickle format (adapter_model.bin), which can run code; save it as "
            + "safetensors")
      }
      throw ModelFolder.missing("adapter_model.safetensors", in: url, among: names)
    }
    weights = try SafetensorsFile(url.appendingPathComponent("adapter_model.safetensors"))
    modules = try Self.pair(weights, configuration)
    chat = try ChatFiles(url)
  }

  /// SHA-256 of `adapter_model.safetensors`, for records of what produced a result.
  public func hash() throws -> String {
    try FileHash.sha256(of: url.appendingPathComponent("adapter_model.safetensors"))
  }

  /// Checks the adapter against the model that it is to be put on: every adapted layer is there with fitting sizes, and
  /// every layer that the configuration targets has its factors.
  public func check(against model: LlamaConfiguration) throws {
    let linearLayers = model.linearLayers
    let sizes = Dictionary(
      (linearLayers + [model.head]).map { ($0.name, (outputs: $0.outputs, inputs: $0.inputs)) },
      uniquingKeysWith: { first, _ in first })

    let unknown = modules.map(\.name).filter { sizes[$0] == nil }
    guard unknown.isEmpty else {
      throw FileError(
        .mismatch, "\(url.path): \(unknown.count) adapted modules that the model does not have: \(firstNames(unknown))")
    }
    if model.tiesEmbeddings, modules.contains(where: { $0.name == model.head.name }) {
      throw FileError(
        .unsupported,
        "\(url.path): an adapter on \(quoted(model.head.name)) of a model whose output head is the embedding table; "
          + "put it on a model that has a head of its own (\"tie_word_embeddings\" false)")
    }
    for module in modules {
      guard let size = sizes[module.name], size == (module.outputs, module.inputs) else {
        throw FileError(
          .mismatch,
          "\(url.path): \(quoted(module.name)) is \(module.outputs) by \(module.inputs) in the adapter, "
            + "\(sizes[module.name].map { "\($0.outputs) by \($0.inputs)" } ?? "absent") in the model; "
            + "the adapter was trained on \(quoted(configuration.baseModel ?? "an unnamed model"))")
      }
    }
    let present = Set(modules.map(\.name))
    var adaptable = linearLayers.map(\.name)
    if !configuration.targetsAllLinear { adaptable += [model.head.name, model.embeddingsModuleName] }
    let lacking = try adaptable.filter { try configuration.targets($0) && !present.contains($0) }
    guard lacking.isEmpty else {
      throw FileError(
        .mismatch,
        "\(url.path): \"target_modules\" asks for \(lacking.count) modules that the adapter file does not have: "
          + firstNames(lacking))
    }
  }

  /// What its configuration says to no effect on this model.
  public func warnings(on model: LlamaConfiguration) throws -> [String] {
    try configuration.unused(adapted: modules.map(\.name), all: model.moduleNames).map {
      "\(url.path)/adapter_config.json: \($0)"
    }
  }

  // MARK: Reading

  private static func pair(_ weights: SafetensorsFile, _ configuration: AdapterConfiguration) throws -> [Module] {
    let path = weights.file.path
    var a: [String: StoredTensor] = [:]
    var b: [String: StoredTensor] = [:]
    var unknown: [String] = []
    for (key, tensor) in weights.tensors {
      switch factor(key) {
      case (let module, true)?: if a.updateValue(tensor, forKey: module) != nil { unknown.append(key) }
      case (let module, false)?: if b.updateValue(tensor, forKey: module) != nil { unknown.append(key) }
      case nil: unknown.append(key)
      }
    }
    guard unknown.isEmpty else {
      throw FileError(
        .unsupported,
        "\(path): \(unknown.count) tensors that are not LoRA factors of linear layers, or are there twice: "
          + firstNames(unknown.sorted()))
    }
    let single = Set(a.keys).symmetricDifference(b.keys)
    guard single.isEmpty else {
      throw FileError(
        .mismatch, "\(path): \(single.count) modules have only one of the two factors: \(firstNames(single.sorted()))")
    }
    guard !a.isEmpty else { throw FileError(.malformed, "\(path): no adapted module at all") }
    let unnamable = a.keys.filter { !ModulePattern.canName($0) }
    guard unnamable.isEmpty else {
      throw FileError(
        .malformed,
        "\(path): \(unnamable.count) modules whose names are not short texts in ASCII: "
          + firstNames(unnamable.sorted()))
    }
    let untargeted = try a.keys.filter { try !configuration.targets($0) }
    guard untargeted.isEmpty else {
      throw FileError(
        .mismatch,
        "\(path): \(untargeted.count) modules that adapter_config.json does not target: "
          + firstNames(untargeted.sorted()))
    }

    var modules: [Module] = []
    var wrong: [String] = []
    for (name, first) in a {
      guard let second = b[name] else { continue }
      let rank = try configuration.rank(of: name)
      guard first.shape.count == 2, second.shape.count == 2, first.shape[0] == rank, second.shape[1] == rank,
        first.elementCount > 0, second.elementCount > 0
      else {
        wrong.append("\(name): A \(first.shape), B \(second.shape), rank \(rank)")
        continue
      }
      guard isFloatingPoint(first), isFloatingPoint(second) else {
        throw FileError(
          .unsupported, "\(path): \(quoted(name)): factors of type \(first.encoding.name) and \(second.encoding.name)")
      }
      modules.append(Module(name: name, a: first, b: second, scale: try configuration.scale(of: name)))
    }
    guard wrong.isEmpty else {
      throw FileError(
        .mismatch,
        "\(path): \(wrong.count) modules whose factors do not have the rank that adapter_config.json gives: "
          + firstNames(wrong.sorted()))
    }
    return modules.sorted { sortKey($0.name) < sortKey($1.name) }
  }

  /// `base_model.model.<module>.lora_A.weight`, or `….lora_A.default.weight` as some tools save it.
  private static func factor(_ key: String) -> (module: String, isA: Bool)? {
    guard key.hasPrefix("base_model.model."), key.hasSuffix(".weight") else { return nil }
    var parts = key.split(separator: ".", omittingEmptySubsequences: false).dropFirst(2).dropLast()
    if parts.last == "default" { parts.removeLast() }
    guard let factor = parts.popLast(), factor == "lora_A" || factor == "lora_B", !parts.isEmpty else { return nil }
    return (parts.joined(separator: "."), factor == "lora_A")
  }

  private static func isFloatingPoint(_ tensor: StoredTensor) -> Bool {
    [.float32, .float16, .bfloat16].contains { tensor.encoding == .plain($0) }
  }

  private static func sortKey(_ name: String) -> (Int, String) {
    (name.split(separator: ".").lazy.compactMap { Int($0) }.first ?? .max, name)
  }
}
