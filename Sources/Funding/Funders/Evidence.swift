/// Where the values of funders stand.
enum Evidence {
  static func places(of funders: [Funder], in statements: [FundingStatement]) -> [FunderEvidence] {
    let finder = EvidenceFinder(statements.map(\.text))
    func place(_ value: String) -> ValuePlace? {
      guard let found = finder.find(value) else { return nil }
      let statement = statements[found.statement]
      return ValuePlace(
        statement: found.statement, inStatement: found.range,
        span: statement.span?.part(found.range, of: statement.text))
    }
    return funders.map { $0.map { value, _ in place(value) } }
  }
}

extension TextSpan {
  /// The span of a part of this span's text; `range` counts its UTF-8 bytes.
  func part(_ range: Range<Int>, of text: String) -> TextSpan {
    let before = text.utf8.prefix(range.lowerBound)
    let inside = text.utf8.dropFirst(range.lowerBound).prefix(range.count)
    let start = scalars.lowerBound + before.count { $0 & 0xC0 != 0x80 }
    var line = self.line
    var previous: UInt8 = 0
    for byte in before {
      if byte == 0x0D || (byte == 0x0A && previous != 0x0D) { line += 1 }
      previous = byte
    }
    return TextSpan(
      bytes: bytes.lowerBound + range.lowerBound..<bytes.lowerBound + range.upperBound,
      scalars: start..<start + inside.count { $0 & 0xC0 != 0x80 }, line: line)
  }
}
