import JSON
import Testing

@Suite struct JSONRowsTests {
  /// Rows in short: `number:value`, `number!error@offset`.
  private func rows(_ text: String) -> [String] {
    JSONRows.read(Array(text.utf8)).map { row in
      do throws(JSONError) {
        return "\(row.number):\(try row.value.get().text())"
      } catch {
        return "\(row.number)!\(error.message)@\(error.offset)"
      }
    }
  }

  @Test(arguments: [
    ("", []), (" \n", []), ("[]", []), ("[1, {}]", ["1:1", "2:{}"]), ("{}\n\n[1]\n", ["1:{}", "3:[1]"]),
    ("{\n}\n{\n}", ["1:{}", "3:{}"]), ("{}{} []", ["1:{}", "1:{}", "1:[]"]), ("[1]\n[2]", ["1:[1]", "2:[2]"]),
    ("\u{FEFF}\r\n{}", ["2:{}"]), ("\"a\"\n\"b\"", ["1:\"a\"", "2:\"b\""]),
    ("{\"a\": \"\u{0}\"}", ["1:{\"a\":\"\\u0000\"}"]),
  ])
  func rowsStandInManyForms(_ text: String, _ expected: [String]) { #expect(rows(text) == expected) }

  @Test(arguments: [
    (" {\n} [1 ]\r\n", ["{\n}", "[1 ]"]), ("\u{FEFF}[ 1, {\"a\" :2}\n]", ["1", "{\"a\" :2}"]),
    ("{}\n\tx \r\n[1 ] \n", ["{}", "x", "[1 ]"]), ("{", [""]),
  ])
  func rowsKeepTheirBytes(_ text: String, _ expected: [String]) {
    #expect(JSONRows.read(Array(text.utf8)).map { String(decoding: $0.bytes, as: UTF8.self) } == expected)
  }

  @Test func aBrokenLineFailsAlone() {
    let found = rows("{}\n{\"a\": \"\n{}\nx\n{} {}\n")
    #expect(found.count == 5 && found[0] == "1:{}" && found[2] == "3:{}")
    #expect(found[1].hasPrefix("2!") && found[3].hasPrefix("4!") && found[4].hasPrefix("5!"))
    #expect(rows("x\n{}")[1] == "2:{}")
  }

  /// What stands before the error is read; the lines of one long value are no rows.
  @Test func aCutValueFailsWhereItEnds() {
    #expect(
      rows("[\n  {},\n  {\"a\": [\n{}") == ["1:{}", "2!expected ',' or ']', found the end of the text in line 4@20"])
    #expect(rows("{\n \"a\": [\n  {}\n ]\n") == ["5!expected ',' or '}', found the end of the text in line 5@18"])
    #expect(rows("{\n}\n{\n \"a\": 1 2\n}") == ["1:{}", "4!expected ',' or '}', found '2' in line 4@14"])
  }

  @Test func rowsAreRecognised() {
    for text in ["{\"", "{ \n\"a", "{}", "[{", "[[", "[\"", "[]", "\u{FEFF} {\"a", "{", "["] {
      #expect(JSONRows.looksLikeRows(Array(text.utf8)), "\(text)")
    }
    for text in ["", "a", "[1", "{a}", "\"a\"", "12", "[Funding]", "{\\rtf"] {
      #expect(!JSONRows.looksLikeRows(Array(text.utf8)), "\(text)")
    }
  }
}
