/// A text as duplicates are found: by its letters and digits, and by its set of words.
struct ComparedText: Sendable {
  /// The letters and digits in lower case, as UTF-8.
  let letters: [UInt8]
  /// Hashes of the words, which are runs of letters and digits in lower case: each once, ascending.
  let words: [UInt64]

  init(_ text: String) {
    var letters: [UInt8] = []
    letters.reserveCapacity(text.utf8.count)
    var words: [UInt64] = []
    var word = Self.emptyWord
    func append(_ byte: UInt8) {
      letters.append(byte)
      word = (word ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    func endWord() {
      if word != Self.emptyWord { words.append(word) }
      word = Self.emptyWord
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "a"..."z", "0"..."9": append(UInt8(scalar.value))
      case "A"..."Z": append(UInt8(scalar.value | 0x20))
      case _ where scalar.isASCII: endWord()
      case _ where scalar.properties.isAlphabetic || scalar.properties.numericType != nil:
        for byte in scalar.properties.lowercaseMapping.utf8 { append(byte) }
      default: endWord()
      }
    }
    endWord()
    self.letters = letters
    words.sort()
    var unique: [UInt64] = []
    unique.reserveCapacity(words.count)
    for word in words where unique.last != word { unique.append(word) }
    self.words = unique
  }

  /// Where FNV-1a begins.
  private static let emptyWord: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Words that both have, as a share of those that either has.
  func overlap(with other: ComparedText) -> Double {
    var (mine, theirs, shared) = (0, 0, 0)
    while mine < words.count, theirs < other.words.count {
      if words[mine] == other.words[theirs] {
        shared += 1
        mine += 1
        theirs += 1
      } else if words[mine] < other.words[theirs] {
        mine += 1
      } else {
        theirs += 1
      }
    }
    let all = words.count + other.words.count - shared
    return all == 0 ? 0 : Double(shared) / Double(all)
  }
}

extension ComparedText {
  /// Texts of which more than this share of words is shared are nearly equal.
  static let nearlyEqual = 0.9

  /// The pairs of texts that are nearly equal, as indices, the smaller first.
  ///
  /// Two sets that overlap by a share t have, each, one of their rarest words in common: of n words, the rarest
  /// n − ⌈t·n⌉ + 1 (Bayardo, Ma and Srikant, "Scaling Up All Pairs Similarity Search", 2007). Only texts that share
  /// such a word are compared.
  static func nearlyEqualPairs(of texts: [ComparedText]) -> [(Int, Int)] {
    var frequency: [UInt64: Int32] = [:]
    for text in texts { for word in text.words { frequency[word, default: 0] += 1 } }
    var textsByRareWord: [UInt64: [Int]] = [:]
    var pairs: [(Int, Int)] = []
    // Short ones first: a text is compared with those before it, which are not longer.
    for index in texts.indices.sorted(by: { (texts[$0].words.count, $0) < (texts[$1].words.count, $1) }) {
      let text = texts[index]
      let rareCount = text.words.count - Int((nearlyEqual * Double(text.words.count)).rounded(.up)) + 1
      let rare = text.words.map { (frequency: frequency[$0] ?? 0, word: $0) }.sorted { $0 < $1 }.prefix(rareCount)
      var candidates: Set<Int> = []
      for (frequency, word) in rare where frequency > 1 {
        candidates.formUnion(textsByRareWord[word] ?? [])
        textsByRareWord[word, default: []].append(index)
      }
      for other in candidates.sorted()
      where Double(texts[other].words.count) >= nearlyEqual * Double(text.words.count)
        && text.overlap(with: texts[other]) > nearlyEqual
      {
        pairs.append((min(index, other), max(index, other)))
      }
    }
    return pairs
  }
}
