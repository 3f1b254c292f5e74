import Files

/// A regular expression of an adapter's configuration, as PEFT 0.21 gives it to Python's `re`.
///
/// An expression that would be read differently is refused when it is made, so that no module gets another rank, scale
/// or adapter than PEFT gives it.
struct ModulePattern: Sendable {
  /// As it stands in the configuration.
  let source: String
  private let program: PatternProgram
  /// The file and the field, for messages.
  private let place: String

  private static let maximumByteCount = 4096
  /// Names are shorter: `model.layers.31.self_attn.q_proj`.
  private static let maximumNameLength = 256
  private static let layerGroup = "idx"

  private init(_ source: String, as whole: String, isWhole: Bool, wantedGroup: String? = nil, place: String) throws {
    self.source = source
    self.place = place
    do {
      guard source.utf8.count <= Self.maximumByteCount else {
        throw PatternProblem.unsupported("\(source.utf8.count) bytes", "use at most \(Self.maximumByteCount)")
      }
      var node = try PatternParser.parse(whole, wantedGroup: wantedGroup)
      if isWhole { node = .sequence([node, .place(.end)]) }
      program = try PatternProgram(node)
    } catch let problem as PatternProblem {
      throw Self.error(problem, source, place)
    }
  }

  /// `target_modules` and `exclude_modules`: `re.fullmatch(source, name)`.
  init(wholeName source: String, place: String) throws {
    try self.init(source, as: source, isWhole: true, place: place)
  }

  /// A key of `rank_pattern` or `alpha_pattern`: the end of the name, from its beginning or a dot on.
  init(nameEnding source: String, place: String) throws {
    try self.init(source, as: "(.*\\.)?(\(source))$", isWhole: false, place: place)
  }

  /// `layers_pattern`: what stands before the number of the layer.
  init(beforeLayerIndex source: String, place: String) throws {
    try self.init(
      source, as: "(?:^|.*?\\.)\(source)\\.(?P<\(Self.layerGroup)>\\d+)\\.", isWhole: false,
      wantedGroup: Self.layerGroup, place: place)
  }

  /// Where PEFT finds the number of the layer without a `layers_pattern`.
  static let anyLayerIndex = #".*?\.[^.]*\.(?P<idx>\d+)\."#

  init(layerIndex source: String, place: String) throws {
    try self.init(source, as: source, isWhole: false, wantedGroup: Self.layerGroup, place: place)
  }

  /// - Throws: `FileError` where the match would take too long.
  func matches(_ name: String) throws -> Bool { try match(name) != nil }

  /// Whether it matches, and the number of the layer in the name.
  func layerIndex(in name: String) throws -> (isMatch: Bool, index: Int?) {
    guard let match = try match(name) else { return (false, nil) }
    return (true, match.group.flatMap { Int(String(decoding: Array(name.utf8)[$0], as: UTF8.self)) })
  }

  /// Whether patterns say anything of a module of this name: printable ASCII of some length.
  static func canName(_ module: String) -> Bool {
    !module.isEmpty && module.utf8.count <= maximumNameLength && module.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  private func match(_ name: String) throws -> (group: Range<Int>?, end: Int)? {
    guard Self.canName(name) else { return nil }
    do {
      return try program.match(Array(name.utf8))
    } catch let problem as PatternProblem {
      throw Self.error(problem, source, place)
    }
  }

  private static func error(_ problem: PatternProblem, _ source: String, _ place: String) -> FileError {
    FileError(
      problem.isPythons ? .malformed : .unsupported,
      "\(place): the pattern \(quoted(source)) has \(problem.found), expected a regular expression that Patron reads as "
        + "Python does; \(problem.advice)")
  }
}
