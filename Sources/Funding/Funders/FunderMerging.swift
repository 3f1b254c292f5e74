import JSON

/// A funder and how sure the model was of its values.
struct ConfidentFunder {
  var funder: Funder
  var confidence: FunderConfidence

  init(_ funder: Funder, _ confidence: FunderConfidence?) {
    self.funder = funder
    self.confidence = confidence ?? FunderConfidence(unknownFor: funder)
  }

  /// Without repetitions at the ends of lists: where a constraint holds, an item that repeats an earlier one is its
  /// list's last, and says only that the model had nothing more to say.
  var withoutRepetitions: ConfidentFunder {
    var kept = self
    for index in funder.awards.indices {
      func drop(
        _ values: WritableKeyPath<Award, [String]>,
        _ confidences: WritableKeyPath<FunderConfidence.OfAward, [Confidence?]>
      ) {
        let count = Self.countWithoutRepetition(funder.awards[index][keyPath: values].map(JSON.string))
        kept.funder.awards[index][keyPath: values].removeLast(
          kept.funder.awards[index][keyPath: values].count - count)
        kept.confidence.awards[index][keyPath: confidences].removeLast(
          kept.confidence.awards[index][keyPath: confidences].count - count)
      }
      drop(\.awardIDs, \.awardIDs)
      drop(\.fundingSchemes, \.fundingSchemes)
      drop(\.awardTitles, \.awardTitles)
    }
    let count = Self.countWithoutRepetition(kept.funder.awards.map(\.json))
    kept.funder.awards.removeLast(kept.funder.awards.count - count)
    kept.confidence.awards.removeLast(kept.confidence.awards.count - count)
    return kept
  }

  /// The same for a list of funders.
  static func withoutRepetitions(_ funders: [ConfidentFunder]) -> [ConfidentFunder] {
    let funders = funders.map(\.withoutRepetitions)
    return Array(funders.prefix(countWithoutRepetition(funders.map(\.funder.json))))
  }

  private static func countWithoutRepetition(_ items: [JSON]) -> Int {
    guard let last = items.last, items.dropLast().contains(last) else { return items.count }
    return items.count - 1
  }

  /// Without award ids that hold no digit, and without the awards in which nothing else stands: the model took a word
  /// for an id. Ids without a digit are next to unknown; among the 2,220 of the annotated statements at hand there is
  /// none.
  var withoutWordsForIDs: ConfidentFunder {
    var kept = self
    for index in funder.awards.indices.reversed() {
      let ids = funder.awards[index].awardIDs
      let right = ids.indices.filter { ids[$0].unicodeScalars.contains { $0.properties.numericType != nil } }
      guard right.count < ids.count else { continue }
      kept.funder.awards[index].awardIDs = right.map { ids[$0] }
      kept.confidence.awards[index].awardIDs = right.map { confidence.awards[index].awardIDs[$0] }
      if kept.funder.awards[index].isEmpty {
        kept.funder.awards.remove(at: index)
        kept.confidence.awards.remove(at: index)
      }
    }
    return kept
  }

  /// Without an empty name and without awards in which nothing stands; nil if nothing is left. An output that was
  /// closed at its limit can end in such a funder.
  var withoutWhatIsEmpty: ConfidentFunder? {
    var kept = self
    if funder.name?.isEmpty == true { kept.funder.name = nil }
    let full = funder.awards.indices.filter { !funder.awards[$0].isEmpty }
    kept.funder.awards = full.map { funder.awards[$0] }
    kept.confidence.awards = full.map { confidence.awards[$0] }
    return kept.funder.name == nil && kept.funder.awards.isEmpty ? nil : kept
  }
}

extension Award {
  fileprivate var isEmpty: Bool { awardIDs.isEmpty && fundingSchemes.isEmpty && awardTitles.isEmpty }
}

extension ConfidentFunder {
  /// The funders of an output without what its end may have brought in: an empty last funder where it was closed at its
  /// limit; and where a constraint held it, without repetitions and words in place of ids.
  static func cleaned(
    _ funders: [ConfidentFunder], closedAtLimit: Bool, isConstrained: Bool
  ) -> [ConfidentFunder] {
    var funders = funders
    if closedAtLimit, let last = funders.popLast()?.withoutWhatIsEmpty { funders.append(last) }
    return isConstrained ? withoutRepetitions(funders).map(\.withoutWordsForIDs) : funders
  }
}

extension FunderReader {
  /// The funders that an extraction makes of those that were read from an output of stage 2.
  /// - Parameters:
  ///   - closedAtLimit: as in ``Completion``.
  ///   - isConstrained: whether a constraint held the output.
  package static func cleaned(_ funders: [Funder], closedAtLimit: Bool, isConstrained: Bool) -> [Funder] {
    ConfidentFunder.cleaned(
      funders.map { ConfidentFunder($0, nil) }, closedAtLimit: closedAtLimit, isConstrained: isConstrained
    ).map(\.funder)
  }
}

/// Puts funders of several stage-2 calls together.
enum FunderMerging {
  /// Funders of the same name (the same bytes) become one at the first one's place; an award that is there already is
  /// not repeated. Nameless funders stay apart unless they are the same.
  static func merge(_ funders: [ConfidentFunder]) -> [ConfidentFunder] {
    var merged: [ConfidentFunder] = []
    var places: [JSON: Int] = [:]
    var seen: Set<JSON> = []
    for item in funders {
      let funder = item.funder
      let key = funder.name.map(JSON.string) ?? funder.json
      guard let place = places[key] else {
        places[key] = merged.count
        for award in funder.awards { seen.insert([key, award.json]) }
        merged.append(item)
        continue
      }
      if funder.name == nil { continue }
      for (index, award) in funder.awards.enumerated() where seen.insert([key, award.json]).inserted {
        merged[place].funder.awards.append(award)
        merged[place].confidence.awards.append(item.confidence.awards[index])
      }
    }
    return merged
  }
}
