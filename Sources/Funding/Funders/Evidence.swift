/// Where the values of funders stand.
enum Evidence {
  /// - Parameter statements: as the pipeline read them; their order is the record's.
  static func places(
    of funders: [Funder], in statements: [StatementCandidate], of article: ArticleText
  ) -> [FunderEvidence] {
    let finder = EvidenceFinder(statements.map { $0.text(in: article) })
    func place(_ value: String) -> ValuePlace? {
      guard let (index, range) = finder.find(value) else { return nil }
      guard let whole = statements[index].range else {
        return ValuePlace(statement: index, inStatement: range, span: nil)
      }
      // A line break inside the value, or before it, has another length in the file.
      let span = article.span(ofCleaned: whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
      let start = article.span(ofCleaned: whole).bytes.lowerBound
      return ValuePlace(
        statement: index, inStatement: span.bytes.lowerBound - start..<span.bytes.upperBound - start, span: span)
    }
    return funders.map { $0.map { value, _ in place(value) } }
  }
}
