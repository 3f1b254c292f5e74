/// Puts a vocabulary and its merges together from byte-level texts, whichever file they come from.
struct VocabularyBuilder {
  private(set) var vocabulary = Vocabulary()
  private var merges: [(left: UInt32, right: UInt32, id: UInt32)] = []
  private let alphabet = ByteLevel()
  private var text: [UInt8] = []
  private var bytes: [UInt8] = []

  /// Added tokens may leave a gap after the vocabulary, but not one that would cost much memory.
  var addedIDLimit: Int { vocabulary.count + 65536 }

  /// Sets a token from its byte-level text.
  mutating func setToken(_ id: Int, text append: (inout [UInt8]) -> Void) throws {
    text.removeAll(keepingCapacity: true)
    append(&text)
    let isNew = vocabulary.set(id) { bytes in text.withUnsafeBufferPointer { alphabet.appendBytes(of: $0, to: &bytes) }
    }
    if !isNew { throw TokenizerError(.malformedFile, "the vocabulary gives the id \(id) to two tokens") }
  }

  /// Makes tokens findable; merges come after this.
  mutating func finishTokens() { vocabulary.buildIndex() }

  /// Adds the next merge, written as two byte-level texts with a space between.
  mutating func addMerge(text append: (inout [UInt8]) throws -> Void) throws {
    text.removeAll(keepingCapacity: true)
    try append(&text)
    bytes.removeAll(keepingCapacity: true)
    let ids: (left: UInt32, right: UInt32, id: UInt32)? = text.withUnsafeBufferPointer { text in
      guard let space = text.firstIndex(of: 0x20), space > 0, space + 1 < text.count,
        !text[(space + 1)...].contains(0x20)
      else { return nil }
      alphabet.appendBytes(of: UnsafeBufferPointer(rebasing: text[..<space]), to: &bytes)
      let middle = bytes.count
      alphabet.appendBytes(of: UnsafeBufferPointer(rebasing: text[(space + 1)...]), to: &bytes)
      return bytes.withUnsafeBufferPointer { bytes in
        guard let left = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<middle])),
          let right = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[middle...])),
          let id = vocabulary.id(of: bytes)
        else { return nil }
        return (left, right, id)
      }
    }
    guard let ids else {
      throw TokenizerError(
        .malformedFile,
        "the merge \"\(String(decoding: text, as: UTF8.self))\" (number \(merges.count)) is not two tokens "
          + "that make a third")
    }
    merges.append(ids)
  }

  /// Gives an added token its bytes. It may stand in the vocabulary already, with the same content.
  mutating func setAddedToken(_ token: AddedToken) throws {
    if let bytes = vocabulary.bytes(of: token.id) {
      text.removeAll(keepingCapacity: true)
      var content = token.content
      content.withUTF8 { alphabet.appendBytes(of: $0, to: &text) }
      guard bytes.elementsEqual(text) || bytes.elementsEqual(token.content.utf8) else {
        throw TokenizerError(.malformedFile, "the added token \(token.content) has the id \(token.id) of another token")
      }
    } else {
      _ = vocabulary.set(token.id) { $0.append(contentsOf: token.content.utf8) }
    }
  }

  func mergeTable() -> MergeTable {
    var table = MergeTable(capacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      table.insert(left: merge.left, right: merge.right, rank: UInt32(truncatingIfNeeded: rank), id: merge.id)
    }
    return table
  }
}
