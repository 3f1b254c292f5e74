import JSON
import Testing

@Suite struct JSONLinesTests {
  private func lines(_ text: String) -> [String] {
    JSONLines(text.utf8).map { "\($0.number):" + String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test(arguments: [
    ("", []),
    ("\n \n\t\r\n", []),
    ("{}", ["1:{}"]),
    ("{}\n", ["1:{}"]),
    ("\u{FEFF}{}\r\n\r\n[1]", ["1:{}", "3:[1]"]),
    (" {} \r\r\n1", ["1: {} \r", "2:1"]),
  ] as [(String, [String])])
  func linesAreNumberedAndBlankOnesLeftOut(_ text: String, _ expected: [String]) {
    #expect(lines(text) == expected)
  }

  @Test func anArrayIsSeenBehindWhitespaceAndAByteOrderMark() {
    #expect(JSONLines.isArray("\u{FEFF} \n[{}]".utf8))
    #expect(!JSONLines.isArray("{\"a\": []}".utf8))
    #expect(!JSONLines.isArray("".utf8))
  }
}
