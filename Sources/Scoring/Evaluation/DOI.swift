import Foundation
import Text

/// A DOI in the one form by which rows of two files are joined: `10.prefix/suffix` in lower case.
///
/// People write a DOI with a word or a link before it, encoded for a link, and with the punctuation of a sentence
/// behind it. The files keep what they hold; only the comparison uses this form.
struct DOI {
  /// For example `10.1000/182`.
  let name: String
  /// What stood before it, in lower case and without white space around it.
  private let prefix: String

  /// The first DOI in a text; nil if there is none.
  ///
  ///     DOI("doi: https://www.doi.org/10.1016/S0140-6736%2806%2930012-9.")?.name
  ///     // "10.1016/s0140-6736(06)30012-9"
  ///
  /// Percent-encoding is undone once, also outside of links. A query or a fragment of a link is no part of the DOI.
  init?(_ text: String) {
    let text = Self.withoutMarkup(text)
    guard let start = Self.start(in: text) else { return nil }
    prefix = PythonText.strip(String(text[..<start])).lowercased()
    var name = text[start...]
    if prefix.contains("/") { name = name.prefix { $0 != "?" && $0 != "#" } }
    let decoded = name.removingPercentEncoding ?? String(name)
    self.name = Self.withoutEndOfSentence(decoded.lowercased())
    guard let slash = self.name.firstIndex(of: "/"), self.name.index(after: slash) < self.name.endIndex else {
      return nil
    }
  }

  /// Whether nothing but the usual words and links stood before the DOI: the text is a DOI, and does not only hold one,
  /// as the path of a file may.
  var isWholeText: Bool { Self.withoutUsualWords(prefix[...]).isEmpty }

  /// The name of the text's DOI; without one, what is left of the text in lower case when the usual words before a DOI
  /// are taken off, such as another identifier. Nil if nothing is left.
  static func joinedName(_ text: String) -> String? {
    if let doi = DOI(text) { return doi.name }
    let rest = PythonText.strip(withoutUsualWords(PythonText.strip(withoutMarkup(text)).lowercased()[...]))
    return rest.isEmpty ? nil : String(rest)
  }

  /// Where `10.`, digits and a slash begin, not inside a number. The slash may be encoded.
  private static func start(in text: String) -> String.Index? {
    text.matches(of: /10(?:\.[0-9]+)+(?:\/|%2[Ff])/).lazy.map(\.range.lowerBound).first { start in
      guard start > text.startIndex else { return true }
      let before = text[text.index(before: start)]
      return before != "." && !before.isNumber
    }
  }

  /// Without characters that are not seen. The references of XML and encoded spaces become what they stand for.
  private static func withoutMarkup(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where !PythonText.isWhitespace(scalar), .format: continue
      default: scalars.append(scalar)
      }
    }
    return [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("%20", " ")]
      .reduce(String(scalars)) { $0.replacing($1.0, with: $1.1) }
  }

  /// What people and programs write before a DOI.
  private static let usualWords = [
    "https:", "http:", "www.", "dx.", "doi.org", "doi", "info:", "urn:", "/", ":", "=", "<", "(", "[", "{", "\"", "'",
    "“", "‘", "：",
  ]

  private static func withoutUsualWords(_ text: Substring) -> Substring {
    var text = PythonText.strip(text)
    while let word = usualWords.first(where: { text.hasPrefix($0) }) {
      text = PythonText.strip(text.dropFirst(word.count))
    }
    return text
  }

  /// Without white space, punctuation, quotes and slashes at the end, and without closing brackets that close nothing
  /// in the name.
  private static func withoutEndOfSentence(_ name: String) -> String {
    let openings: [Character: Character] = [")": "(", "]": "[", "}": "{", ">": "<"]
    var name = PythonText.strip(name[...])
    while let last = name.last {
      if let opening = openings[last] {
        guard name.count(where: { $0 == last }) > name.count(where: { $0 == opening }) else { break }
      } else if !".,;:/\"'”’»".contains(last) {
        break
      }
      name = PythonText.strip(name.dropLast())
    }
    return String(name)
  }
}
