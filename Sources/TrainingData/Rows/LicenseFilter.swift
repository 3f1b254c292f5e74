/// Which rows may be used, by what their `license` says.
public enum LicenseFilter: String, Sendable, CaseIterable {
  /// All rows.
  case none
  /// Leaves out rows whose licence forbids commercial use (NC) or changes (ND); rows that state none stay.
  case open

  public func accepts(_ license: String?) -> Bool {
    guard self == .open, let license else { return true }
    let words = license.lowercased().split { !($0.isLetter || $0.isNumber) }
    if words.contains(where: { ["nc", "nd", "noncommercial", "noderivatives", "noderivs"].contains($0) }) {
      return false
    }
    return !zip(words, words.dropFirst()).contains { first, second in
      first == "non" && second == "commercial" || first == "no" && ["derivatives", "derivs"].contains(second)
    }
  }
}
