import JSON
import Testing

@Suite struct JSONLinesTests {
  @Test func linesKeepTheirNumbers() {
    let lines = JSONLines.lines(of: Array("1\n\n \t\r\n{}\r\n[\n2".utf8))
    #expect(lines.map(\.number) == [1, 4, 5, 6])
    #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["1", "{}\r", "[", "2"])
    #expect(JSONLines.lines(of: []).isEmpty && JSONLines.lines(of: Array("\n\n".utf8)).isEmpty)
  }
}
