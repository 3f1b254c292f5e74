/// Where the values of funders stand.
enum Evidence {
  /// - Parameter statements: those of the record, in its order.
  static func places(of funders: [Funder], in statements: [ReadStatement]) -> [FunderEvidence] {
    let finder = EvidenceFinder(statements.map(\.text))
    func place(_ value: String, _ kind: ValueKind) -> ValuePlace? {
      guard let (index, range) = finder.find(value, kind) else { return nil }
      let place = statements[index].place(range)
      return ValuePlace(statement: index, inStatement: place.inStatement, span: place.span)
    }
    return funders.map { $0.map(place) }
  }
}
