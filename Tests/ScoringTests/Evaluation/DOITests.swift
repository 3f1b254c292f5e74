import Funding
import Testing

@testable import Scoring

@Suite struct DOITests {
  @Test(arguments: [
    // words and links, also several of them
    "10.5555/one", "10.5555/ONE ", "doi:10.5555/one", "doi: 10.5555/one", "DOI 10.5555/one", "DOI10.5555/one",
    "doi : 10.5555/one", "doi：10.5555/one", "https://doi.org/10.5555/one", "http://dx.doi.org/10.5555/one",
    "https://www.doi.org/10.5555/one", "doi.org/10.5555/one", "//doi.org/10.5555/one",
    "DOI: https://dx.doi.org/10.5555/one",
    "doi:https://doi.org/10.5555/one", "https://doi.org/doi:10.5555/one", "https://doi.org/https://doi.org/10.5555/one",
    "info:doi/10.5555/one", "info:doi:10.5555/one", "urn:doi:10.5555/one", "hdl:10.5555/one", "doi=10.5555/one",
    "Digital Object Identifier: 10.5555/one", "https://doi-org.proxy.example.edu/10.5555/one",
    "https://publisher.example/doi/abs/10.5555/one", "https://api.example.org/works/10.5555/one",
    // encoded
    "10.5555%2Fone", "https://doi.org/10.5555%2fone", "https%3A%2F%2Fdoi.org%2F10.5555%2Fone", "doi:%2010.5555/one",
    "https://doi.org/10.5555/%6Fne",
    // what stands behind
    "10.5555/one.", "10.5555/one,", "10.5555/one;", "10.5555/one).", "(doi:10.5555/one)", "[10.5555/one]",
    "<10.5555/one>", "<https://doi.org/10.5555/one>.", "\"10.5555/one\"", "“10.5555/one”", "'10.5555/one',",
    "https://doi.org/10.5555/one/", "https://doi.org/10.5555/one?nosfx=y", "https://doi.org/10.5555/one#section",
    // not seen
    "\u{FEFF}10.5555/one", "10.5555/\u{200B}one", "\u{A0}doi:\u{A0}10.5555/one\u{A0}", "10.5555/o\u{0}ne",
    "10.55\u{AD}55/one",
  ])
  func oneHoweverItIsWritten(_ text: String) {
    #expect(DOI(text)?.name == "10.5555/one")
    #expect(DOI.joinedName(text) == "10.5555/one")
  }

  @Test(arguments: [
    ("https://doi.org/10.5555/five%2806%2930012-9", "10.5555/five(06)30012-9"),
    ("(10.5555/five(06)30012-9)", "10.5555/five(06)30012-9"), ("10.5555/a(b)", "10.5555/a(b)"),
    ("10.5555/a)b", "10.5555/a)b"), ("10.5555/a(b", "10.5555/a(b"), ("10.5555/a[1].", "10.5555/a[1]"),
    (
      "10.1002/(SICI)1096-8644(199601)99:1&lt;1::AID-AJPA1&gt;3.0.CO;2-1",
      "10.1002/(sici)1096-8644(199601)99:1<1::aid-ajpa1>3.0.co;2-1"
    ),
    ("10.1002/(SICI)99:1<1::AID>3.0.CO;2-#", "10.1002/(sici)99:1<1::aid>3.0.co;2-#"),
    ("https://doi.org/10.1002/3.0.CO;2-%23", "10.1002/3.0.co;2-#"), ("10.5555/100%", "10.5555/100%"),
    ("10.5555.12/x", "10.5555.12/x"), ("10.48550/arXiv.2001.00001", "10.48550/arxiv.2001.00001"),
    ("10.5555/10.6666/x", "10.5555/10.6666/x"), ("10.5555/a b", "10.5555/a b"),
  ])
  func theNameItselfStays(_ text: String, _ name: String) { #expect(DOI(text)?.name == name) }

  @Test(arguments: [
    "", " ", "10.5555", "10.5555/", "10.5555/.", "2010.5555/one", "1.10.5555/one", "10/abc1", "hdl:2027/x",
  ])
  func isNone(_ text: String) { #expect(DOI(text) == nil) }

  @Test(arguments: [
    ("hdl:2027/X", "hdl:2027/x"), ("DOI: 10/ABC1", "10/abc1"), ("acl:W99-0623", "acl:w99-0623"),
    ("https://doi.org/", nil), ("doi:", nil), (" ", nil),
  ])
  func otherIdentifiersAreJoinedAsTheyAre(_ text: String, _ name: String?) { #expect(DOI.joinedName(text) == name) }

  /// The path of an article may hold a DOI and is none.
  /// Messages and figures name a document as its file does.
  @Test func recordsKeepTheFormOfTheFile() throws {
    let row = try EvaluationFile(Array(#"{"id": "https://doi.org/10.5555/ONE", "doi": "doi: 10.5555/ONE"}"#.utf8))
      .rows(role: .gold)[0]
    #expect(row.id == "https://doi.org/10.5555/ONE" && row.label == row.id && row.doi == "10.5555/one")
  }
}
