import Foundation
import Testing
import Text

/// Where values begin and end in texts that lost their spaces or never had any.
@Suite struct ValueEdgesTests {
  private static func isWritable(_ value: String, _ text: String, _ edges: ([Unicode.Scalar]) -> ValueEdges) -> Bool {
    let text = Array(text.unicodeScalars)
    let value = Array(value.unicodeScalars)
    let edges = edges(text)
    return (0...text.count - value.count).contains { start in
      text[start..<start + value.count].elementsEqual(value) && edges.starts[start] && edges.ends[start + value.count]
    }
  }

  /// Texts with ids that can be taken out of them, and pieces that cannot.
  static let ids: [(text: String, ids: [String], pieces: [String])] = [
    // Glued to words
    (
      "bytheNationalScienceFoundation(DMS-1855568)andtheVR(2016-04512).", ["DMS-1855568", "2016-04512"],
      ["1855568", "2016", "04512", "855568"]
    ),
    (
      "NSF awardDMS-1855568 and NIH grantR01GM105705.", ["DMS-1855568", "R01GM105705"],
      ["1855568", "01GM105705", "GM105705", "105705"]
    ),
    ("NASA GrantNNX16AB22G, DOE ContractNo.DE-SC0012704", ["NNX16AB22G", "DE-SC0012704"], ["SC0012704", "16AB22G"]),
    ("under grant2016-04512and by grantNNX16AB22Gand", ["2016-04512", "NNX16AB22G"], ["2016", "04512", "AB22G"]),
    (
      "UNDER CONTRACTNO.DE-SC0012704, grantsno.EP/K029797/1und", ["DE-SC0012704", "EP/K029797/1"], ["K029797/1", "EP"]
    ),
    ("Förderkennzeichen01IS18026Bder DFG", ["01IS18026B"], ["18026B", "IS18026B"]),
    ("(FKZ:03XP0123A;NSFC:51373025,61772530)", ["03XP0123A", "51373025", "61772530"], ["0123A", "XP0123A"]),
    ("проект№19-12-00095 и грант20-72-10112на", ["19-12-00095", "20-72-10112"], ["19-12", "12-00095", "72-10112"]),
    // Signs inside ids
    (
      "UIDB/04650/2020, 2022.06552.PTDC and CEECIND/02380/2017/CP1459/CT0006",
      ["UIDB/04650/2020", "2022.06552.PTDC", "CEECIND/02380/2017/CP1459/CT0006"],
      ["2020", "04650/2020", "UIDB/04650", "2022", "06552", "CT0006", "CP1459/CT0006", "CEECIND/02380/2017"]
    ),
    (
      "SFRH/BD/ 35887/2007, 200021_172474, 473474/2008-5/ 2 and 88887.123456/2018-00",
      ["SFRH/BD/ 35887/2007", "200021_172474", "473474/2008-5/ 2", "88887.123456/2018-00"],
      ["35887/2007", "2007", "172474", "473474", "2008-5", "2", "123456/2018-00", "88887"]
    ),
    (
      "grant DMS-\n1855568 and PID2021-122711NB-C21", ["DMS-\n1855568", "PID2021-122711NB-C21"],
      ["1855568", "122711NB", "C21", "PID2021"]
    ),
    (
      "R01 GM 105705-03S1, 5 P30 CA008748-51", ["R01 GM 105705-03S1", "5 P30 CA008748-51"], ["03S1", "51", "CA008748"]
    ),
    (
      "2013/07375-0; GRK 2321/1-2; A\u{301}B-12/3", ["2013/07375-0", "GRK 2321/1-2", "A\u{301}B-12/3"],
      ["07375-0", "2013", "2321", "B-12/3", "12/3"]
    ),
    ("科研費ＪＰ１９Ｋ０３４２５の助成", ["ＪＰ１９Ｋ０３４２５"], ["１９Ｋ０３４２５", "０３４２５", "Ｋ０３４２５"]),
    // Several ids
    ("JP19K03425/JP20H05639", ["JP19K03425", "JP20H05639"], ["19K03425", "05639"]),
    ("JP19K03425/20H05639／21K01234", ["JP19K03425", "20H05639", "21K01234"], ["03425", "05639"]),
    ("EP/K029797/1/EP/K503125/1", ["EP/K029797/1", "EP/K503125/1"], ["K029797/1", "1/EP/K503125/1", "K503125"]),
    ("51373025/61772530 and 5P20RR021938/P20GM103472", ["51373025", "61772530", "5P20RR021938", "P20GM103472"], []),
    (
      "20-72-10112–20-72-10114, 19-12-00095 – 19-12-00097, 390900948–390900950",
      ["20-72-10112", "20-72-10114", "19-12-00095", "19-12-00097", "390900948", "390900950"], ["72-10112", "10114"]
    ),
    ("R01GM105705-P30CA008748, 31003A–1234", ["R01GM105705", "P30CA008748", "31003A–1234"], ["31003A", "1234"]),
    (
      "273811115-SFB 1225, 708530–DISPMIC, WASP21-040/KAW 2020.0239",
      ["273811115", "273811115-SFB 1225", "708530", "WASP21-040", "KAW 2020.0239"], ["040", "0239", "WASP21"]
    ),
    // Links
    ("https://doi.org/10.35802/203141.", ["10.35802/203141"], ["203141", "35802/203141", "10.35802"]),
    (
      "DOI:10.35802/203141; MCIN/AEI/10.13039/501100011033", ["10.35802/203141", "10.13039/501100011033"],
      ["501100011033", "203141"]
    ),
    (
      "cordis.europa.eu/project/id/101044662, gepris.dfg.de/gepris/projekt/390900948?a=1", ["101044662", "390900948"],
      []
    ),
    ("nsf.gov/awardsearch/showAward?AWD_ID=1855568&x", ["1855568"], []),
    // Other scripts
    (
      "国家自然科学基金（项目编号：51373025、61772530）资助，项目2019YFB1234567的", ["51373025", "61772530", "2019YFB1234567"],
      ["1234567", "YFB1234567"]
    ),
    ("ทุนเลขที่RSA6280045และ๖๒๘๐๐๔๕", ["RSA6280045", "๖๒๘๐๐๔๕"], ["6280045", "๐๐๔๕"]),
    ("برقم12345و67890 ב-1234/17מהקרן", ["12345", "67890", "1234/17"], ["1234", "17", "345"]),
    ("संख्या12345से", ["12345"], ["123"]),
  ]

