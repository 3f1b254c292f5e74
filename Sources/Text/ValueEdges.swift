/// Where a value may begin and end in a text.
///
/// The rules look at classes of characters, not at words of a language, because they must hold where spaces were lost
/// and in scripts that have none.
package struct ValueEdges: Equatable, Sendable {
  /// For each character whether a value may begin with it.
  package internal(set) var starts: [Bool]
  /// `ends[i]`: whether one may end before character i. One longer than the text.
  package internal(set) var ends: [Bool]

  /// Whole words and numbers: neither begins nor ends between two letters or digits, nor before a mark.
  package static func words(in text: [Unicode.Scalar]) -> ValueEdges {
    var starts = Array(repeating: true, count: text.count)
    for index in text.indices.dropFirst() { starts[index] = !WordCharacter.areJoined(text[index - 1], text[index]) }
    return ValueEdges(starts: starts, ends: starts + [true])
  }

  /// What is a place for a beginning and an end alike.
  mutating func set(_ index: Int, _ isEdge: Bool) {
    starts[index] = isEdge
    ends[index] = isEdge
  }
}

/// A run of letters or of digits.
struct CharacterRun {
  var range: Range<Int>
  var isDigits: Bool
  /// Whether letters or digits touch it on the left and on the right.
  var touchesLeft: Bool
  var touchesRight: Bool

  /// The runs of a text in order.
  static func all(in classes: [WordCharacter?]) -> [CharacterRun] {
    var runs: [CharacterRun] = []
    var index = 0
    while index < classes.count {
      guard let first = classes[index] else {
        index += 1
        continue
      }
      let start = index
      let isDigits = first == .digit
      index += 1
      while index < classes.count, let next = classes[index], (next == .digit) == isDigits { index += 1 }
      let touchesLeft = start > 0 && classes[start - 1] != nil
      runs.append(
        CharacterRun(
          range: start..<index, isDigits: isDigits, touchesLeft: touchesLeft,
          touchesRight: index < classes.count && classes[index] != nil))
    }
    return runs
  }

  /// The classes of a text; a mark has the one of what it stands on, nil on what is no letter.
  static func classes(of text: [Unicode.Scalar]) -> [WordCharacter?] {
    var classes: [WordCharacter?] = []
    classes.reserveCapacity(text.count)
    for scalar in text {
      let own = WordCharacter(scalar)
      classes.append(own == .mark ? classes.last ?? nil : own)
    }
    return classes
  }
}
