import Foundation
import Testing

@testable import Funding

@Suite struct StatementWordsTests {
  private func keeps(_ statement: String, in article: String, _ words: StatementWords = .funding) -> Bool {
    let bytes = Array(article.utf8)
    let place = article.range(of: statement).map { article.utf8.distance(from: article.startIndex, to: $0.lowerBound) }
    return words.keeps(statement, at: place.map { $0..<$0 + statement.utf8.count }, in: bytes)
  }

  @Test(arguments: [
    "This work was supported by the NSF.", "Diese Arbeit wurde von der DFG gefördert.", "国家自然科学基金资助项目",
    "ThisworkwassupportedbytheNSF", "We thank A. B.",
  ])
  func statementsWithAWordOfFunding(_ statement: String) {
    #expect(keeps(statement, in: "x"))
  }

  @Test(arguments: [
    "The authors declare no competing interests.", "12. Smith J. A study of moss. J Moss 2001;3:1-9.",
    "Department of Botany, University of Fen, Fen", "Data are in GenBank (MN908947).",
  ])
  func othersAreLeftOut(_ statement: String) {
    #expect(!keeps(statement, in: "# Notes\n\n\(statement)\n"))
    #expect(!keeps(statement, in: "elsewhere"), "also where its place is not known")
    #expect(keeps(statement, in: "# Notes\n\n\(statement)\n", .any))
  }

  @Test(arguments: [
    "## Funding\n\nCancer Research UK and Amgen.", "Financial support:\nCancer Research UK and Amgen.",
    "**Funding.** Cancer Research UK and Amgen.", "Funding: Cancer Research UK and Amgen.",
    "## Funding\n\nA first paragraph with a full stop.\n\nCancer Research UK and Amgen.",
  ])
  func underAHeading(_ article: String) {
    #expect(keeps("Cancer Research UK and Amgen.", in: article))
  }

  /// The nearest heading decides, and a sentence is none.
  @Test(arguments: [
    "## Funding\n\nNone.\n\n## References\n\nCancer Research UK and Amgen.",
    "We thank the donors.\n\nCancer Research UK and Amgen.",
    "Funding\n" + String(repeating: "\n", count: 100) + "Cancer Research UK and Amgen.",
  ])
  func underAnotherHeading(_ article: String) {
    #expect(!keeps("Cancer Research UK and Amgen.", in: article))
  }
}
