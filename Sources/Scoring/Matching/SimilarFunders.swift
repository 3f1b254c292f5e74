import Funding
import Text

/// Funders that are one under several similar names, put together.
public enum SimilarFunders {
  /// Merges the funders whose names are similar, as the reference's `_merge_funders` does before anything is compared.
  ///
  /// In rounds: the best assignment of the names among themselves tells the pairs to merge; the merged ones come first,
  /// under the name of the earlier one, then the others; until nothing reaches the threshold. Funders without a name
  /// become one at the end, if they have awards at all.
  ///
  /// - Throws: `ScoringError.tooMuchWork` where the list exceeds `limit`.
  public static func merged(
    _ funders: [Funder], threshold: Double = 0.8, mode: SimilarityMode = .balanced, limit: WorkLimit = .standard
  ) throws(ScoringError) -> [Funder] {
    var matcher = NameMatcher(mode: mode, threshold: threshold, budget: WorkBudget(limit))
    return try merged(funders.map(PreparedFunder.init), &matcher).map {
      Funder(name: $0.name?.original, awards: $0.awards)
    }
  }

  static func merged(
    _ funders: [PreparedFunder], _ matcher: inout NameMatcher
  ) throws(ScoringError) -> [PreparedFunder] {
    var groups = funders.filter { $0.name != nil }
    if groups.count * groups.count > Assignment.largestWholeMatrix { groups = mergingEqualNames(groups) }
    groups = try mergingSimilarNames(groups, &matcher)
    let unnamedAwards = funders.filter { $0.name == nil }.flatMap(\.awards)
    if !unnamedAwards.isEmpty { groups.append(PreparedFunder(name: nil, awards: unnamedAwards)) }
    return groups
  }

  /// Long lists only: equal names would be merged anyway, but in rounds over all pairs.
  private static func mergingEqualNames(_ groups: [PreparedFunder]) -> [PreparedFunder] {
    groups.joined(by: { $0.name.flatMap { $0.normalized.isEmpty ? nil : $0.normalized } }) { first, next in
      first.awards += next.awards
    }
  }

  private static func mergingSimilarNames(
    _ funders: [PreparedFunder], _ matcher: inout NameMatcher
  ) throws(ScoringError) -> [PreparedFunder] {
    // `order[i]` is the funder whose name the group at place i has.
    var groups = funders
    var order = Array(funders.indices)
    let links = try similarPairs(funders, &matcher)
    while groups.count > 1 && !links.isEmpty {
      var places = [Int?](repeating: nil, count: funders.count)
      for (place, funder) in order.enumerated() { places[funder] = place }
      // Both halves of the symmetric matrix, each value taken in the order in which the names now stand.
      var candidates: [ScoredPair] = []
      for link in links {
        guard let a = places[link.first], let b = places[link.second] else { continue }
        let score = a < b ? link.score : link.reversedScore
        if score >= matcher.threshold {
          candidates.append(ScoredPair(row: a, column: b, score: score))
          candidates.append(ScoredPair(row: b, column: a, score: score))
        }
      }
      let pairs = try Assignment.best(
        candidates: candidates, rows: groups.count, columns: groups.count, budget: &matcher.budget)
      var isMerged = [Bool](repeating: false, count: groups.count)
      var newGroups: [PreparedFunder] = []
      var newOrder: [Int] = []
      for pair in pairs where pair.row < pair.column && !isMerged[pair.row] && !isMerged[pair.column] {
        newGroups.append(
          PreparedFunder(name: groups[pair.row].name, awards: groups[pair.row].awards + groups[pair.column].awards))
        newOrder.append(order[pair.row])
        isMerged[pair.row] = true
        isMerged[pair.column] = true
      }
      if newGroups.isEmpty { break }
      for place in groups.indices where !isMerged[place] {
        newGroups.append(groups[place])
        newOrder.append(order[place])
      }
      groups = newGroups
      order = newOrder
    }
    return groups
  }

  private struct Link {
    var first: Int
    var second: Int
    var score: Double
    /// The score with the names in the other order; it differs only where both are of one length.
    var reversedScore: Double
  }

  private static func similarPairs(
    _ funders: [PreparedFunder], _ matcher: inout NameMatcher
  ) throws(ScoringError) -> [Link] {
    let names = funders.compactMap(\.name)  // all of them: unnamed funders have been set aside
    let overview = try matcher.overview(names, names)
    var links: [Link] = []
    for first in names.indices {
      for second in names.indices[(first + 1)...] where overview.mayReachThreshold(first, second) {
        let score = try matcher.score(names[first], names[second])
        var reversed = score
        if score < 1, names[first].normalized.count == names[second].normalized.count {
          reversed = try matcher.score(names[second], names[first])
        }
        if max(score, reversed) >= matcher.threshold {
          links.append(Link(first: first, second: second, score: score, reversedScore: reversed))
        }
      }
    }
    return links
  }
}
