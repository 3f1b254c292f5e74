import Funding
import Text

/// Awards as wholes: an id with its own schemes and titles.
///
/// The reference compares ids, schemes and titles of a funder as three separate lists, so a title under the wrong id
/// costs nothing there. Here a unit is one id with the schemes and titles of its award (or these alone, where the award
/// has no id), and two units match if their ids are the same and their schemes and titles match one to one with nothing
/// left.
enum AwardPairing {
  static func level(
    _ pairs: [FunderComparison.FunderPair], options: ComparisonOptions
  ) throws(ScoringError) -> LevelScore {
    var level = LevelScore()
    var matcher = NameMatcher(
      mode: options.mode, threshold: options.threshold, budget: WorkBudget(options.workLimit))
    for pair in pairs {
      let gold = units(pair.gold, options.awardIDMode)
      let predicted = units(pair.predicted, options.awardIDMode)
      let neighbours = try gold.map { unit throws(ScoringError) in
        var places: [Int] = []
        for (place, other) in predicted.enumerated() {
          try matcher.budget.spend(4)
          if unit.id == other.id, try matches(unit, other, &matcher) { places.append(place) }
        }
        return places
      }
      let matched = try BipartiteMatching.maximum(
        neighbours, columns: predicted.count, budget: &matcher.budget)
      level += LevelScore(gold: gold.count, predicted: predicted.count, matched: Double(matched.count))
    }
    return level
  }

  private struct Unit {
    var id: Scalars?
    var schemes: [PreparedName]
    var titles: [PreparedName]
  }

  private static func units(_ funder: Funder?, _ mode: AwardIDMode) -> [Unit] {
    (funder?.awards ?? []).flatMap { award -> [Unit] in
      let schemes = award.fundingSchemes.map(PreparedName.init)
      let titles = award.awardTitles.map(PreparedName.init)
      if award.awardIDs.isEmpty {
        return schemes.isEmpty && titles.isEmpty ? [] : [Unit(id: nil, schemes: schemes, titles: titles)]
      }
      return award.awardIDs.map {
        Unit(id: AwardID.normalized($0, mode: mode), schemes: schemes, titles: titles)
      }
    }
  }

  private static func matches(
    _ gold: Unit, _ predicted: Unit, _ matcher: inout NameMatcher
  ) throws(ScoringError) -> Bool {
    guard gold.schemes.count == predicted.schemes.count, gold.titles.count == predicted.titles.count else {
      return false
    }
    let schemes = try matcher.match(gold: gold.schemes, predicted: predicted.schemes)
    if schemes.count < gold.schemes.count { return false }
    return try matcher.match(gold: gold.titles, predicted: predicted.titles).count == gold.titles.count
  }
}
