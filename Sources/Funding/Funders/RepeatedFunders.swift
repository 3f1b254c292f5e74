import JSON

/// Funders that several stage-2 calls name, put together.
enum RepeatedFunders {
  /// Funders of the same name (the same bytes) become one at the first one's place; an award that is there already is
  /// not repeated. Nameless funders stay apart unless they are the same.
  static func joined<Value>(
    _ funders: [FunderTree<Value>], text: (Value) -> String
  ) -> [FunderTree<Value>] {
    func json(_ value: Value) -> JSON { .string(text(value)) }
    return funders.joined(by: { $0.name.map(json) ?? $0.json(json) }) { first, next in
      if next.name == nil { return }
      var seen = Set(first.awards.map { $0.json(json) })
      for award in next.awards where seen.insert(award.json(json)).inserted { first.awards.append(award) }
    }
  }
}

extension Array {
  /// Elements of the same key put together, at the place of the first of them; an element without a key stays as it is.
  package func joined<Key: Hashable>(
    by key: (Element) -> Key?, _ add: (_ first: inout Element, _ next: Element) -> Void
  ) -> [Element] {
    var joined: [Element] = []
    var places: [Key: Int] = [:]
    for element in self {
      let key = key(element)
      if let key, let place = places[key] {
        add(&joined[place], element)
      } else {
        if let key { places[key] = joined.count }
        joined.append(element)
      }
    }
    return joined
  }
}
