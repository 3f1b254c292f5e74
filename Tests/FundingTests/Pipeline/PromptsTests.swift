import Generation
import JSON
import TestSupport
import Testing

@testable import Funding

@Suite struct PromptsTests {
  @Test func statementsChat() {
    let messages = Prompts.statements(in: " chunk\n")
    let system = #"""
      You are a funding statement extractor. Given an article or text chunk, identify all funding acknowledgment statements. Return ONLY valid JSON in this exact format: {"statements": ["statement1", "statement2", ...]}. Each statement must be copied verbatim from the source text. If no funding statements exist, return {"statements": []}. Do not include any text outside the JSON object.
      """#
    #expect(messages == [Message(.system, system), Message(.user, " chunk\n")])
  }

  @Test func fundersChat() {
    let messages = Prompts.funders(in: "Funded by X.")
    let system = """
      You are an expert at extracting structured funding metadata from academic papers. Given a funding statement, extract all funders and their associated awards. Return a JSON array of funder objects. Each funder has:
      - "funder_name": string or null
      - "awards": array of objects with "award_ids" (array of strings), "funding_scheme" (array of strings), and "award_title" (array of strings)
      Return ONLY the JSON array, no other text.
      """
    let user = "Extract funding information from the following statement:\n\nFunded by X."
    #expect(messages == [Message(.system, system), Message(.user, user)])
  }

  /// A changed prompt is another system: whoever changes one must mean it.
  @Test func hashes() {
    #expect(Prompts.statementsHash == "e3dc6ef8519e1e2d5c01dfc20cb83c8f9c1b5a88b42bdbecd3a093fda22552af")
    #expect(Prompts.fundersHash == "fa8cb0e2f38a351193984d294c74c5efe51200eceb0d6dd7328f271dd6060fdb")
  }

  @Test(.enabled(if: Golden.isPresent, "\(Golden.absence)"))
  func reference() throws {
    var count = 0
    for row in try Golden.rows("chat_template.jsonl") {
      guard let tag = row["tag"]?.string, tag == "extract" || tag == "parse" else { continue }
      let contents = try #require(row["messages"]?.array).map { $0["content"]?.string }
      guard contents.count == 2, let user = contents[1] else { continue }
      let ours: [Message]
      if tag == "extract" {
        ours = Prompts.statements(in: user)
      } else {
        #expect(user.utf8.starts(with: Prompts.fundersUserPrefix.utf8))
        ours = Prompts.funders(in: String(user.utf8.dropFirst(Prompts.fundersUserPrefix.utf8.count)) ?? "")
      }
      #expect(ours.map { Array($0.content.utf8) } == contents.map { Array(($0 ?? "").utf8) })
      count += 1
    }
    #expect(count > 0)
  }
}
