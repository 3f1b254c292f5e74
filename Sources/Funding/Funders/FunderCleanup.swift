import JSON

/// Takes away what the end of an output may have brought into the funders.
package enum FunderCleanup {
  /// The funders that an extraction makes of those that were read from an output of stage 2: without an empty last
  /// funder where the output was closed at its limit, and where a constraint held it, without repetitions and words in
  /// place of ids.
  /// - Parameters:
  ///   - closedAtLimit: as in ``Completion``.
  ///   - isConstrained: whether a constraint held the output.
  package static func clean(
    _ funders: [FunderTree<OutputString>], closedAtLimit: Bool, isConstrained: Bool
  ) -> [FunderTree<OutputString>] {
    var funders = funders
    if closedAtLimit, let last = funders.popLast().flatMap(withoutEmptyAwards) { funders.append(last) }
    guard isConstrained else { return funders }
    return withoutRepetition(funders.map(withoutRepetitions)) { $0.json(string) }.map(withoutWordsForIDs)
  }

  private static func string(_ value: OutputString) -> JSON { .string(value.text) }

  /// Nil if nothing is left. An output that was closed at its limit can end in such a funder.
  private static func withoutEmptyAwards(_ funder: FunderTree<OutputString>) -> FunderTree<OutputString>? {
    var kept = funder
    kept.awards.removeAll(where: \.isEmpty)
    return kept.name == nil && kept.awards.isEmpty ? nil : kept
  }

  /// Without repetitions at the ends of lists: where a constraint holds, an item that repeats an earlier one is its
  /// list's last, and says only that the model had nothing more to say.
  private static func withoutRepetitions(_ funder: FunderTree<OutputString>) -> FunderTree<OutputString> {
    var kept = funder
    for index in kept.awards.indices {
      for list in AwardTree<OutputString>.lists {
        kept.awards[index][keyPath: list] = withoutRepetition(kept.awards[index][keyPath: list], string)
      }
    }
    kept.awards = withoutRepetition(kept.awards) { $0.json(string) }
    return kept
  }

  private static func withoutRepetition<Item>(_ items: [Item], _ json: (Item) -> JSON) -> [Item] {
    guard let last = items.last.map(json), items.dropLast().contains(where: { json($0) == last }) else { return items }
    return items.dropLast()
  }

  /// Without award ids that hold no digit, and without the awards in which nothing else stands: the model took a word
  /// for an id. Ids without a digit are next to unknown; among the 2,220 of the annotated statements at hand there is
  /// none.
  private static func withoutWordsForIDs(_ funder: FunderTree<OutputString>) -> FunderTree<OutputString> {
    var kept = funder
    kept.awards = funder.awards.compactMap { award in
      let ids = award.awardIDs.filter { $0.text.unicodeScalars.contains { $0.properties.numericType != nil } }
      guard ids.count < award.awardIDs.count else { return award }
      var award = award
      award.awardIDs = ids
      return award.isEmpty ? nil : award
    }
    return kept
  }
}
