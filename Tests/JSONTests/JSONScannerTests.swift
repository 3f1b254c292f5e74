import JSON
import Testing

struct JSONScanning {
  func scan<T>(_ text: String, _ body: (inout JSONScanner) throws -> T) rethrows -> T {
    try Array(text.utf8).withUnsafeBufferPointer { buffer in
      var scanner = JSONScanner(buffer)
      return try body(&scanner)
    }
  }

  @Test func readsAnObjectInPieces() throws {
    try scan(#" {"skip": [1, {"x": "\n"}], "v\u0061": {"Ġt": 12, "b": -3}, "m": [["a", "b"], "c"]} "#) { scanner in
      var ids: [String: Int] = [:]
      var rest: JSON = .null
      try scanner.beginObject()
      while let key = try scanner.nextKey() {
        switch scanner.text(of: key) {
        case "va":
          #expect(key.hasEscapes)
          try scanner.beginObject()
          while let token = try scanner.nextKey() { ids[scanner.text(of: token)] = try scanner.int() }
        case "m": rest = try scanner.value()
        default: try scanner.skipValue()
        }
      }
      try scanner.finish()
      #expect(ids == ["Ġt": 12, "b": -3])
      #expect(rest == [["a", "b"], "c"])
    }
  }

  @Test func refusesAnotherKindThanAskedFor() {
    #expect(throws: JSONError.self) { try scan("[1]") { try $0.beginObject() } }
    #expect(throws: JSONError.self) { try scan("1.5") { try $0.int() } }
    #expect(throws: JSONError.self) { try scan("9223372036854775808") { try $0.int() } }
    #expect(throws: JSONError.self) { try scan("1") { try $0.string() } }
    #expect(throws: JSONError.self) { try scan("1") { try $0.nextElement() } }
    #expect(try! scan("-9223372036854775808") { try $0.int() } == Int.min)
  }

  @Test func tellsWhereAValueEnded() throws {
    let end = try scan(#"{"a": [1]} and more"#) { scanner in
      _ = try scanner.value()
      return scanner.offset
    }
    #expect(end == 10)
  }
}
