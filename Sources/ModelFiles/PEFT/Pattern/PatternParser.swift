import Files

/// Reads a regular expression as Python's `re` does (3.11 and later), for names of printable ASCII characters.
///
/// Refused, besides what Python refuses: references to groups, conditions, named characters, the verbose form, large
/// quantifiers and characters that are not ASCII.
///
/// Source: the documentation of `re`; where that is silent, what its parser does.
struct PatternParser {
  private let source: [Unicode.Scalar]
  private(set) var index = 0
  private var depth = 0
  var groupNames: Set<String> = []
  /// The group whose place is asked for.
  let wantedGroup: String?

  private static let maximumDepth = 60
  private static let largestCount = 1000

  /// - Parameter wantedGroup: the name of the group whose place is asked for.
  /// - Throws: `PatternProblem`.
  static func parse(_ source: String, wantedGroup: String? = nil) throws -> PatternNode {
    var parser = PatternParser(source: Array(source.unicodeScalars), wantedGroup: wantedGroup)
    let ignoresCase = try parser.globalFlags()
    let node = try parser.choice(ignoringCase: ignoresCase)
    guard parser.next == nil else { throw PatternProblem.python("a closing parenthesis without an opening one") }
    if wantedGroup != nil, node.repeatsNothing {
      throw PatternProblem.unsupported("a repetition of what may match nothing")
    }
    return node
  }

  private init(source: [Unicode.Scalar], wantedGroup: String?) {
    self.source = source
    self.wantedGroup = wantedGroup
  }

  // MARK: Characters of the expression

  var next: Unicode.Scalar? { index < source.count ? source[index] : nil }

  mutating func take() -> Unicode.Scalar? {
    guard let scalar = next else { return nil }
    index += 1
    return scalar
  }

  mutating func take(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard source[index...].starts(with: scalars) else { return false }
    index += scalars.count
    return true
  }

  mutating func take(atMost limit: Int = .max, while isWanted: (Unicode.Scalar) -> Bool) -> String {
    var text = String.UnicodeScalarView()
    while text.count < limit, let scalar = next, isWanted(scalar) {
      text.append(scalar)
      index += 1
    }
    return String(text)
  }

  // MARK: Alternatives and sequences

  /// What stands before the end or a closing parenthesis.
  mutating func choice(ignoringCase: Bool) throws -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw PatternProblem.unsupported("groups nested \(depth) deep") }
    var parts = [try sequence(ignoringCase)]
    while take("|") { parts.append(try sequence(ignoringCase)) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence(_ ignoringCase: Bool) throws -> PatternNode {
    var items: [Item] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      index += 1
      switch scalar {
      case "*": try quantify(&items, Quantifier(text: "*", minimum: 0, maximum: nil))
      case "+": try quantify(&items, Quantifier(text: "+", minimum: 1, maximum: nil))
      case "?": try quantify(&items, Quantifier(text: "?", minimum: 0, maximum: 1))
      case "{":
        if let quantifier = try braces() {
          try quantify(&items, quantifier)
        } else {
          items.append(Item(try literal(scalar, ignoringCase)))
        }
      case "(": if let group = try group(ignoringCase) { items.append(Item(group)) }
      case "[": items.append(Item(.character(try characterClass(ignoringCase))))
      case ".": items.append(Item(.character(ASCIISet("\n").inverted)))
      case "^": items.append(Item(.place(.start), isRepeatable: false))
      case "$": items.append(Item(.place(.end), isRepeatable: false))
      case "\\":
        let node = try escape(ignoringCase)
        if case .place = node {
          items.append(Item(node, isRepeatable: false))
        } else {
          items.append(Item(node))
        }
      default: items.append(Item(try literal(scalar, ignoringCase)))
      }
    }
    return items.count == 1 ? items[0].node : .sequence(items.map(\.node))
  }

  private func literal(_ scalar: Unicode.Scalar, _ ignoringCase: Bool) throws -> PatternNode {
    let byte = try Self.ascii(scalar.value)
    return .character(ASCIISet(byte...byte).ignoringCase(ignoringCase))
  }

  static func ascii(_ value: UInt32) throws -> UInt8 {
    guard value < 128 else {
      let name = Unicode.Scalar(value).map { quoted(String($0)) } ?? String(value)
      throw PatternProblem.unsupported("the character \(name)", "names of modules are ASCII; leave it out")
    }
    return UInt8(value)
  }

  // MARK: Quantifiers

  /// A part of a sequence, and whether a quantifier may follow.
  private struct Item {
    var node: PatternNode
    var isRepeatable: Bool
    var isQuantified = false

    init(_ node: PatternNode, isRepeatable: Bool = true) {
      self.node = node
      self.isRepeatable = isRepeatable
    }
  }

  private struct Quantifier {
    let text: String
    let minimum: Int
    let maximum: Int?
  }

  /// The rest of `{n}`, `{n,}`, `{,m}` or `{n,m}`; nil where the brace stands for itself.
  private mutating func braces() throws -> Quantifier? {
    guard next != "}" else { return nil }
    let start = index
    let low = take(while: Self.isDigit)
    let isRange = take(",")
    let high = isRange ? take(while: Self.isDigit) : low
    guard take("}") else {
      index = start
      return nil
    }
    let text = "{\(low)\(isRange ? "," + high : "")}"
    func number(_ digits: String) throws -> Int? {
      if digits.isEmpty { return nil }
      guard let number = Int(digits), number <= Self.largestCount else {
        throw PatternProblem.unsupported("the quantifier \(quoted(text))", "repeat at most \(Self.largestCount) times")
      }
      return number
    }
    let (minimum, maximum) = (try number(low) ?? 0, try number(high))
    if let maximum, maximum < minimum {
      throw PatternProblem.python("the quantifier \(quoted(text)), which ends before it begins")
    }
    return Quantifier(text: text, minimum: minimum, maximum: maximum)
  }

  private mutating func quantify(_ items: inout [Item], _ quantifier: Quantifier) throws {
    guard let last = items.last, last.isRepeatable else {
      throw PatternProblem.python("the quantifier \(quoted(quantifier.text)) with nothing to repeat")
    }
    guard !last.isQuantified else {
      throw PatternProblem.python("the quantifier \(quoted(quantifier.text)) after another one")
    }
    let isLazy = take("?")
    let isPossessive = !isLazy && take("+")
    var node = PatternNode.repetition(
      last.node, minimum: quantifier.minimum, maximum: quantifier.maximum, isLazy: isLazy)
    if isPossessive { node = try Self.atomic(node, "the quantifier \(quoted(quantifier.text + "+"))") }
    items[items.count - 1] = Item(node)
    items[items.count - 1].isQuantified = true
  }

  static func atomic(_ node: PatternNode, _ name: String) throws -> PatternNode {
    if node.repeatsNothing {
      throw PatternProblem.unsupported("\(name) around a repetition of what may match nothing")
    }
    return .atomic(node)
  }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
