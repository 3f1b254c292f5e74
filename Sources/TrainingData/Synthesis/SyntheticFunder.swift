/// A funder that synthetic statements may name.
struct SyntheticFunder: Sendable, Equatable {
  /// Without article.
  var name: String
  /// Whether texts put "the" before the name.
  var takesArticle: Bool
  var acronym: String?
  /// Funders of one country are named together more often.
  var country: String
  var awards: [AwardPattern]
  var schemes: [String]

  /// Reads a list: a funder a line, with the columns name, acronym, country, shapes of award ids (`AwardPattern`) and
  /// schemes, parted by tabs; several shapes or schemes are parted by `; `. All but the name may be empty or left out.
  /// "the" before the name says that texts put it there. Empty lines and lines that begin with `//` are passed over.
  ///
  /// - Parameter path: what messages call the list.
  /// - Throws: `DataError.unreadableFile` that names the line.
  static func list(_ text: String, path: String) throws(DataError) -> [SyntheticFunder] {
    var funders: [SyntheticFunder] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map { trimmed($0) }
      guard let first = columns.first, !first.isEmpty, !first.hasPrefix("//") else { continue }
      guard columns.count <= 5 else {
        throw DataError(
          .unreadableFile,
          "\(path):\(index + 1): found \(columns.count) columns, expected at most 5: name, acronym, country, award-id shapes, "
            + "schemes")
      }
      func column(_ number: Int) -> String { columns.count > number ? columns[number] : "" }
      func list(_ number: Int) -> [String] {
        column(number).split(separator: ";").map { trimmed($0) }.filter { !$0.isEmpty }
      }
      let takesArticle = (first.lowercased() + " ").hasPrefix("the ")
      let name = takesArticle ? trimmed(first.dropFirst(3)) : first
      guard !name.isEmpty else {
        throw DataError(.unreadableFile, "\(path):\(index + 1): found no name behind the article")
      }
      var awards: [AwardPattern] = []
      for pattern in list(3) {
        do throws(DataError) { awards.append(try AwardPattern(pattern)) } catch {
          throw DataError(.unreadableFile, "\(path):\(index + 1): \(error.message)")
        }
      }
      funders.append(
        SyntheticFunder(
          name: name, takesArticle: takesArticle, acronym: column(1).isEmpty ? nil : column(1), country: column(2),
          awards: awards, schemes: list(4)))
    }
    guard !funders.isEmpty else {
      throw DataError(.unreadableFile, "\(path): found no funders; expected one a line, its name in the first column")
    }
    return funders
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var text = text[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }

  static let builtIn = Result { try list(builtInList, path: "the built-in list of funders") }
}