  @Test(arguments: ids) func awardIDs(_ row: (text: String, ids: [String], pieces: [String])) {
    for id in row.ids { #expect(Self.isWritable(id, row.text, ValueEdges.awardIDs), "\(id)") }
    for piece in row.pieces { #expect(!Self.isWritable(piece, row.text, ValueEdges.awardIDs), "\(piece)") }
  }

  /// Names, schemes and titles, and pieces of words that are none.
  static let names: [(text: String, names: [String], pieces: [String])] = [
    (
      "ThisworkwassupportedbytheNationalScienceFoundation(DMS-1)andtheSwedishResearchCouncil(2016)",
      ["NationalScienceFoundation", "SwedishResearchCouncil"], ["20", "16"]
    ),
    ("undertheNSFGrant and byNIHunder and DFG123456", ["NSF", "NSFGrant", "NIH", "DFG"], ["ational", "1234"]),
    (
      "fundedbytheSwedishResearchCouncilandtheWellcomeTrustundergrant",
      ["SwedishResearchCouncil", "WellcomeTrust", "SwedishResearchCouncilandtheWellcomeTrust"], []
    ),
    ("supported by thenationalsciencefoundationofswitzerland", ["nationalsciencefoundation"], []),
    ("The Foundation of Finland, NSF", ["The Foundation", "Finland", "NSF"], ["Found", "land", "SF", "oundation"]),
    ("ﬁnanced by the Scientiﬁc Fund", ["Scientiﬁc Fund"], ["ﬁc Fund", "c Fund"]),
    ("国家自然科学基金委员会资助", ["国家自然科学基金", "基金委员会"], []),
    ("本研究は日本学術振興会の助成を受けた", ["日本学術振興会"], []),
    ("이 연구는 한국연구재단의 지원을", ["한국연구재단"], []),
    ("이 연구는 한국연구재단의 지원을".decomposedForTest, ["한국연구재단".decomposedForTest], []),
    ("ได้รับทุนจากสำนักงานการวิจัยแห่งชาติและ", ["สำนักงานการวิจัยแห่งชาติ"], []),
    ("ໄດ້ຮັບທຶນຈາກກະຊວງສຶກສາທິການ", ["ກະຊວງສຶກສາທິການ"], []),
    ("ទទួលបានមូលនិធិពីក្រសួងអប់រំ", ["ក្រសួងអប់រំ"], []),
    ("ပညာရေးဝန်ကြီးဌာနမှထောက်ပံ့", ["ပညာရေးဝန်ကြီးဌာန"], []),
    ("بدعم من وزارة العلوم وجامعة القاهرة ولصندوق", ["جامعة القاهرة", "صندوق", "وجامعة القاهرة"], ["امعة", "قاهرة"]),
    ("בתמיכת הקרן ולמשרד המדע", ["משרד המדע", "קרן", "הקרן"], ["רד המדע", "תמי"]),
  ]

  @Test(arguments: names) func funderNames(_ row: (text: String, names: [String], pieces: [String])) {
    for name in row.names { #expect(Self.isWritable(name, row.text, ValueEdges.names), "\(name)") }
    for piece in row.pieces { #expect(!Self.isWritable(piece, row.text, ValueEdges.names), "\(piece)") }
  }

  /// No rule takes away a mark from its letter or divides a number; names may stand wherever words do.
  @Test func whatHoldsInEveryText() {
    var random = SplitMix64(state: 5)
    let characters = Array("aB1-/. _\ncDe0\u{301}数ทو٣–ﬁ".unicodeScalars)
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in characters.randomElement(using: &random)! }
      let words = ValueEdges.words(in: text)
      let (names, ids) = (ValueEdges.names(in: text), ValueEdges.awardIDs(in: text))
      for edges in [words, names, ids] {
        #expect(edges.starts.count == text.count && edges.ends.count == text.count + 1)
        #expect(edges.starts.first != false && edges.ends.last == true)
        for index in text.indices.dropFirst() {
          let isNumber = [text[index - 1], text[index]].allSatisfy { $0.properties.numericType == .decimal }
          guard isNumber || text[index] == "\u{301}" else { continue }
          #expect(!edges.starts[index] && !edges.ends[index])
        }
      }
      for index in text.indices where words.starts[index] { #expect(names.starts[index] && names.ends[index]) }
    }
  }

  /// A text that is one chain.
  @Test(arguments: [("/", true), ("-", true), ("–", true), (".", false)])
  func longChains(_ sign: String, _ parts: Bool) {
    let text = Array(String(repeating: "AB12345" + sign, count: 20_000).unicodeScalars)
    let edges = ValueEdges.awardIDs(in: text)
    // The testing library would look at each element of what stands in an expectation.
    let (first, second) = (edges.starts[0], edges.starts[8])
    #expect(first && second == parts)
  }
}

extension String {
  fileprivate var decomposedForTest: String { decomposedStringWithCanonicalMapping }
}
