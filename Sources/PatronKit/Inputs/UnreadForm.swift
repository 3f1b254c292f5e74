import JSON

/// Forms of text that would be taken for prose, by their names or beginnings. The answers say what was found; nil for
/// anything else.
enum UnreadForm {
  /// Names of columns by which a table of rows is recognised.
  private static let columns: Set<String> = [
    "statement", "funding_statement", "statements", "predicted_statements", "funding_statements", "article", "text",
    "full_text", "funder_name",
  ]

  /// Comma- or tab-separated values.
  static func table(_ contents: [UInt8], id: String) -> String? {
    let ending = [".csv", ".tsv"].first { id.lowercased().hasSuffix($0) }
    if let ending { return "found a table (\(ending))" }
    let line = beginning(of: contents).prefix { $0 != 0x0A && $0 != 0x0D }
    let cells = line.split { [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09].contains($0) }.map { cell in
      String(decoding: cell, as: UTF8.self).filter { $0 != "\"" }.lowercased()
    }
    // Names of columns are single words; prose has spaces.
    let areNames = cells.allSatisfy { !$0.contains(" ") && $0.utf8.count < 40 }
    guard cells.count > 1, areNames, cells.contains(where: columns.contains) else { return nil }
    return "found a table with the columns \(cells.prefix(5).joined(separator: ", "))\(cells.count > 5 ? ", …" : "")"
  }

  /// XML and HTML.
  static func markup(_ contents: [UInt8], id: String) -> String? {
    let ending = [".xml", ".html", ".htm"].first { id.lowercased().hasSuffix($0) }
    let start = String(decoding: beginning(of: contents).prefix(16), as: UTF8.self).lowercased()
    let isMarked = ["<?xml", "<!doctype", "<html"].contains { start.hasPrefix($0) }
    return ending != nil || isMarked ? "found markup (\(ending ?? "XML or HTML"))" : nil
  }

  private static func beginning(of contents: [UInt8]) -> ArraySlice<UInt8> {
    contents.dropFirst(contents.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0).drop(while: JSONLines.isWhitespace)
  }
}
