import JSON
import TestSupport
import Testing

@testable import TrainingData

@Suite struct NegativeKindTests {
  @Test(arguments: [
    ("We THANK Ann and are grateful to Bob.", NegativeKind.thanks),
    ("The study was approved by the Ethics Committee of X.", .ethics),
    ("The authors declare that they have no competing interests.", .interests),
    ("The funders had no role in study design; we thank them.", .fundersRole),
    ("All data are available from the corresponding author.", .dataAvailability),
  ]) func paragraphsAreToldByTheirPhrases(_ text: String, _ kind: NegativeKind) {
    #expect(NegativeKind.of(text) == kind)
  }

  @Test(arguments: ["", "We measured ferns.", "Ethical questions of a theory", "Supported by X."])
  func otherTextsAreOfNoKind(_ text: String) {
    #expect(NegativeKind.of(text) == nil)
  }

  @Test func halfIsOfTheKindsInTurn() {
    // Ten of each of two kinds, one of a third, and a hundred of none, which stand first.
    func kind(_ element: Int) -> NegativeKind? {
      switch element {
      case ..<100: nil
      case ..<110: .thanks
      case ..<120: .ethics
      default: .interests
      }
    }
    let elements = Array(0..<121)
    #expect(NegativeKind.chosen(12, of: elements, kind: kind) == [120, 100, 110, 101, 111, 102, 0, 1, 2, 3, 4, 5])
    #expect(NegativeKind.chosen(3, of: elements, kind: kind) == [120, 100, 0])
    #expect(NegativeKind.chosen(100, of: elements, kind: kind).count == 100)
    #expect(NegativeKind.chosen(100, of: elements, kind: kind).count { kind($0) != nil } == 21)
    #expect(Set(NegativeKind.chosen(121, of: elements, kind: kind)) == Set(elements))
    #expect(NegativeKind.chosen(0, of: elements, kind: kind) == [])
    // Where nothing is left but the kinds they fill up.
    #expect(NegativeKind.chosen(20, of: Array(100..<121), kind: kind).count == 20)
  }

  @Test func rareKindsAreKept() throws {
    let folder = try TemporaryFolder()
    let plain = (0..<60).map { "Paragraph \($0) tells of grants at some length and without any end." }
    let rows: [JSON] = [
      ["article": .string(plain.joined(separator: "\n\n") + "\n\nThe funders had no role in it."), "statements": []],
      ["article": "Supported by X.", "statements": ["Supported by X."]],
    ]
    var recipe = DataRecipe(files: [DataFile(try folder.write("rows.jsonl", rows: rows))])
    recipe.noise = .none
    recipe.chunkTokens = 200
    recipe.overlapTokens = 0
    recipe.negativesPerPositive = 2
    recipe.hardNegativeShare = 1
    for seed in 0..<5 {
      recipe.seed = UInt64(seed)
      let report = try recipe.byteExamples().report
      #expect(report.extract.negatives > 20 && report.extract.negativesKept == 2)
      #expect(report.extract.negativesKeptByKind == [.fundersRole: 1])
      #expect(report.json["extract"]?["negatives_kept_by_kind"]?["funders_role"] == 1)
    }
  }
}
