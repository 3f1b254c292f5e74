import Files
import Foundation
import JSON

/// A PEFT `adapter_config.json` of type LoRA.
///
/// Facts are those of PEFT 0.21: which fields change what the adapted layer computes, and how patterns match.
public struct AdapterConfiguration: Sendable {
  /// `r`, for modules that no rank pattern matches.
  public let rank: Int
  /// `lora_alpha`, for modules that no alpha pattern matches.
  public let alpha: Double
  /// Whether the scale is alpha / √rank instead of alpha / rank.
  public let usesRankStabilizedScale: Bool
  /// The model that the adapter was trained on, as its maker wrote it.
  public let baseModel: String?

  private let rankPatterns: [(pattern: ModulePattern, rank: Int)]
  private let alphaPatterns: [(pattern: ModulePattern, alpha: Double)]
  private let targets: ModuleSelection
  private let excluded: ModuleSelection?
  private let layers: Set<Int>?
  /// What finds the number of a module's layer; the first that matches counts.
  private let layerIndices: [ModulePattern]
  /// Fields that say nothing beside the others.
  private let unusedFields: [String]

  /// - Throws: `FileError` of code `.unsupported` that names a feature which would change the function and is not
  ///   implemented; `.malformed` for values that cannot be.
  public init(_ url: URL) throws {
    try self.init(JSONFields(try parseJSONFile(url), place: url.path))
  }

  init(_ fields: JSONFields) throws {
    try Self.refuseUnsupported(fields)
    rank = try fields.integer("r", in: 1...Limits.count) ?? 8
    alpha = try Self.number(fields, "lora_alpha") ?? 8
    usesRankStabilizedScale = try fields.flag("use_rslora") ?? false
    baseModel = try fields.text("base_model_name_or_path")
    rankPatterns = try Self.patterns(fields, "rank_pattern") { value in
      guard let rank = value.int, (1...Limits.count).contains(rank) else { return nil }
      return rank
    }.map { (pattern: $0.0, rank: $0.1) }
    alphaPatterns = try Self.patterns(fields, "alpha_pattern") { value in
      guard let alpha = value.double, alpha.isFinite else { return nil }
      return alpha
    }.map { (pattern: $0.0, alpha: $0.1) }
    guard let targets = try ModuleSelection(fields, "target_modules", mayBeAllLinear: true) else {
      throw fields.missing("target_modules")
    }
    self.targets = targets
    excluded = try ModuleSelection(fields, "exclude_modules", mayBeAllLinear: false)
    // An empty list means all layers, as in PEFT.
    let layers = try fields.integerOrList("layers_to_transform", in: 0...Limits.layers)
    self.layers = layers.flatMap { $0.isEmpty ? nil : Set($0) }
    let patterns = try Self.layersPatterns(fields)
    layerIndices =
      patterns.isEmpty ? [try ModulePattern(layerIndex: ModulePattern.anyLayerIndex, place: fields.place)] : patterns
    var unused: [String] = []
    if self.layers != nil, !targets.isList { unused.append("layers_to_transform") }
    if !patterns.isEmpty, self.layers == nil || !targets.isList { unused.append("layers_pattern") }
    unusedFields = unused
  }

  /// The rank of a module, by its full name: the first rank pattern that matches, else `rank`.
  /// - Throws: `FileError` where a pattern takes too long, as the other methods do.
  public func rank(of module: String) throws -> Int {
    try rankPatterns.first { try $0.pattern.matches(module) }?.rank ?? rank
  }

  /// The alpha of a module, by its full name.
  public func alpha(of module: String) throws -> Double {
    try alphaPatterns.first { try $0.pattern.matches(module) }?.alpha ?? alpha
  }

  /// What B·A is multiplied by: alpha / rank, or alpha / √rank with rank-stabilised scaling.
  public func scale(of module: String) throws -> Double {
    let rank = Double(try rank(of: module))
    return try alpha(of: module) / (usesRankStabilizedScale ? rank.squareRoot() : rank)
  }

  /// Whether the configuration puts an adapter on the linear layer of this name.
  public func targets(_ module: String) throws -> Bool {
    if let excluded, try excluded.contains(module) { return false }
    guard try targets.contains(module) else { return false }
    // PEFT ignores the layer list where the targets are a regular expression or the name is given in full.
    guard let layers, targets.isList, !targets.names(module) else { return true }
    guard let layer = try layerIndex(of: module) else { return false }
    return layers.contains(layer)
  }

  /// Whether its targets are every linear layer of the blocks, whatever they are called.
  var targetsAllLinear: Bool { targets.isAllLinear }

  private func layerIndex(of module: String) throws -> Int? {
    for pattern in layerIndices {
      let found = try pattern.layerIndex(in: module)
      if found.isMatch { return found.index }
    }
    return nil
  }

