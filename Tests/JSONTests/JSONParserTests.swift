import JSON
import Testing

struct JSONParsing {
  @Test func readsEveryKindOfValue() throws {
    let value = try JSON.parse(#" {"a": [1, -2.5e3, true, false, null], "b": {"c": "x"}} "#)
    #expect(value["a"]?.array?.count == 5)
    #expect(value["a"]?.array?[0].int == 1)
    #expect(value["a"]?.array?[1].double == -2500)
    #expect(value["a"]?.array?[2].bool == true)
    #expect(value["a"]?.array?[4].isNull == true)
    #expect(value["b"]?["c"]?.string == "x")
    #expect(value["missing"] == nil)
    #expect(value["a"]?["c"] == nil)
  }

  @Test func keepsNumbersAsWritten() throws {
    let numbers = try #require(try JSON.parse("[0, -0, 1.0, 1e2, 123456789012345678901234567890, 1E-400, 1e999]").array)
    #expect(
      numbers.map { $0.number?.literal } == [
        "0", "-0", "1.0", "1e2", "123456789012345678901234567890", "1E-400", "1e999",
      ])
    #expect(numbers.map(\.int) == [0, 0, nil, nil, nil, nil, nil])
    #expect(numbers.map(\.double) == [0, -0.0, 1, 100, 1.2345678901234568e29, 0, .infinity])
    #expect(try JSON.parse("9223372036854775807").int == Int.max)
    #expect(try JSON.parse("-9223372036854775808").int == Int.min)
    #expect(try JSON.parse("9223372036854775808").int == nil)
  }

  @Test func unescapesStrings() throws {
    #expect(try JSON.parse(#""\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00""#).string == "\"\\/\u{8}\u{C}\n\r\té€😀")
  }

  @Test(arguments: [
    (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"), (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"),
    (#""\ud800\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
  ])
  func turnsLoneSurrogatesIntoReplacementCharacters(text: String, expected: String) throws {
    #expect(try JSON.parse(text) == .string(expected))
  }

  @Test func tellsCanonicallyEquivalentKeysApart() throws {
    let value = try JSON.parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}", options: .init(rejectDuplicateKeys: true))
    #expect(value.object?.count == 2)
    #expect(value["\u{E9}"]?.int == 1)
    #expect(value["e\u{301}"]?.int == 2)
    #expect(JSON.string("\u{E9}") != JSON.string("e\u{301}"))
  }

  @Test func lastDuplicateWinsInFirstPlace() throws {
    let value = try JSON.parse(#"{"a": 1, "b": 2, "a": 3}"#)
    #expect(value.object?.keys == ["a", "b"])
    #expect(value["a"]?.int == 3)
    #expect(throws: JSONError(offset: 17, message: #"the key "a" is given twice"#)) {
      try JSON.parse(#"{"a": 1, "b": 2, "a": 3}"#, options: .init(rejectDuplicateKeys: true))
    }
  }

  @Test func findsKeysInLargeObjects() throws {
    var object = JSONObject()
    for number in 0..<1000 { object["key \(number)"] = .number(number) }
    #expect(object["key 777"]?.int == 777)
    object["key 500"] = nil
    #expect(object.count == 999)
    #expect(object["key 500"] == nil)
    #expect(object["key 999"]?.int == 999)
  }

  @Test func readsPythonsNonFiniteNumbersOnRequest() throws {
    let text = "[NaN, Infinity, -Infinity]"
    #expect(throws: JSONError.self) { try JSON.parse(text) }
    let value = try JSON.parse(text, options: .python)
    #expect(value.array?[0].double?.isNaN == true)
    #expect(value.array?[2].double == -.infinity)
    #expect(value.text() == "[null,null,null]")
  }

  @Test func readsControlCharactersOnRequest() throws {
    #expect(throws: JSONError.self) { try JSON.parse("\"a\nb\"") }
    #expect(try JSON.parse("\"a\nb\"", options: .init(allowControlCharacters: true)).string == "a\nb")
  }
}

struct HostileJSON {
  @Test(arguments: [
    ("", 0), ("  ", 2), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{\"a\" 1}", 5),
    ("{\"a\":}", 5), ("{1:2}", 1), ("[1}", 2), ("{\"a\":1]", 6), ("01", 1), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2),
    ("1e", 2), ("1e+", 3), ("0x10", 1), ("-01", 2), ("tru", 0), ("True", 0), ("nul", 0), ("NaN", 0), ("-Infinity", 1),
    ("\"", 1), ("\"\\", 2), ("\"\\x\"", 2), ("\"\\u12\"", 1), ("\"\\u12g4\"", 1), ("'a'", 0), ("1 1", 2), ("[] []", 3),
    ("\u{FEFF}1", 0), ("/* */1", 0), ("\"\u{1}\"", 1), ("\u{A0}1", 0), ("{\"a\":1", 6), ("[", 1), ("{", 1),
  ])
  func isRefusedAtItsPlace(text: String, offset: Int) {
    #expect(throws: JSONError.self) { try JSON.parse(text) }
    do { _ = try JSON.parse(text) } catch { #expect(error.offset == offset, "\(text): \(error)") }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0xAF],
      [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
      [0xE2, 0x28, 0xA1],
    ] as [[UInt8]])
  func refusesMalformedUTF8(sequence: [UInt8]) throws {
    let quote: [UInt8] = [0x22]
    #expect(throws: JSONError.self) { try JSON.parse(quote + sequence + quote) }
    #expect(throws: JSONError.self) { try JSON.parse(quote + sequence) }
  }

  @Test func readsTheCornersOfUTF8() throws {
    let text = "\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}"
    #expect(try JSON.parse("\"\(text)\"") == .string(text))
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func refusesDeepNesting(opening: String) {
    let text = String(repeating: opening, count: 100_000)
    #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(throws: JSONError.self) { try JSON.parse(text, options: .init(maximumDepth: .max)) }
  }

  @Test func countsDepthExactly() throws {
    let text = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    _ = try JSON.parse(text)
    #expect(throws: JSONError(offset: 128, message: "nested deeper than 128")) { try JSON.parse("[" + text + "]") }
    #expect(throws: JSONError.self) { try JSON.parse("[]", options: .init(maximumDepth: -1)) }
    _ = try JSON.parse("1", options: .init(maximumDepth: 0))
  }

  @Test func isRefusedWhenCutAnywhere() throws {
    let text = Array(#"{"k\u00e9\ud83d\ude00": [1.5e+3, true, null, {"é😀": ""}], "b": false}"#.utf8)
    _ = try JSON.parse(text)
    for end in 0..<text.count {
      #expect(throws: JSONError.self, "cut at \(end)") { try JSON.parse(text[..<end]) }
    }
  }

  @Test func survivesEveryByteChanged() {
    let text = Array(#"{"k\u00e9": [1.5e+3, true, null, {"é😀": ""}]}"#.utf8)
    for place in text.indices {
      for byte in [0x00, 0x22, 0x5C, 0x7B, 0x80, 0xC3, 0xED, 0xFF] as [UInt8] {
        var changed = text
        changed[place] = byte
        if let value = try? JSON.parse(changed) { #expect((try? JSON.parse(value.utf8())) == value) }
      }
    }
  }

  @Test func readsAbsurdNumbers() throws {
    let digits = String(repeating: "9", count: 100_000)
    #expect(try JSON.parse(digits).double == .infinity)
    #expect(try JSON.parse(digits).int == nil)
    #expect(try JSON.parse("1e" + digits).double == .infinity)
    #expect(try JSON.parse("1e-" + digits).double == 0)
    #expect(try JSON.parse("0." + digits).double == 1)
  }
}
