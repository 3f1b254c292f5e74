import Generation

/// Makes guides for one vocabulary, and keeps what guides can share.
///
/// Not for two threads at once, nor are its guides: what they share is filled in as they go.
public final class ConstraintEngine: @unchecked Sendable {
  // Whoever owns an engine uses it and its guides from one thread at a time, as it does the caches of a model.

  public let trie: TokenTrie
  private let free: FreeString
  private var graphs: [GraphKey: GraphMasks] = [:]
  /// Programs have a handful of shapes; should there be many, memory must not grow with them.
  private static let mostGraphs = 32
  private var insides: [FreeString.State: Inside] = [:]

  private struct GraphKey: Hashable {
    var shape: OutputShape
    var impossible: Set<StringContent>
  }

  public init(_ trie: TokenTrie) {
    self.trie = trie
    free = FreeString(writable: trie.singleBytes)
  }

  /// A guide at the beginning of an output.
  ///
  /// - Throws: `ConstraintError`: the shape has no machine, nothing can be copied where a copy is needed, or the
  ///   vocabulary cannot write the shape.
  /// - Complexity: linear in the sources.
  public func guide(for constraint: OutputConstraint) throws(ConstraintError) -> OutputGuide {
    let whole = try ShapeGraph(constraint.shape)
    var edges: [CopyEdges] = []
    for case .copied(let rule) in whole.contents where !edges.contains(rule) { edges.append(rule) }
    let text = CopyText(
      edges.isEmpty ? [] : constraint.sources, edges: edges, foldsLines: constraint.foldsLines,
      writable: trie.singleBytes)
    let copies = CopyIndex.indices(of: text)
    let key = GraphKey(
      shape: constraint.shape, impossible: Set(copies.filter(\.value.isEmpty).keys.map(StringContent.copied)))
    let masks: GraphMasks
    if let known = graphs[key] {
      masks = known
    } else {
      masks = GraphMasks(key.impossible.isEmpty ? whole : try ShapeGraph(constraint.shape, without: key.impossible))
      if graphs.count >= Self.mostGraphs { graphs.removeAll() }
      graphs[key] = masks
    }
    if whole.contents.contains(.free) { prepareFreeStrings() }
    let machine = try ShapeMachine(masks.graph, copies: copies, writable: trie.singleBytes)
    return OutputGuide(engine: self, machine: machine, masks: masks)
  }

  /// Does now, once, what a first free string would need: two walks over the whole vocabulary.
  private func prepareFreeStrings() {
    _ = inside(FreeString.State())
    _ = inside(FreeString.State(isFirst: false))
  }

  /// What a state inside a free string allows, whatever string it is.
  struct Inside {
    /// Tokens that stay inside.
    var tokens: TokenSet
    /// Nodes that a closing quote leads to.
    var closings: [Int]
  }

  func inside(_ state: FreeString.State) -> Inside {
    if let known = insides[state] { return known }
    let quote = UInt8(ascii: "\"")
    var tokens: [Int32] = []
    var closings: [Int] = []
    // nil: closed.
    trie.walk(from: Optional(state)) { [free] state in
      guard let state else { return [] }
      var bytes = free.nextBytes(state)
      if free.mayClose(state) { bytes.insert(quote) }
      return bytes
    } advance: { [free] state, byte -> FreeString.State?? in
      guard let state else { return nil }
      if byte == quote, free.mayClose(state) { return .some(nil) }
      return free.advance(state, by: byte)
    } visit: { node, state in
      guard state != nil else {
        closings.append(node)
        return false
      }
      tokens.append(contentsOf: trie.tokens(at: node))
      return true
    }
    let inside = Inside(tokens: TokenSet(tokens, vocabularySize: trie.vocabularySize), closings: closings)
    insides[state] = inside
    return inside
  }
}

/// Which tokens a core allows.
struct TokenMask {
  /// Tokens that the core decides.
  var tokens: TokenSet
  /// Nodes behind which the lists or a source have their say, and the bytes that lead there from the root.
  var crossings: [(node: Int, path: [UInt8])]
  /// Nodes that were visited to find them.
  var visitCount: Int
}

/// A shape's graph, and the masks of its free strings, which hold for every text.
final class GraphMasks {
  let graph: ShapeGraph
  var masks: [ShapeMachine.Core: TokenMask] = [:]

  init(_ graph: ShapeGraph) { self.graph = graph }
}

extension TokenSet {
  /// As a list, or as bits where that is shorter.
  init(_ tokens: [Int32], vocabularySize: Int) {
    if tokens.count > vocabularySize / 2 {
      self.init(shared: DenseTokens(tokens, vocabularySize: vocabularySize))
    } else {
      self.init(listed: tokens)
    }
  }
}
