import JSON
import Testing

struct JSONWriting {
  let value: JSON = ["a": [1, 2.5, "x/é\"\\\n\u{1}\u{7F}"], "empty": [[], JSON.object([])], "t": true, "n": .null]

  @Test func compactKeepsOrderAndEscapesOnlyWhatItMust() {
    #expect(value.text() == "{\"a\":[1,2.5,\"x/é\\\"\\\\\\n\\u0001\u{7F}\"],\"empty\":[[],{}],\"t\":true,\"n\":null}")
  }

  @Test func pythonStyle() {
    #expect(
      value.text(.python)
        == "{\"a\": [1, 2.5, \"x/é\\\"\\\\\\n\\u0001\u{7F}\"], \"empty\": [[], {}], \"t\": true, \"n\": null}")
  }

  @Test func prettyStyle() {
    let value: JSON = ["a": [1, [:]], "b": [["c": "d"]]]
    #expect(
      value.text(pretty: true) == """
        {
          "a": [
            1,
            {}
          ],
          "b": [
            {
              "c": "d"
            }
          ]
        }
        """)
  }

  @Test func writesNonFiniteNumbersAsNull() {
    #expect(
      JSON.array([.number(.nan), .number(.infinity), .number(1.0), .number(1e-5)]).text() == "[null,null,1.0,1e-05]")
  }

  @Test func readsBackWhatItWrote() throws {
    for style in [JSON.TextStyle.compact, .python, .pretty, .pretty(indent: 0)] {
      #expect(try JSON.parse(value.text(style)) == value)
    }
  }

  @Test func equalityIgnoresTheOrderOfMembersOnly() {
    #expect(JSON.object([("a", 1), ("b", 2)]) == ["b": 2, "a": 1])
    #expect(JSON.object([("a", 1), ("b", 2)]).hashValue == (["b": 2, "a": 1] as JSON).hashValue)
    #expect(JSON.array([1, 2]) != [2, 1])
    #expect(JSON.number(1) != .number(1.0))
  }
}
