/// A statement of the model with its place in the cleaned text.
struct StatementCandidate {
  /// As the model wrote it.
  var modelText: String
  /// Index of the chunk that it came from.
  var chunk: Int
  var status: StatementStatus
  /// UTF-8 range in the cleaned text; nil if unverified.
  var range: Range<Int>?
  var confidence: Confidence?

  /// As the article reads, where it stands in it.
  func text(in article: ArticleText) -> String {
    range.map { String(decoding: article.bytes[$0], as: UTF8.self) } ?? modelText
  }
}

/// Makes one list of the statements of all chunks.
enum StatementMerging {
  /// Removes what is there twice and puts the rest in order of place, unverified ones last in order of appearance.
  ///
  /// - A range inside another is dropped; of equal ranges the exact one is kept.
  /// - Overlapping ranges from different chunks are one statement that a chunk's border cut: they become their union,
  ///   which is as sure as the less sure part. From
  ///   the same chunk both are kept.
  /// - A statement whose folded text was there before is dropped, wherever it stands.
  static func merge(_ candidates: [StatementCandidate], in bytes: [UInt8]) -> [StatementCandidate] {
    let located = candidates.enumerated()
      .compactMap { candidate in candidate.element.range.map { (order: candidate.offset, range: $0, candidate.element) }
      }
      .sorted { a, b in
        (a.range.lowerBound, -a.range.upperBound, a.2.status == .exact ? 0 : 1, a.order)
          < (b.range.lowerBound, -b.range.upperBound, b.2.status == .exact ? 0 : 1, b.order)
      }
    // Starts ascend, and nothing kept lies inside another: the last one kept reaches furthest.
    var kept: [StatementCandidate] = []
    for (_, range, candidate) in located {
      guard let last = kept.last, let lastRange = last.range, range.lowerBound < lastRange.upperBound else {
        kept.append(candidate)
        continue
      }
      if range.upperBound <= lastRange.upperBound { continue }
      if last.chunk == candidate.chunk {
        kept.append(candidate)
        continue
      }
      var union = last
      union.range = lastRange.lowerBound..<range.upperBound
      union.confidence = [last.confidence, candidate.confidence].compactMap(\.self).min { $0.mean < $1.mean }
      union.status = last.status == .exact && candidate.status == .exact ? .exact : .normalised
      union.modelText = String(decoding: bytes[lastRange.lowerBound..<range.upperBound], as: UTF8.self)
      kept[kept.count - 1] = union
    }

    var seen: Set<[UInt8]> = []
    kept = kept.filter { candidate in
      guard let range = candidate.range else { return false }
      return seen.insert(FoldedText(Array(bytes[range])).bytes).inserted
    }
    return kept + candidates.filter { $0.range == nil && seen.insert(FoldedText($0.modelText).bytes).inserted }
  }
}
