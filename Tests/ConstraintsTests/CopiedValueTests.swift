import Generation
import Testing

@testable import Constraints

/// Which values of the funders' shape can be written, byte by byte.
@Suite struct CopiedValueTests {
  private static let shape = OutputShape.array(
    of: .object([("name", .string(.copied(.names))), ("id", .string(.copied(.awardIDs)))]), atMost: 4)

  private func isWritable(_ name: String, _ id: String, _ source: String, foldsLines: Bool = false) throws -> Bool {
    let constraint = OutputConstraint(shape: Self.shape, sources: [source], foldsLines: foldsLines)
    var guide = try ConstraintEngine(TestVocabulary.bytes.trie).guide(for: constraint)
    for byte in #"[{"name":"\#(name)","id":"\#(id)"}]"#.utf8 {
      guard guide.allowedTokens().contains(Int(byte)), guide.append([byte]) else { return false }
    }
    return guide.isComplete
  }

  @Test func gluedWords() throws {
    let text = "workwassupportedbytheNationalScienceFoundation(DMS-1855568)andVR under grant2016-04512and NIH."
    for id in ["DMS-1855568", "2016-04512"] {
      #expect(try isWritable("NationalScienceFoundation", id, text), "\(id)")
      #expect(try isWritable("NIH", id, text), "\(id)")
    }
    for id in ["1855568", "04512", "2016", "MS-1855568", "DMS"] {
      #expect(try !isWritable("NIH", id, text), "\(id)")
    }
    #expect(try !isWritable("IH", "2016-04512", text))
  }

  @Test func listsAndLinks() throws {
    let text = "JSPS JP19K03425/JP20H05639, Wellcome https://doi.org/10.35802/203141, FCT UIDB/04650/2020"
    for id in ["JP19K03425", "JP20H05639", "10.35802/203141", "UIDB/04650/2020"] {
      #expect(try isWritable("FCT", id, text), "\(id)")
    }
    for id in ["2020", "04650", "UIDB/04650", "203141", "19K03425"] {
      #expect(try !isWritable("FCT", id, text), "\(id)")
    }
  }

  /// A line that was broken inside an id makes no other id of its end, folded or not.
  @Test func brokenLines() throws {
    let text = "The NSF (DMS-\n2308440) and FCT (UIDB/\n04650/2020) paid."
    for id in ["DMS-2308440", #"UIDB/\n04650/2020"#, "UIDB/ 04650/2020"] {
      #expect(try isWritable("NSF", id, text, foldsLines: true), "\(id)")
    }
    for id in ["2308440", "04650/2020", "2020"] {
      #expect(try !isWritable("NSF", id, text, foldsLines: true), "\(id)")
    }
  }

  @Test func scriptsWithoutSpaces() throws {
    #expect(try isWritable("国家自然科学基金", "51373025", "本研究得到国家自然科学基金（51373025）资助"))
    let thai = "ทุนจากสำนักงานการวิจัยแห่งชาติเลขที่RSA6280045และ"
    #expect(try isWritable("สำนักงานการวิจัยแห่งชาติ", "RSA6280045", thai))
    #expect(try isWritable("جامعة القاهرة", "12345", "بدعم وجامعة القاهرة برقم12345"))
    #expect(try !isWritable("国家自然科学基金", "5137", "国家自然科学基金51373025资助"))
  }
}
