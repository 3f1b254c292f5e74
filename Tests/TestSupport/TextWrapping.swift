/// Hard-wrapped text, as `fold` and mail programs make it.
package enum TextWrapping {
  /// Breaks a paragraph at spaces into lines of at most so many characters.
  package static func wrapped(_ paragraph: String, width: Int, indentation: String = "") -> String {
    var lines: [String] = []
    for word in paragraph.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(indentation + word)
      }
    }
    return lines.joined(separator: "\n")
  }
}
