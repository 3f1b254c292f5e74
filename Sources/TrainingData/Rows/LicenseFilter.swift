/// Which rows may be used, by what their `license` says.
public enum LicenseFilter: String, Sendable, CaseIterable {
  /// All rows.
  case none
  /// Leaves out rows whose licence forbids commercial use (NC) or changes (ND); rows that state none stay.
  case open

  /// Wherever in the text NC or ND stands as a word of its own: a licence of the article, the repository or the data
  /// card, by its name or its address.
  public func accepts(_ license: String?) -> Bool {
    guard self == .open, let license else { return true }
    // Letters only: a version may follow without a space, as in `BY-NC4.0`.
    let words = license.lowercased().split { !$0.isLetter }
    if words.contains(where: { ["nc", "nd", "noncommercial", "noderivatives", "noderivs"].contains($0) }) {
      return false
    }
    return !zip(words, words.dropFirst()).contains { first, second in
      first == "non" && second == "commercial" || first == "no" && ["derivatives", "derivs"].contains(second)
    }
  }

  /// Whether a row names a licence; `not stated` and the like are none, whatever is said of the repository behind it.
  static func isStated(_ license: String?) -> Bool {
    let words = (license ?? "").lowercased().split { !$0.isLetter }
    guard let first = words.first else { return false }
    return first != "unknown" && !(words.count > 1 && ["not", "none"].contains(first) && words[1] == "stated")
  }
}
