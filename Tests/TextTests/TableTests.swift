import Testing
import Text

@Suite struct TableTests {
  @Test func columnsAreAlignedByTheirWidthInATerminal() {
    var table = TextTable(["name", "", "n"])
    table.add(["中文", "x", "1"])
    table.add(["e\u{301}", "", "1,000"])
    #expect(
      table.text() == """
        name         n
        ────  ─  ─────
        中文  x      1
        e\u{301}        1,000
        """)
  }

  @Test func aTableFitsTheWidth() {
    var table = TextTable(["name", "text"], leftColumns: 2, width: 12)
    table.add(["a", "one two three"])
    table.addSeparator()
    table.add(["bb", ""])
    #expect(
      table.lines { "<\($0)>" } == [
        "<name  text>", "────  ──────", "a     one", "      two", "      three", "", "bb",
      ])
  }

  @Test func quotesAndFormulasAsTheStyleSays() {
    let cells = [" a", "b ", "=1", "-2", "x"]
    #expect(CSVText.line(cells) == " a,b ,=1,-2,x\r\n")
    #expect(
      CSVText.line(cells, style: .init(quotesOuterSpaces: true, escapesFormulas: true))
        == "\" a\",\"b \",'=1,'-2,x\r\n")
    // A quote and a combining mark are one character.
    #expect(CSVText.line(["\"\u{301}"]) == "\"\"\"\u{301}\"\r\n")
  }

  @Test func onlyLinesAndTabsSurviveOfControlCharacters() {
    #expect(DisplayWidth.printable("a\tb\n\u{1B}[31mé") == "a\tb\n\u{FFFD}[31mé")
  }

  @Test(arguments: [("", true), (" \n\u{A0}\u{3000}", true), ("\u{200B}", false), (" x", false)])
  func blankTexts(_ text: String, _ isBlank: Bool) {
    #expect(PythonText.isBlank(text) == isBlank)
  }

  @Test func cellsThatNeedQuotesGetThem() {
    var csv = CSVText(["a", "b"])
    csv.add(["1,2", "say \"x\""])
    csv.add(["line\nbreak", "plain"])
    #expect(csv.text == "a,b\r\n\"1,2\",\"say \"\"x\"\"\"\r\n\"line\nbreak\",plain\r\n")
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
  func numbersAreGrouped(_ number: Int, _ text: String) {
    #expect(NumberText.grouped(number) == text)
  }

  @Test func sizesAreThoseOfTheirKind() {
    #expect(
      [0, 12_345, 98_400_000, 16_060_000_000].map(NumberText.fileSize) == ["0.0 kB", "12.3 kB", "98.4 MB", "16.1 GB"])
    #expect([0, 768 << 20, 3 << 29].map(NumberText.memory) == ["0 MiB", "768 MiB", "1.5 GiB"])
  }
}