  /// What the configuration says to no effect, which hints at a slip of who wrote it: a sentence for each field.
  /// - Parameters:
  ///   - adapted: the adapted modules.
  ///   - all: all modules of the model.
  func unused(adapted: [String], all: [String]) throws -> [String] {
    func sentence(_ key: String, _ parts: [String], _ what: String) -> [String] {
      parts.isEmpty ? [] : ["\(quoted(key)): \(firstNames(parts)) \(what)"]
    }
    func isUnused(_ pattern: ModulePattern) throws -> Bool { try !adapted.contains(where: pattern.matches) }
    let rankKeys = try rankPatterns.map(\.pattern).filter(isUnused).map(\.source)
    let alphaKeys = try alphaPatterns.map(\.pattern).filter(isUnused).map(\.source)
    return sentence("target_modules", try targets.unused(among: all), "names no module of the model")
      + sentence("exclude_modules", try excluded?.unused(among: all) ?? [], "names no module of the model")
      + sentence("rank_pattern", rankKeys, "matches no adapted module and changes no rank")
      + sentence("alpha_pattern", alphaKeys, "matches no adapted module and changes no scale")
      + unusedFields.map { "\(quoted($0)) changes nothing beside the other fields" }
  }

  // MARK: Reading

  private static func number(_ fields: JSONFields, _ key: String) throws -> Double? {
    guard let value = fields[key] else { return nil }
    guard let number = value.double, number.isFinite else { throw fields.wrong(key, "a number") }
    return number
  }

  private static func patterns<Value>(
    _ fields: JSONFields, _ key: String, _ read: (JSON) -> Value?
  ) throws -> [(ModulePattern, Value)] {
    guard let value = fields[key] else { return [] }
    return try JSONFields(value, place: "\(fields.place): \(quoted(key))").object.members.map { pattern, value in
      guard let number = read(value) else {
        throw FileError(
          .malformed, "\(fields.place): \(quoted(key)): \(quoted(pattern)) is \(value), expected a sensible number")
      }
      let place = "\(fields.place): \(quoted(key))"
      return (try ModulePattern(nameEnding: pattern, place: place), number)
    }
  }

  private static func layersPatterns(_ fields: JSONFields) throws -> [ModulePattern] {
    guard let value = fields["layers_pattern"], value.string?.isEmpty != true else { return [] }
    return try (value.array ?? [value]).map { element in
      guard let pattern = element.string else {
        throw fields.wrong("layers_pattern", "a pattern or a list of patterns")
      }
      return try ModulePattern(beforeLayerIndex: pattern, place: "\(fields.place): \"layers_pattern\"")
    }
  }

  /// Fields that say nothing about the function of a trained adapter.
  private static let harmless: Set<String> = [
    // Read elsewhere.
    "r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern", "target_modules", "exclude_modules",
    "layers_to_transform", "layers_pattern", "base_model_name_or_path", "peft_type", "init_lora_weights",
    // Bookkeeping.
    "task_type", "auto_mapping", "peft_version", "revision", "inference_mode",
    // Training only: dropout, where the initial values came from, placement.
    "lora_dropout", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config",
    // Settings of features that are refused by a switch of their own.
    "megatron_core", "qalora_group_size",
  ]

  private static func refuseUnsupported(_ fields: JSONFields) throws {
    func refuse(_ key: String, _ what: String) -> FileError {
      FileError(.unsupported, "\(fields.place): \(quoted(key)): \(what)")
    }
    let type = try fields.text("peft_type") ?? "none"
    guard type.uppercased() == "LORA" else { throw refuse("peft_type", "\(quoted(type)), only \"LORA\" is supported") }
    if try fields.flag("use_dora") == true { throw refuse("use_dora", "DoRA adapters are not supported") }
    if let bias = try fields.text("bias"), bias != "none" {
      throw refuse("bias", "\(quoted(bias)), only \"none\" is supported")
    }
    // These initialisations change the base weights when PEFT loads the adapter, so the base as published is not the
    // base that the adapter belongs to.
    if let value = fields["init_lora_weights"], let name = value.string,
      !["gaussian", "eva", "orthogonal"].contains(name.lowercased())
    {
      throw refuse(
        "init_lora_weights",
        "\(quoted(name)) changes the base weights; save the adapter with PEFT's conversion to plain LoRA")
    }
    // Everything else that is set: a feature of PEFT that would change the function, or one that is newer than this
    // list.
    for (key, value) in fields.object.members where !harmless.contains(key) && isSet(value) {
      if key == "bias" { continue }
      throw refuse(key, "this feature of PEFT is not supported")
    }
  }

  /// Whether a field differs from the off position that all of PEFT's switches share.
  private static func isSet(_ value: JSON) -> Bool {
    switch value {
    case .null: false
    case .bool(let flag): flag
    case .number, .string: true
    case .array(let elements): !elements.isEmpty
    case .object(let object): !object.isEmpty
    }
  }
}
