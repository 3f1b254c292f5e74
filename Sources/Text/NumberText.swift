import Foundation

/// Numbers as people read them.
package enum NumberText {
  /// The size of a file: `12.5 kB`, `98.4 MB`, `16.1 GB`.
  package static func fileSize(_ byteCount: Int) -> String {
    let value = Double(byteCount)
    if value >= 1e9 { return String(format: "%.1f GB", value / 1e9) }
    if value >= 1e6 { return String(format: "%.1f MB", value / 1e6) }
    return String(format: "%.1f kB", value / 1e3)
  }

  /// An amount of memory: `768 MiB`, `23.3 GiB`.
  package static func memory(_ byteCount: Int) -> String {
    byteCount >= 1 << 30
      ? String(format: "%.1f GiB", Double(byteCount) / Double(1 << 30))
      : String(format: "%.0f MiB", Double(byteCount) / Double(1 << 20))
  }

  /// `1234567` as `1,234,567`.
  package static func grouped(_ number: Int, separator: Character = ",", minus: Character = "-") -> String {
    var digits = Array(String(number.magnitude))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(separator, at: place)
      place -= 3
    }
    return (number < 0 ? String(minus) : "") + String(digits)
  }
}
