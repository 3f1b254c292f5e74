import JSON

/// Puts funders of several stage-2 calls together.
enum FunderMerging {
  /// Funders of the same name (the same bytes) become one at the first one's place; an award that is there already is not
  /// repeated. Nameless funders stay apart unless they are the same.
  static func merge(_ funders: [Funder]) -> [Funder] {
    var merged: [Funder] = []
    var places: [JSON: Int] = [:]
    var seen: Set<JSON> = []
    for funder in funders {
      let key = funder.name.map(JSON.string) ?? funder.json
      guard let place = places[key] else {
        places[key] = merged.count
        for award in funder.awards { seen.insert([key, award.json]) }
        merged.append(funder)
        continue
      }
      if funder.name == nil { continue }
      for award in funder.awards where seen.insert([key, award.json]).inserted { merged[place].awards.append(award) }
    }
    return merged
  }
}
