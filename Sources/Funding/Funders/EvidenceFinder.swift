import Text

/// Finds the values of funders in the statements, where the constraint lets the model copy them from.
struct EvidenceFinder {
  private struct Statement {
    var bytes: [UInt8]
    var folded: FoldedText
    var edges: TextEdges
    var foldedEdges: TextEdges

    init(_ text: String) {
      bytes = Array(text.utf8)
      folded = FoldedText(bytes)
      edges = TextEdges(bytes)
      foldedEdges = TextEdges(folded.bytes)
    }
  }

  private let statements: [Statement]

  init(_ statements: [String]) { self.statements = statements.map(Statement.init) }

  /// The first place where a value stands between edges of its kind (`ValueEdges`), literally or else folded. A name
  /// is looked for as whole words first, an award id as a whole id: `12` does not stand in `2012`.
  /// - Returns: index of the statement and UTF-8 range in it; nil if it is in none.
  func find(_ value: String, _ kind: ValueKind) -> (statement: Int, range: Range<Int>)? {
    let rules: [KeyPath<TextEdges, TextEdges.Places>] = kind == .awardID ? [\.awardIDs, \.words] : [\.words, \.names]
    let exact = ByteSearch(Array(PythonText.strip(value).utf8))
    let folded = ByteSearch(FoldedText(value).bytes)
    for rule in rules {
      for (index, statement) in statements.enumerated() {
        let places = statement.edges[keyPath: rule]
        let found = exact.firstRange(in: statement.bytes, within: statement.bytes.indices, where: places.allow)
        if let found { return (index, found) }
      }
      for (index, statement) in statements.enumerated() {
        let (places, foldedPlaces) = (statement.edges[keyPath: rule], statement.foldedEdges[keyPath: rule])
        let found = folded.firstRange(in: statement.folded.bytes, within: statement.folded.bytes.indices) {
          foldedPlaces.allow($0) && places.allow(statement.folded.sourceRange($0))
        }
        if let found { return (index, statement.folded.sourceRange(found)) }
      }
    }
    return nil
  }
}

/// The edges of a text by its bytes.
private struct TextEdges {
  struct Places {
    private var starts: [Bool]
    private var ends: [Bool]

    init(_ edges: ValueEdges, _ scalars: [Unicode.Scalar], byteCount: Int) {
      starts = Array(repeating: false, count: byteCount + 1)
      ends = starts
      var offset = 0
      for (index, scalar) in scalars.enumerated() {
        starts[offset] = edges.starts[index]
        ends[offset] = edges.ends[index]
        offset += UTF8.width(scalar)
      }
      ends[byteCount] = true
    }

    func allow(_ range: Range<Int>) -> Bool { starts[range.lowerBound] && ends[range.upperBound] }
  }

  let words: Places
  let names: Places
  let awardIDs: Places

  init(_ bytes: [UInt8]) {
    let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    func places(_ edges: ValueEdges) -> Places { Places(edges, scalars, byteCount: bytes.count) }
    words = places(.words(in: scalars))
    names = places(.names(in: scalars))
    awardIDs = places(.awardIDs(in: scalars))
  }
}
