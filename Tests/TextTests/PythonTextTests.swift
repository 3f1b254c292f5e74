import Testing
import Text

@Suite struct PythonTextTests {
  /// `str.isspace` of CPython 3.12 is true for exactly these.
  private static let whitespace: Set<UInt32> = [
    0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
    0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
  ]

  @Test func whitespaceIsPythons() {
    for value in UInt32(0)...0x10FFFF {
      if PythonText.isWhitespace(value) != Self.whitespace.contains(value) {
        Issue.record("U+\(String(value, radix: 16))")
      }
    }
  }

  @Test func stripsBothEnds() {
    #expect(PythonText.strip("\u{1C}\u{3000} a b\u{200B} \n") == "a b\u{200B}")
    #expect(PythonText.strip(" \t") == "")
    #expect(PythonText.strip(Array(" a ".unicodeScalars)).map(String.init) == ["a"])
  }

  @Test func splitsAtRunsOfWhitespace() {
    let words = PythonText.split(" a\u{85}b  c ".scalarValues).map { String(scalars: $0) }
    #expect(words == ["a", "b", "c"])
  }

  @Test func lowersTheFinalSigma() {
    #expect(String(scalars: PythonText.lowercased("ΟΔΟΣ ΣΑ".scalarValues[...])) == "οδος σα")
    #expect(String(scalars: PythonText.uppercased("straße".scalarValues)) == "STRASSE")
  }
}
