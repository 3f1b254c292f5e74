import JSON

/// A funder and how sure the model was of its values.
struct ConfidentFunder {
  var funder: Funder
  var confidence: FunderConfidence

  init(_ funder: Funder, _ confidence: FunderConfidence?) {
    self.funder = funder
    self.confidence = confidence ?? FunderConfidence(unknownFor: funder)
  }

  /// Without an empty name and without awards in which nothing stands; nil if nothing is left. An output that was closed at its
  /// limit can end in such a funder.
  var withoutWhatIsEmpty: ConfidentFunder? {
    var kept = self
    if funder.name?.isEmpty == true { kept.funder.name = nil }
    let full = funder.awards.indices.filter { index in
      let award = funder.awards[index]
      return !(award.awardIDs.isEmpty && award.fundingSchemes.isEmpty && award.awardTitles.isEmpty)
    }
    kept.funder.awards = full.map { funder.awards[$0] }
    kept.confidence.awards = full.map { confidence.awards[$0] }
    return kept.funder.name == nil && kept.funder.awards.isEmpty ? nil : kept
  }
}

/// Puts funders of several stage-2 calls together.
enum FunderMerging {
  /// Funders of the same name (the same bytes) become one at the first one's place; an award that is there already is not
  /// repeated. Nameless funders stay apart unless they are the same.
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
