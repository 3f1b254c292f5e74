import Testing

@testable import Funding

@Suite struct ChunkSelectionTests {
  @Test(arguments: [
    "This work was SUPPORTED by NIH (R01).", "FUNDING\nNone.", "Acknowledgements", "we are grateful to A. B.",
    "Gefördert durch die DFG.", "Gefo\u{308}rdert durch die DFG.", "Financé par l'ANR.", "Financiado por la UE.",
    "国家自然科学基金（12345）", "科研費 JP123",
    "Работа выполнена за счёт гранта РНФ.", "the end of it: grant",
  ])
  func wordsOfFundingAreLikely(_ text: String) {
    #expect(ChunkSelection.likely.includes(text) && ChunkSelection.all.includes(text))
  }

  @Test(arguments: ["", "Mice were kept at 21 °C.", "fun d", "gran", "äö\u{0}\u{FFFD}"])
  func otherTextIsNot(_ text: String) {
    #expect(!ChunkSelection.likely.includes(text) && ChunkSelection.all.includes(text))
  }
}
