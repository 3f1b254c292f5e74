import Foundation

/// Which chunks of an article stage 1 reads.
public enum ChunkSelection: String, Sendable, Hashable, CaseIterable {
  /// All of them.
  case all
  /// Those that hold a word of funding or thanks: a fraction of an article. A statement that uses none of the words,
  /// and stands beside none, is missed.
  case likely

  /// Parts of words, in lower case, that texts about funding use, in the languages most articles are written in.
  private static let stems = [
    // English, and what Romance languages share with it
    "fund", "foundation", "grant", "sponsor", "fellowship", "scholarship", "acknowledg", "financ", "finanz", "support",
    "grateful", "gratitude", "thank", "award", "subsid", "subven", "endow", "bursar", "stipend", "contract", "honorari",
    // German, French, Spanish and Portuguese
    "förder", "unterstütz", "gedankt", "soutenu", "soutien", "remerci", "bourse", "apoyo", "apoio", "agradec",
    // Russian, Chinese, Japanese, Korean
    "грант", "поддерж", "финанс", "基金", "资助", "資助", "助成", "科研費", "지원",
  ].flatMap { stem in
    // A letter and its mark can be one character or two in an article.
    let decomposed = stem.decomposedStringWithCanonicalMapping
    return decomposed.utf8.elementsEqual(stem.utf8) ? [Array(stem.utf8)] : [Array(stem.utf8), Array(decomposed.utf8)]
  }

  /// The stems by their first byte, where every search begins.
  private static let stemsByFirstByte: [[ArraySlice<UInt8>]] = {
    var table = [[ArraySlice<UInt8>]](repeating: [], count: 256)
    for stem in stems { table[Int(stem[0])].append(stem[...]) }
    return table
  }()

  /// Whether a chunk is read.
  /// - Complexity: linear in the text.
  public func includes(_ chunk: String) -> Bool {
    guard self == .likely else { return true }
    let bytes = Array(chunk.lowercased().utf8)
    return bytes.indices.contains { index in
      Self.stemsByFirstByte[Int(bytes[index])].contains { bytes[index...].starts(with: $0) }
    }
  }
}
