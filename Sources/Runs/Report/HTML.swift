import Foundation
import JSON
import Text

/// Text on its way into a page.
enum HTML {
  /// The text as element content or quoted attribute value: whatever it holds, it stays text.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(visible(scalar))
      }
    }
    return result
  }

  /// The text without control characters and those that turn the direction of the text around them.
  static func visible(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map(visible)))
  }

  private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x09, 0x0A: scalar
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: "\u{FFFD}"
    default: scalar
    }
  }

  /// JSON inside a `script` element: nothing in it can end the element.
  static func embedded(_ json: JSON) -> String {
    json.text().replacing("<", with: "\\u003c").replacing(">", with: "\\u003e").replacing("&", with: "\\u0026")
  }

  /// The first `limit` characters, and how many were left out.
  static func excerpt(_ text: String, limit: Int = 4_000) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > limit else { return escaped(text) }
    let more = "<span class=\"more\"> … \(scalars.count - limit) more characters</span>"
    return escaped(String(scalars.prefix(limit))) + more
  }

  static func table(_ headers: [String], _ rows: [[String]], classes: String = "") -> String {
    let head = headers.isEmpty ? "" : "<thead><tr>" + headers.map { "<th>\($0)</th>" }.joined() + "</tr></thead>"
    let body = rows.map { "<tr>" + $0.map { "<td>\($0)</td>" }.joined() + "</tr>" }.joined(separator: "\n")
    return "<div class=\"scroll\"><table class=\"\(classes)\">\(head)<tbody>\(body)</tbody></table></div>"
  }

  // MARK: Any JSON value

  /// A value that is not known beforehand: names with values, objects of one kind as a table, nested as they are.
  static func value(_ json: JSON, depth: Int = 0) -> String {
    guard depth < 6 else { return excerpt(json.text(), limit: 300) }
    switch json {
    case .object(let object) where !object.isEmpty:
      let members = object.members
      // Objects by name, such as counts per task: a row each.
      if members.count > 1, members.allSatisfy({ $0.value.object?.members.allSatisfy { isPlain($0.value) } ?? false }) {
        return records(members.map { (label($0.key), $0.value) }, depth: depth)
      }
      return facts(members, depth: depth)
    case .array(let elements) where elements.contains { $0.object != nil }:
      return records(elements.map { (nil, $0) }, depth: depth)
    case .array(let elements):
      let shown = elements.prefix(50).map(plain).joined(separator: ", ")
      return elements.count > 50 ? shown + ", … \(elements.count - 50) more" : elements.isEmpty ? none : shown
    default: return plain(json)
    }
  }

  private static let none = "<span class=\"quiet\">none</span>"

  private static func isPlain(_ json: JSON) -> Bool { json.object == nil && json.array?.isEmpty != false }

  /// Names and values: the short ones in columns, what needs room below.
  private static func facts(_ members: [(key: String, value: JSON)], depth: Int) -> String {
    let members = members.prefix(300)
    func isSmall(_ json: JSON) -> Bool { json.object == nil && json.array?.contains { $0.object != nil } != true }
    let small = members.filter { isSmall($0.value) }.map {
      "<div><dt>\(label($0.key))</dt><dd>\(value($0.value, depth: depth + 1))</dd></div>"
    }
    let large = members.filter { !isSmall($0.value) }.map {
      "<h4>\(label($0.key))</h4>\(value($0.value, depth: depth + 1))"
    }
    return (small.isEmpty ? "" : "<dl class=\"facts\">\(small.joined())</dl>") + large.joined(separator: "\n")
  }

  /// Objects of one kind as the rows of a table, in front of each its name if it has one.
  private static func records(_ elements: [(name: String?, value: JSON)], depth: Int) -> String {
    var keys: [String] = []
    for element in elements.prefix(200) {
      for key in element.value.object?.keys ?? [] where keys.count < 16 && !keys.contains(key) { keys.append(key) }
    }
    let isNamed = elements.contains { $0.name != nil }
    let rows = elements.prefix(200).map { name, object in
      (isNamed ? [name ?? ""] : []) + keys.map { object[$0].map { value($0, depth: depth + 1) } ?? "" }
    }
    let more = elements.count > 200 ? "<p class=\"quiet\">\(elements.count - 200) more</p>" : ""
    return table((isNamed ? [""] : []) + keys.map(label), rows) + more
  }

  private static func plain(_ json: JSON) -> String {
    switch json {
    case .null: "<span class=\"quiet\">–</span>"
    case .bool(let value): value ? "yes" : "no"
    case .string(let text) where text.isEmpty: "<span class=\"quiet\">empty</span>"
    case .string(let text) where isHash(text): "<code title=\"\(text)\">\(text.prefix(12))…</code>"
    case .string(let text): excerpt(text, limit: 300)
    case .number(let number):
      "<span class=\"number\">\(escaped(number.int.map(Figures.count) ?? number.literal))</span>"
    default: excerpt(json.text(), limit: 300)
    }
  }

  private static func isHash(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func label(_ key: String) -> String { escaped(key.replacing("_", with: " ").prefix(100)) }
}

/// Numbers, times and durations as people read them.
enum Figures {
  /// Four significant digits.
  static func value(_ number: Double) -> String {
    guard number.isFinite else { return "not finite" }
    if number == 0 { return "0" }
    let size = abs(number)
    if size >= 1e6 || size < 1e-3 { return trimmed(String(format: "%.3e", number)) }
    let digits = max(0, 3 - Int(log10(size).rounded(.down)))
    let text = String(format: "%.\(digits)f", number)
    guard text.contains(".") else { return text }
    return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
  }

  /// `2.500e-05` → `2.5e-5`
  private static func trimmed(_ text: String) -> String {
    let parts = text.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return text }
    let mantissa = String(parts[0].reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    return "\(mantissa)e\(exponent)"
  }

  /// `1234567` → `1 234 567`, with narrow spaces.
  static func count(_ number: Int) -> String {
    NumberText.grouped(number, separator: "\u{202F}", minus: "−")
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e10 else { return "–" }
    let whole = Int(seconds.rounded())
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    if hours >= 48 { return "\(hours / 24) d \(hours % 24) h" }
    if hours > 0 { return "\(hours) h \(minutes < 10 ? "0" : "")\(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(whole % 60) s" : "\(whole) s"
  }

  /// Seconds since 1970 as `2026-11-25 16:06 UTC`.
  static func date(_ time: Double) -> String {
    guard time.isFinite, time > 0, time < 1e11 else { return "–" }
    let minutes = Int(time) / 60
    // Days to a date: Howard Hinnant, chrono-compatible low-level date algorithms, civil_from_days.
    let z = minutes / 1440 + 719_468
    let era = z / 146_097
    let day = z - era * 146_097
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let (m, d) = (month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    let y = year + era * 400 + (m <= 2 ? 1 : 0)
    return String(format: "%04d-%02d-%02d %02d:%02d UTC", y, m, d, minutes / 60 % 24, minutes % 60)
  }
}
