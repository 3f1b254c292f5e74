import Funding

/// A funder with what one place of a text says of its awards.
struct Fact {
  /// As written, without article; nil where a scheme or project stands alone.
  var funder: String?
  var ids: [String] = []
  var schemes: [String] = []
  var titles: [String] = []

  /// What a funder says, award by award.
  static func facts(of funder: Funder) -> [Fact] {
    let awards = funder.awards.isEmpty ? [Award()] : funder.awards
    return awards.map {
      Fact(funder: funder.name, ids: $0.awardIDs, schemes: $0.fundingSchemes, titles: $0.awardTitles)
    }
  }

  /// Facts as the rows of the data have them: a funder once, ids without scheme or title in one award.
  static func funders(from facts: [Fact]) -> [Funder] {
    var funders: [Funder] = []
    for fact in facts {
      let index =
        funders.firstIndex { $0.name.map { Array($0.utf8) } == fact.funder.map { Array($0.utf8) } }
        ?? {
          funders.append(Funder(name: fact.funder))
          return funders.count - 1
        }()
      let isPlain = fact.schemes.isEmpty && fact.titles.isEmpty
      if isPlain && fact.ids.isEmpty { continue }
      // Ids without scheme or title share an award; so do facts of the same scheme and title.
      if let award = funders[index].awards.firstIndex(where: {
        $0.fundingSchemes == fact.schemes && $0.awardTitles == fact.titles
      }) {
        funders[index].awards[award].awardIDs += fact.ids.filter { !funders[index].awards[award].awardIDs.contains($0) }
      } else {
        funders[index].awards.append(
          Award(awardIDs: fact.ids, fundingSchemes: fact.schemes, awardTitles: fact.titles))
      }
    }
    return funders
  }
}
