import Generation
import Text

@testable import Constraints

/// The rules of `CopyEdges`, place by place.
extension Reference.SourceText {
  private func scalar(_ index: Int) -> Unicode.Scalar? { scalars.indices.contains(index) ? scalars[index] : nil }

  func mayStart(_ index: Int, _ edges: CopyEdges) -> Bool {
    guard scalars[index].isVisibleHere else { return false }
    if edges == .anywhere { return true }
    if let value = valueEdges[edges] { return value.starts[index] }
    if let before = scalar(index - 1), before.isWordHere && scalars[index].isWordHere || scalars[index].isMarkHere {
      return false
    }
    switch edges {
    case .anywhere, .words, .names, .awardIDs: return true
    case .lines: return startsLine(index)
    case .sentences: return startsLine(index) || startsSentence(index)
    }
  }

  private func lineBefore(_ index: Int) -> ArraySlice<Unicode.Scalar> {
    let start = scalars[..<index].lastIndex(where: \.breaksLineHere).map { $0 + 1 } ?? 0
    return scalars[start..<index]
  }

  private func startsLine(_ index: Int) -> Bool {
    let words = lineBefore(index).split { !$0.isVisibleHere }
    // The last character before must be invisible: words end there.
    if let last = lineBefore(index).last, last.isVisibleHere { return false }
    return words.count <= 3 && words.allSatisfy { !$0.contains { $0.properties.isAlphabetic } }
  }

  private func startsSentence(_ index: Int) -> Bool {
    var place = index - 1
    while let before = scalar(place), !before.isVisibleHere, !before.breaksLineHere { place -= 1 }
    guard let before = scalar(place), before.isVisibleHere else { return false }
    let hasSpace = place < index - 1
    if before == ":" { return hasSpace }
    return sentenceEnds(place + 1).map { $0 == .withoutSpace || hasSpace } ?? false
  }

  private enum Ending { case withSpace, withoutSpace }

  /// Whether terminator and closers end before `index`. All closers belong to it: another one must not follow.
  private func sentenceEnds(_ index: Int) -> Ending? {
    let closers = "\"')]}*_”’»›」』）】".unicodeScalars
    if let next = scalar(index), closers.contains(next) { return nil }
    var place = index - 1
    while let before = scalar(place), closers.contains(before) { place -= 1 }
    guard let terminator = scalar(place) else { return nil }
    if "。！？｡".unicodeScalars.contains(terminator) { return .withoutSpace }
    if terminator == ".", isAbbreviated(place, before: index) { return nil }
    return ".!?…".unicodeScalars.contains(terminator) ? .withSpace : nil
  }

  /// Whether the full stop at `stop`, with closers up to `index`, ends an abbreviation or stands before a lower-case
  /// letter. The last one of a line ends a sentence whatever it belongs to.
  private func isAbbreviated(_ stop: Int, before index: Int) -> Bool {
    let rest = scalars[index...].prefix { !$0.breaksLineHere }
    guard let next = rest.first(where: \.isVisibleHere) else { return false }
    if next.properties.isLowercase { return true }
    let letters = lineBefore(stop).suffix(8).reversed().prefix { $0 == "." || $0.properties.isAlphabetic }
    let word = String(String.UnicodeScalarView(letters.reversed()))
    if word.first?.isUppercase == true,
      word.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ $0.count == 1 })
    {
      return true
    }
    return TextBoundaries.abbreviations.contains(word.lowercased())
  }

  func mayEnd(_ index: Int, _ edges: CopyEdges) -> Bool {
    guard let before = scalar(index - 1), before.isVisibleHere else { return false }
    if edges == .anywhere { return true }
    if let value = valueEdges[edges] { return value.ends[index] }
    if let next = scalar(index), before.isWordHere && next.isWordHere || next.isMarkHere { return false }
    let rest = scalars[index...]
    let endsLine = rest.prefix { !$0.breaksLineHere }.allSatisfy { !$0.isVisibleHere }
    switch edges {
    case .anywhere, .words, .names, .awardIDs: return true
    case .lines: return endsLine
    case .sentences:
      if endsLine { return true }
      return sentenceEnds(index).map { $0 == .withoutSpace || !scalars[index].isVisibleHere } ?? false
    }
  }
}
