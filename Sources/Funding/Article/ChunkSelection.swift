/// Which chunks of an article stage 1 reads.
public enum ChunkSelection: String, Sendable, Hashable, CaseIterable {
  /// All of them.
  case all
  /// Those that hold a word of funding or thanks (`FundingWords`): a fraction of an article. A statement that uses none
  /// of the words, and stands beside none, is missed.
  case likely

  /// Whether a chunk is read.
  /// - Complexity: linear in the text.
  public func includes(_ chunk: String) -> Bool { self == .all || FundingWords.occur(in: chunk) }
}

/// How many chunks of an article stage 1 read, and how many the selection left out.
public struct ChunkCounts: Sendable, Hashable {
  public var read: Int
  public var leftOut: Int

  public init(read: Int, leftOut: Int) {
    self.read = read
    self.leftOut = leftOut
  }
}
