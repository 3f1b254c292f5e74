import JSON

extension Tokenizer {
  /// Reads Hugging Face's `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - bytes: The file (`[UInt8]`, `Data`, a mapped buffer, …).
  ///   - configuration: `tokenizer_config.json`, which names the begin and end tokens.
  /// - Throws: `TokenizerError`: `.malformedFile`, or `.unsupported` with the name of what is not implemented.
  public convenience init(tokenizerJSON bytes: some Sequence<UInt8>, configuration: JSON? = nil) throws {
    func read(_ buffer: UnsafeBufferPointer<UInt8>) throws -> Parts {
      guard buffer.count <= 1 << 30 else {
        throw TokenizerError(
          .malformedFile, "tokenizer.json: \(buffer.count) bytes is no size for a tokenizer (1 GiB is allowed)")
      }
      do {
        var reader = TokenizerJSONReader()
        try reader.read(buffer)
        return try reader.parts(configuration: configuration)
      } catch let error as JSONError {
        throw TokenizerError(.malformedFile, "tokenizer.json: \(error.message) at byte \(error.offset)")
      }
    }
    let parts =
      try bytes.withContiguousStorageIfAvailable(read) ?? Array(bytes).withUnsafeBufferPointer { try read($0) }
    self.init(parts)
  }
}

/// Collects the parts of a `tokenizer.json` in one pass over its bytes.
private struct TokenizerJSONReader {
  private var builder = VocabularyBuilder()
  private var sections: [String: JSON] = [:]
  private var model: [String: JSON] = [:]
  private var hasVocabulary = false
  private var hasMerges = false

  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var scanner = JSONScanner(bytes)
    try scanner.beginObject()
    while let token = try scanner.nextKey() {
      let key = scanner.text(of: token)
      if key == "model" {
        try readModel(&scanner, idLimit: bytes.count)
      } else {
        sections[key] = try scanner.value()
      }
    }
    try scanner.finish()
  }

  private mutating func readModel(_ scanner: inout JSONScanner, idLimit: Int) throws {
    // Merges are read with the vocabulary at hand; where they come first, their place is kept.
    var mergesPlace: JSONScanner?
    try scanner.beginObject()
    while let token = try scanner.nextKey() {
      let key = scanner.text(of: token)
      switch key {
      case "vocab" where hasVocabulary, "merges" where hasMerges:
        throw TokenizerError(.malformedFile, "tokenizer.json: the model has \(key) twice")
      case "vocab":
        guard try scanner.peek() == .object else {
          throw TokenizerError(
            .unsupported, "tokenizer.json: the vocabulary is not an object; only type BPE is implemented")
        }
        try readVocabulary(&scanner, idLimit: idLimit)
      case "merges" where hasVocabulary: try readMerges(&scanner)
      case "merges":
        mergesPlace = scanner
        try scanner.skipValue()
      default: model[key] = try scanner.value()
      }
    }
    if !hasMerges, hasVocabulary, var place = mergesPlace { try readMerges(&place) }
  }

  private mutating func readVocabulary(_ scanner: inout JSONScanner, idLimit: Int) throws {
    try scanner.beginObject()
    while let token = try scanner.nextKey() {
      let id = try scanner.int()
      guard (0..<idLimit).contains(id) else {
        throw TokenizerError(
          .malformedFile, "tokenizer.json: the token \"\(scanner.text(of: token))\" has the id \(id)")
      }
      try builder.setToken(id) { scanner.appendBytes(of: token, to: &$0) }
    }
    builder.finishTokens()
    hasVocabulary = true
  }

  /// Merges are written `"a b"` or `["a", "b"]`.
  private mutating func readMerges(_ scanner: inout JSONScanner) throws {
    try scanner.beginArray()
    while try scanner.nextElement() {
      if try scanner.peek() == .string {
        let token = try scanner.stringToken()
        try builder.addMerge { scanner.appendBytes(of: token, to: &$0) }
      } else {
        try scanner.beginArray()
        var count = 0
        try builder.addMerge { text in
          while try scanner.nextElement() {
            if count > 0 { text.append(0x20) }
            scanner.appendBytes(of: try scanner.stringToken(), to: &text)
            count += 1
          }
        }
      }
    }
    hasMerges = true
  }

  func parts(configuration: JSON?) throws -> Tokenizer.Parts {
    let type = model["type"]?.string ?? "BPE"
    guard type == "BPE" else {
      throw TokenizerError(.unsupported, "tokenizer.json: the model type \(type) is not implemented; BPE is")
    }
    guard hasVocabulary, hasMerges else {
      throw TokenizerError(.malformedFile, "tokenizer.json: the model has no \(hasVocabulary ? "merges" : "vocab")")
    }
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"] {
      switch model[key] {
      case nil, .null, .bool(false), .string(""): break
      case let value?:
        throw TokenizerError(.unsupported, "tokenizer.json: \(key) \(value) is not implemented; only none is")
      }
    }
    if let normalizer = sections["normalizer"], !normalizer.isNull,
      normalizer["type"] != "Sequence" || normalizer["normalizers"]?.array?.isEmpty != true
    {
      throw TokenizerError(
        .unsupported, "tokenizer.json: the normalizer \(normalizer.text().prefix(200)) is not implemented; only none is"
      )
    }
    if let decoder = sections["decoder"], !decoder.isNull, decoder["type"] != "ByteLevel" {
      throw TokenizerError(
        .unsupported, "tokenizer.json: the decoder \(decoder.text().prefix(200)) is not implemented; ByteLevel is")
    }

    var builder = builder
    let addedTokens = try self.addedTokens()
    for token in addedTokens { try builder.setAddedToken(token) }
    func id(_ key: String) -> Int? {
      // Either the content itself or an object that holds it.
      let name = configuration?[key]?.string ?? configuration?[key]?["content"]?.string
      guard let name else { return nil }
      return addedTokens.first { $0.content.utf8.elementsEqual(name.utf8) }?.id
    }
    return Tokenizer.Parts(
      vocabulary: builder.vocabulary, merges: builder.mergeTable(),
      preTokenizer: try PreTokenizer(tokenizerJSON: sections["pre_tokenizer"] ?? .null),
      ignoresMerges: model["ignore_merges"]?.bool ?? false, addedTokens: addedTokens,
      bosID: id("bos_token"), eosID: id("eos_token"))
  }

  private func addedTokens() throws -> [AddedToken] {
    try (sections["added_tokens"]?.array ?? []).map { entry in
      guard let id = entry["id"]?.int, let content = entry["content"]?.string, !content.isEmpty,
        (0..<builder.addedIDLimit).contains(id)
      else {
        throw TokenizerError(
          .malformedFile, "tokenizer.json: the added token \(entry.text().prefix(200)) has no usable id and content")
      }
      for key in ["single_word", "lstrip", "rstrip"] where entry[key]?.bool == true {
        throw TokenizerError(
          .unsupported, "tokenizer.json: the added token \(content) has \(key), which is not implemented")
      }
      return AddedToken(id: id, content: content, isSpecial: entry["special"]?.bool ?? false)
    }
  }
}
