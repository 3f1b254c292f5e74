import Generation
import Testing

@testable import TrainingData

@Suite struct PrintedPagesTests {
  private static let statement =
    "This work was supported by the National Institute of Scientific Flowers (grants 12-34 and X-77) and by the "
    + "Foundation for Remarkable Ferns; the reviewers are thanked for their extraordinarily helpful considerations."

  private func set(_ text: String, _ layout: PrintedPages) -> String {
    var random = DataRandom(seed: 0, "test")
    return String(layout.set(Array(text.unicodeScalars), keeping: [], &random).text)
  }

  @Test func linesAreFilled() {
    var layout = PrintedPages()
    layout.width = 20
    #expect(
      set("# A heading that is long\n\nOne two three four five six.\n\n| a | table | of long rows |\nseven", layout)
        == "# A heading that is long\n\nOne two three four\nfive six.\n\n| a | table | of long rows |\nseven")
    // No line ends behind a hyphen, and a word that is too long stays whole.
    #expect(
      set("Both the words long- and short Pneumonoultramicroscopicsilico ferns", layout)
        == "Both the words\nlong- and short\nPneumonoultramicroscopicsilico\nferns")
    layout.brokenWords = 1
    #expect(set("One two three fourteenth five", layout) == "One two three fourt-\neenth five")
  }

  @Test func pagesHaveHeadsAndNumbers() {
    var layout = PrintedPages()
    layout.width = 10
    layout.pageLength = 2
    layout.runningHead = "Ferns"
    layout.pageNumbers = .top
    #expect(set("one two three four five six", layout) == "one two\nthree four\n\nFerns   2\n\nfive six")
    layout.pageNumbers = .bottom
    layout.runningHead = ""
    layout.hasFormFeeds = true
    #expect(set("one two three four five six", layout) == "one two\nthree four\n\n1\n\u{C}\nfive six")
    layout.pageLength = nil
    layout.lineNumbers = .each
    #expect(set("one two three four\n\nfive", layout) == "   1  one two\n   2  three four\n\n   3  five")
  }

  /// The scalars of a text that are no white space.
  private func ink(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    text.filter { !$0.properties.isWhitespace }
  }

  @Test func statementsAreFoundInWhatIsPrinted() {
    let before = "# The title of it\n\n" + String(repeating: "Some words of a paragraph before it. ", count: 90)
    let text = Array("\(before)\n\n\(Self.statement)\n\n\(Self.statement)".unicodeScalars)
    let statement = Array(Self.statement.unicodeScalars)
    let start = before.unicodeScalars.count + 2
    let kept = [start..<start + statement.count, start + statement.count + 2..<text.count]
    var (interrupted, broken) = (0, 0)
    for seed in 0..<400 {
      var random = DataRandom(seed: UInt64(seed), "test")
      let layout = PrintedPages(for: text, hasPages: seed % 2 == 0, &random)
      let printed = layout.set(text, keeping: kept, &random)
      #expect(printed.text.contains("\n") && printed.kept.count == 2)
      for range in printed.kept {
        let stretch = printed.text[range]
        #expect(stretch.first == "T" && stretch.last == ".")
        let joined = ink(String(stretch).replacing("-\n", with: "\n").unicodeScalars)
        if joined == ink(statement) {
          broken += stretch.count > statement.count ? 1 : 0
        } else {
          // What is printed within it comes on top of it; nothing of it is lost.
          #expect(layout.pageLength != nil || layout.lineNumbers != .none)
          var rest = joined[...]
          for scalar in ink(statement) {
            guard let place = rest.firstIndex(of: scalar) else {
              Issue.record("seed \(seed): \(scalar) is lost")
              break
            }
            rest = rest[(place + 1)...]
          }
          interrupted += 1
        }
      }
    }
    #expect(interrupted > 20 && broken > 60)
  }

  @Test func rangesOfSpacesAndNothingKeepTheirPlace() {
    let text = Array("one two\nthree four five".unicodeScalars)
    var layout = PrintedPages()
    layout.width = 5
    var random = DataRandom(seed: 0, "test")
    for start in text.indices {
      for end in start...text.count {
        let printed = layout.set(text, keeping: [start..<end], &random)
        let range = printed.kept[0]
        #expect(range.lowerBound >= 0 && range.upperBound <= printed.text.count)
        #expect(ink(printed.text[range]) == ink(text[start..<end]))
      }
    }
  }
}
