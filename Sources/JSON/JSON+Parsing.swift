extension JSON {
  /// What a reader lets pass beyond RFC 8259, and what it refuses within it.
  public struct ParseOptions: Sendable, Hashable {
    /// Accepts `NaN`, `Infinity` and `-Infinity`, which Python writes.
    public var allowNonFinite: Bool
    /// Accepts control characters in strings (Python's `strict=False`).
    public var allowControlCharacters: Bool
    /// Makes a repeated key in an object an error; otherwise the last value wins.
    public var rejectDuplicateKeys: Bool
    /// Deepest nesting of arrays and objects; at most 512 is honoured, because values are freed recursively.
    public var maximumDepth: Int

    public init(
      allowNonFinite: Bool = false, allowControlCharacters: Bool = false, rejectDuplicateKeys: Bool = false,
      maximumDepth: Int = 128
    ) {
      self.allowNonFinite = allowNonFinite
      self.allowControlCharacters = allowControlCharacters
      self.rejectDuplicateKeys = rejectDuplicateKeys
      self.maximumDepth = maximumDepth
    }

    /// RFC 8259 and no more.
    public static let strict = ParseOptions()
    /// What Python's `json.loads` reads by default.
    public static let python = ParseOptions(allowNonFinite: true)
  }

  /// Reads one JSON value with nothing but whitespace around it.
  ///
  /// The bytes must be UTF-8. An escaped lone surrogate (`\ud800`) becomes U+FFFD.
  /// - Throws: `JSONError` with the offset of the first wrong byte.
  public static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, options: ParseOptions = .strict
  ) throws(JSONError) -> JSON {
    var scanner = JSONScanner(bytes, options: options)
    let value = try scanner.value()
    try scanner.finish()
    return value
  }

  /// Reads one JSON value from bytes (`[UInt8]`, `Data`, …).
  public static func parse(
    _ bytes: some Sequence<UInt8>, options: ParseOptions = .strict
  ) throws(JSONError) -> JSON {
    let result =
      bytes.withContiguousStorageIfAvailable { buffer in
        Result { () throws(JSONError) -> JSON in try parse(buffer, options: options) }
      }
      ?? Array(bytes).withUnsafeBufferPointer { buffer in
        Result { () throws(JSONError) -> JSON in try parse(buffer, options: options) }
      }
    return try result.get()
  }

  /// Reads one JSON value from a text; offsets in errors count UTF-8 bytes.
  public static func parse(_ text: String, options: ParseOptions = .strict) throws(JSONError) -> JSON {
    try parse(text.utf8, options: options)
  }
}

extension JSONScanner {
  /// Reads the next value whole. Recursion is bounded by the depth limit.
  public mutating func value() throws(JSONError) -> JSON {
    switch try peek() {
    case .object:
      var object = JSONObject()
      try beginObject()
      while let token = try nextKey() {
        let key = text(of: token)
        if options.rejectDuplicateKeys, object[key] != nil {
          throw JSONError(offset: token.range.lowerBound - 1, message: "the key \(JSON.string(key)) is given twice")
        }
        object[key] = try value()
      }
      return .object(object)
    case .array:
      var elements: [JSON] = []
      try beginArray()
      while try nextElement() { elements.append(try value()) }
      return .array(elements)
    case .string: return .string(try string())
    case .number: return .number(try number())
    case .bool: return .bool(try bool())
    case .null:
      try null()
      return .null
    }
  }

  /// Reads the next value and forgets it. It is checked like any other, except for duplicate keys inside.
  public mutating func skipValue() throws(JSONError) {
    switch try peek() {
    case .object:
      try beginObject()
      while try nextKey() != nil { try skipValue() }
    case .array:
      try beginArray()
      while try nextElement() { try skipValue() }
    case .string: _ = try stringToken()
    case .number: _ = try numberRange()
    case .bool: _ = try bool()
    case .null: try null()
    }
  }
}
