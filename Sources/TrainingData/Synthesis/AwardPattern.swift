/// The shape of a funder's award ids, such as `R01[ |-]CA######`.
///
/// `#` is a digit and `@` a capital letter; `[a|b]` is one of the alternatives, which may be empty or nested; `20##`
/// with nothing like it around is a year, `&` the last two digits of one; `\` takes the next character as it is.
struct AwardPattern: Sendable, Equatable {
  private indirect enum Node: Sendable, Equatable {
    case text(Character)
    case digit, letter, year, shortYear
    case choice([[Node]])
  }

  private let nodes: [Node]

  /// - Throws: `DataError.unreadableFile` for a bracket without its partner.
  init(_ pattern: String) throws(DataError) {
    var rest = Array(pattern)[...]
    nodes = try Self.sequence(&rest, isNested: false)
    guard rest.isEmpty else { throw Self.unbalanced(pattern) }
  }

  private static func unbalanced(_ pattern: String) -> DataError {
    DataError(.unreadableFile, "the award pattern \(pattern): found a bracket without its partner")
  }

  /// Reads up to the end, or to `|` or `]` in a choice.
  private static func sequence(_ rest: inout ArraySlice<Character>, isNested: Bool) throws(DataError) -> [Node] {
    var nodes: [Node] = []
    while let first = rest.first {
      if isNested, first == "|" || first == "]" { break }
      if rest.starts(with: "20##"), !isNumeric(nodes.last), !rest.dropFirst(4).starts(with: "#") {
        nodes.append(.year)
        rest = rest.dropFirst(4)
        continue
      }
      rest.removeFirst()
      switch first {
      case "#": nodes.append(.digit)
      case "@": nodes.append(.letter)
      case "&": nodes.append(.shortYear)
      case "\\": if let next = rest.popFirst() { nodes.append(.text(next)) }
      case "]": throw unbalanced("…]" + String(rest))
      case "[":
        var alternatives = [try sequence(&rest, isNested: true)]
        while rest.first == "|" {
          rest.removeFirst()
          alternatives.append(try sequence(&rest, isNested: true))
        }
        guard rest.popFirst() == "]" else { throw unbalanced("[…") }
        nodes.append(.choice(alternatives))
      default: nodes.append(.text(first))
      }
    }
    return nodes
  }

  private static func isNumeric(_ node: Node?) -> Bool {
    switch node {
    case .digit, .year, .shortYear: true
    case .text(let character): character.isNumber
    default: false
    }
  }

  /// An id of this shape.
  func id(_ random: inout DataRandom) -> String {
    var text = ""
    Self.write(nodes, to: &text, &random)
    return text
  }

  private static func write(_ nodes: [Node], to text: inout String, _ random: inout DataRandom) {
    for node in nodes {
      switch node {
      case .text(let character): text.append(character)
      case .digit: text += String(random.below(10))
      case .letter: text.unicodeScalars.append(Unicode.Scalar(UInt8(65 + random.below(26))))
      case .year: text += String(random.number(in: 2003...2024))
      case .shortYear: text += String(String(random.number(in: 2003...2024)).suffix(2))
      case .choice(let alternatives): write(random.pick(alternatives), to: &text, &random)
      }
    }
  }
}
