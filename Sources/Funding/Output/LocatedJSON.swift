import JSON

/// A JSON value whose strings know where they stand in the text that it was read from.
indirect enum LocatedJSON {
  /// Null, a boolean or a number.
  case scalar(JSON)
  case string(OutputString)
  case array([LocatedJSON])
  case object(Object)

  /// Members in order; of a repeated key the last value stands at the first one's place.
  struct Object {
    // Not a tuple: the compiler then finds a circular reference in some builds.
    struct Member {
      var key: String
      var value: LocatedJSON
    }

    private(set) var members: [Member] = []
    private var places: [JSON: Int] = [:]

    subscript(_ key: String) -> LocatedJSON? { places[.string(key)].map { members[$0].value } }

    mutating func set(_ key: String, _ value: LocatedJSON) {
      if let place = places[.string(key)] {
        members[place].value = value
      } else {
        places[.string(key)] = members.count
        members.append(Member(key: key, value: value))
      }
    }
  }

  /// A value that was read elsewhere: its strings stand nowhere.
  init(_ json: JSON) {
    switch json {
    case .null, .bool, .number: self = .scalar(json)
    case .string(let text): self = .string(OutputString(text))
    case .array(let elements): self = .array(elements.map(LocatedJSON.init))
    case .object(let object):
      var members = Object()
      for member in object.members { members.set(member.key, LocatedJSON(member.value)) }
      self = .object(members)
    }
  }

  /// Reads one JSON value with nothing but whitespace around it; nil if the bytes are something else. Ranges of strings
  /// are indices of the slice.
  init?(parsing bytes: ArraySlice<UInt8>, options: JSON.ParseOptions) {
    let value = try? bytes.withUnsafeBufferPointer { buffer in
      var scanner = JSONScanner(buffer, options: options)
      let value = try Self.read(&scanner, base: bytes.startIndex)
      try scanner.finish()
      return value
    }
    guard let value else { return nil }
    self = value
  }

  private static func read(_ scanner: inout JSONScanner, base: Int) throws -> LocatedJSON {
    switch try scanner.peek() {
    case .object:
      var object = Object()
      try scanner.beginObject()
      while let key = try scanner.nextKey() { object.set(scanner.text(of: key), try read(&scanner, base: base)) }
      return .object(object)
    case .array:
      var elements: [LocatedJSON] = []
      try scanner.beginArray()
      while try scanner.nextElement() { elements.append(try read(&scanner, base: base)) }
      return .array(elements)
    case .string:
      let token = try scanner.stringToken()
      return .string(
        OutputString(
          scanner.text(of: token), range: base + token.range.lowerBound..<base + token.range.upperBound))
    case .number, .bool, .null: return .scalar(try scanner.value())
    }
  }

  // MARK: Access

  /// The value without places.
  var json: JSON {
    switch self {
    case .scalar(let json): json
    case .string(let string): .string(string.text)
    case .array(let elements): .array(elements.map(\.json))
    case .object(let object): .object(object.members.map { ($0.key, $0.value.json) })
    }
  }

  var string: OutputString? { if case .string(let string) = self { string } else { nil } }
  var array: [LocatedJSON]? { if case .array(let elements) = self { elements } else { nil } }
  var object: Object? { if case .object(let object) = self { object } else { nil } }

  var isNull: Bool { if case .scalar(.null) = self { true } else { false } }
}
