package enum Markdown {
  /// Text inside a table: no line breaks, no bars, nothing that steers a terminal.
  package static func cell(_ text: String) -> String {
    String(
      scalars: text.scalarValues.flatMap { value -> Scalars in
        switch value {
        case 0x7C: [0x5C, 0x7C]
        case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: [0x20]
        case 0..<0x20, 0x7F...0x9F: [0xFFFD]
        default: [value]
        }
      })
  }
}
