/// A token beside the byte-pair vocabulary, found in a text by its content.
struct AddedToken: Sendable {
  var id: Int
  var content: String
  /// Left out of decoded text on request.
  var isSpecial: Bool
}

/// Finds added tokens in a text: the leftmost, and of those that begin there the longest.
struct AddedTokenMatcher: Sendable {
  private(set) var idSet: Set<Int> = []
  private var ids: [Int] = []
  private var contents = Vocabulary()
  private var lengths: [Int] = []
  private var isFirstByte = [Bool](repeating: false, count: 256)

  init(_ tokens: [AddedToken]) {
    for token in tokens {
      guard let first = token.content.utf8.first else { continue }
      isFirstByte[Int(first)] = true
      _ = contents.set(ids.count) { $0.append(contentsOf: token.content.utf8) }
      ids.append(token.id)
      idSet.insert(token.id)
    }
    contents.buildIndex()
    lengths = Set(tokens.map(\.content.utf8.count)).sorted(by: >)
  }

  /// The id of the token with exactly this content.
  func id(of content: String) -> Int? {
    var content = content
    return content.withUTF8 { contents.id(of: $0) }.map { ids[Int($0)] }
  }

  /// The first token at or after `start`.
  func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> (id: Int, range: Range<Int>)? {
    for place in start..<text.count where isFirstByte[Int(text[place])] {
      for length in lengths where length > 0 && length <= text.count - place {
        let candidate = UnsafeBufferPointer(rebasing: text[place..<place + length])
        if let index = contents.id(of: candidate) { return (ids[Int(index)], place..<place + length) }
      }
    }
    return nil
  }
}
