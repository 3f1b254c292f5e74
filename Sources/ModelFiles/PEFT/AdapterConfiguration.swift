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
  private let layersPatterns: [ModulePattern]

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
    let place = fields.place
    rankPatterns = try Self.patterns(fields, "rank_pattern") { value in
      guard let rank = value.int, (1...Limits.count).contains(rank) else { return nil }
      return rank
    }.map { (pattern: $0.0, rank: $0.1) }
    alphaPatterns = try Self.patterns(fields, "alpha_pattern") { value in
      guard let alpha = value.double, alpha.isFinite else { return nil }
      return alpha
    }.map { (pattern: $0.0, alpha: $0.1) }
    guard let targets = try ModuleSelection(fields["target_modules"], key: "target_modules", place: place) else {
      throw fields.missing("target_modules")
    }
    self.targets = targets
    excluded = try ModuleSelection(fields["exclude_modules"], key: "exclude_modules", place: place)
    // An empty list means all layers, as in PEFT.
    let layers = try fields.integerOrList("layers_to_transform", in: 0...Limits.layers)
    self.layers = layers.flatMap { $0.isEmpty ? nil : Set($0) }
    let names = fields["layers_pattern"].map { $0.array?.compactMap(\.string) ?? $0.string.map { [$0] } ?? [] } ?? []
    layersPatterns = try names.filter { !$0.isEmpty }.map {
      try ModulePattern("(?:^|.*?\\.)(?:\($0))\\.(\\d+)\\..*", key: "layers_pattern", place: place)
    }
  }

  /// The rank of a module, by its full name: the first rank pattern that matches, else `rank`.
  public func rank(of module: String) -> Int {
    rankPatterns.first { $0.pattern.matches(module) }?.rank ?? rank
  }

  /// The alpha of a module, by its full name.
  public func alpha(of module: String) -> Double {
    alphaPatterns.first { $0.pattern.matches(module) }?.alpha ?? alpha
  }

  /// What B·A is multiplied by: alpha / rank, or alpha / √rank with rank-stabilised scaling.
  public func scale(of module: String) -> Double {
    let rank = Double(rank(of: module))
    return alpha(of: module) / (usesRankStabilizedScale ? rank.squareRoot() : rank)
  }

  /// Whether the configuration puts an adapter on the linear layer of this name.
  public func targets(_ module: String) -> Bool {
    if let excluded, excluded.contains(module) { return false }
    guard targets.contains(module) else { return false }
    // PEFT ignores the layer list where the targets are a regular expression or the name is given in full.
    guard let layers, !targets.isPattern, !targets.names(module) else { return true }
    guard let layer = layerIndex(of: module) else { return false }
    return layers.contains(layer)
  }

  private func layerIndex(of module: String) -> Int? {
    if layersPatterns.isEmpty {
      // The first numbered segment that has two segments before it.
      let parts = module.split(separator: ".")
      let place = parts.indices.first { $0 >= 2 && $0 + 1 < parts.endIndex && isNumber(parts[$0]) }
      return place.flatMap { Int(parts[$0]) }
    }
    for pattern in layersPatterns {
      if let number = pattern.firstGroup(in: module) { return Int(number) }
    }
    return nil
  }

  private func isNumber(_ text: Substring) -> Bool { text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

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
      return (try ModulePattern("(?:.*\\.)?(?:\(pattern))", key: key, place: fields.place), number)
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
