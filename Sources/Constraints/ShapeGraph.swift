import Generation

/// A shape as a graph of positions between bytes. Lists are loops in it; how often they may run is kept by whoever
/// walks it.
struct ShapeGraph {
  /// Lists inside one another.
  static let mostListLevels = 4
  static let mostPositions = 1 << 15

  /// What a byte does to the lists around it.
  enum Event: Hashable {
    case none
    /// `[`: a list of at most so many items begins.
    case open(limit: Int32)
    /// `,` between items.
    case next
    /// `]`
    case close
  }

  struct Edge {
    var byte: UInt8
    var target: Int
    var event = Event.none
  }

  /// A place in the text of the shape.
  enum Position {
    /// One of these bytes follows; without any, the text is complete.
    case edges([Edge])
    /// After `:` or `,`: perhaps a space, then what follows at the target.
    case space(Int)
    /// Inside a string; a quote leads to the target.
    case string(StringContent, Int)
  }

  private(set) var positions: [Position] = [.edges([])]
  private(set) var start = 0
  /// The contents of the shape's strings.
  private(set) var contents: Set<StringContent> = []
  /// For each position the length of the best way to the end, strings left empty.
  private(set) var distances: [Int] = []

  /// - Parameter impossible: contents that no string can have; what would need them is left out.
  /// - Throws: `ConstraintError` with code `shape`.
  init(_ shape: OutputShape, without impossible: Set<StringContent> = []) throws(ConstraintError) {
    start = try add(shape, next: 0, level: 0)
    findDistances(without: impossible)
    for (index, position) in positions.enumerated() {
      guard case .edges(let edges) = position else { continue }
      positions[index] = .edges(edges.filter { distances[$0.target] < Self.unreachable })
    }
    guard distances[start] < Self.unreachable else {
      throw ConstraintError(.shape, "the shape needs a copied string, and there is nothing to copy")
    }
  }

  // MARK: Building, from the end to the beginning. Each function returns the position where its part begins.

  private mutating func add(_ position: Position) throws(ConstraintError) -> Int {
    guard positions.count < Self.mostPositions else {
      throw ConstraintError(.shape, "the shape needs more than \(Self.mostPositions) positions")
    }
    positions.append(position)
    return positions.count - 1
  }

  private mutating func add(_ shape: OutputShape, next: Int, level: Int) throws(ConstraintError) -> Int {
    switch shape {
    case .object(let members):
      guard Set(members.map { Array($0.key.utf8) }).count == members.count else {
        throw ConstraintError(.shape, "an object of the shape has a key twice: \(members.map(\.key))")
      }
      var place = try add(literal: [UInt8(ascii: "}")], next: next)
      for (index, member) in members.enumerated().reversed() {
        let afterKey = try add(member.value, next: place, level: level)
        let value = try add(.space(afterKey))
        let key = [UInt8(ascii: "\"")] + JSONEscape.bytes(of: member.key) + Array("\":".utf8)
        place = try add(literal: key, next: value)
        if index > 0 {
          let space = try add(.space(place))
          place = try add(literal: [UInt8(ascii: ",")], next: space)
        }
      }
      return try add(literal: [UInt8(ascii: "{")], next: place)

    case .array(let item, let limit):
      guard level < Self.mostListLevels, (0...Int(UInt16.max)).contains(limit) else {
        throw ConstraintError(
          .shape,
          "found a list of at most \(limit) items in \(level) others, expected 0 to 65535 items and at most "
            + "\(Self.mostListLevels) lists inside one another")
      }
      let close = Edge(byte: UInt8(ascii: "]"), target: next, event: .close)
      let afterItem = try add(.edges([]))
      let first = try add(item, next: afterItem, level: level + 1)
      let afterSeparator = try add(.space(first))
      let separator = Edge(byte: UInt8(ascii: ","), target: afterSeparator, event: .next)
      positions[afterItem] = .edges(limit > 1 ? [separator, close] : [close])
      let afterOpening = try add(.edges(limit > 0 ? [close] + edges(at: first) : [close]))
      return try add(
        .edges([Edge(byte: UInt8(ascii: "["), target: afterOpening, event: .open(limit: Int32(limit)))]))

    case .string(let content):
      contents.insert(content)
      let inside = try add(.string(content, next))
      return try add(literal: [UInt8(ascii: "\"")], next: inside)

    case .nullOr(let shape):
      let null = try add(literal: Array("null".utf8), next: next)
      let value = try add(shape, next: next, level: level)
      guard !edges(at: value).contains(where: { $0.byte == UInt8(ascii: "n") }) else {
        throw ConstraintError(.shape, "null is allowed twice at one place of the shape")
      }
      return try add(.edges(edges(at: null) + edges(at: value)))
    }
  }

  private mutating func add(literal bytes: [UInt8], next: Int) throws(ConstraintError) -> Int {
    var place = next
    for byte in bytes.reversed() { place = try add(.edges([Edge(byte: byte, target: place)])) }
    return place
  }

  /// The edges of a position where a value begins.
  private func edges(at position: Int) -> [Edge] {
    if case .edges(let edges) = positions[position] { edges } else { [] }
  }

  // MARK: Ways to the end

  /// A string costs more than `null` or nothing, since there is nothing to put into it.
  private static let stringCost = 16

  private static let unreachable = Int.max / 2

  private mutating func findDistances(without impossible: Set<StringContent>) {
    distances = Array(repeating: Self.unreachable, count: positions.count)
    distances[0] = 0
    // Most positions come after those that they lead to: few rounds.
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for (index, position) in positions.enumerated().dropFirst() {
        let distance: Int
        switch position {
        case .edges(let edges): distance = (edges.map { distances[$0.target] }.min() ?? Self.unreachable) + 1
        case .space(let target): distance = distances[target]
        case .string(let content, let target):
          distance = impossible.contains(content) ? Self.unreachable : distances[target] + Self.stringCost
        }
        if distance < distances[index] {
          distances[index] = distance
          hasChanged = true
        }
      }
    }
  }

  /// The best way to the end from between characters of a string or outside of any; strings that it opens stay empty.
  /// - Parameter hasSpaces: whether a space follows each `:` and `,`.
  func closing(from position: Int, hasSpaces: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    var place = position
    while place != 0 {
      switch positions[place] {
      case .edges(let edges):
        guard let edge = edges.min(by: { distances[$0.target] < distances[$1.target] }) else { return bytes }
        bytes.append(edge.byte)
        place = edge.target
      case .space(let target):
        if hasSpaces { bytes.append(0x20) }
        place = target
      case .string(_, let target):
        bytes.append(UInt8(ascii: "\""))
        place = target
      }
    }
    return bytes
  }
}
