/// A vocabulary as a tree of bytes, for finding the tokens that a machine allows in one walk.
///
/// Nodes stand in depth-first order, children by ascending byte: what lies below a node follows it directly, up to its
/// end.
public final class TokenTrie: Sendable {
  /// Of each node: the byte that leads to it, the node behind all below it, and how many tokens come before its own.
  let bytes: [UInt8]
  let ends: [Int32]
  let firstTokens: [Int32]
  /// Tokens by their bytes; those of a node are together, and so are those of all below it.
  let tokens: [Int32]
  /// One more than the highest id.
  public let vocabularySize: Int
  /// Bytes that are tokens by themselves.
  public let singleBytes: ByteSet

  /// - Parameters:
  ///   - vocabularySize: one more than the highest id.
  ///   - tokenBytes: the bytes that a token writes; nil or nothing for one that must not be chosen, such as special
  ///     tokens.
  /// - Complexity: n log n comparisons of tokens; memory about 9 bytes a node.
  public init(vocabularySize: Int, tokenBytes: (Int) -> ArraySlice<UInt8>?) {
    self.vocabularySize = vocabularySize
    // All tokens' bytes in one array, so that sorting compares flat memory.
    var pool: [UInt8] = []
    var starts: [Int32] = []
    var ids: [Int32] = []
    for id in 0..<vocabularySize {
      guard let token = tokenBytes(id), !token.isEmpty else { continue }
      ids.append(Int32(id))
      starts.append(Int32(pool.count))
      pool.append(contentsOf: token)
    }
    starts.append(Int32(pool.count))

    var nodes = NodeList()
    var sorted: [Int32] = []
    var single = ByteSet()
    pool.withUnsafeBufferPointer { pool in
      func token(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: pool[Int(starts[index])..<Int(starts[index + 1])])
      }
      /// The first eight bytes as a number: decides most comparisons.
      func prefix(_ token: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value = value << 8 | UInt64(index < token.count ? token[index] : 0) }
        return value
      }
      var order = ids.indices.map { (prefix: prefix(token($0)), index: Int32($0)) }
      order.sort { a, b in
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        let (first, second) = (token(Int(a.index)), token(Int(b.index)))
        if first.elementsEqual(second) { return a.index < b.index }
        return first.lexicographicallyPrecedes(second)
      }
      sorted.reserveCapacity(ids.count)
      for (_, index) in order {
        let bytes = token(Int(index))
        if bytes.count == 1 { single.insert(bytes[0]) }
        nodes.add(bytes, tokenCount: sorted.count)
        sorted.append(ids[Int(index)])
      }
    }
    nodes.finish(tokenCount: sorted.count)
    bytes = nodes.bytes
    ends = nodes.ends
    firstTokens = nodes.firstTokens
    tokens = sorted
    singleBytes = single
  }

  /// The nodes while tokens are added in order.
  private struct NodeList {
    var bytes: [UInt8] = [0]  // the root's means nothing
    var ends: [Int32] = [0]
    var firstTokens: [Int32] = [0]
    /// The nodes from the root to the last token's.
    private var path: [Int] = [0]

    mutating func add(_ token: UnsafeBufferPointer<UInt8>, tokenCount: Int) {
      var depth = 0
      while depth + 1 < path.count, depth < token.count, bytes[path[depth + 1]] == token[depth] { depth += 1 }
      close(to: depth)
      for byte in token[depth...] {
        path.append(bytes.count)
        bytes.append(byte)
        ends.append(0)
        firstTokens.append(Int32(tokenCount))
      }
    }

    mutating func finish(tokenCount: Int) {
      close(to: 0)
      ends[0] = Int32(bytes.count)
      firstTokens.append(Int32(tokenCount))
    }

    private mutating func close(to depth: Int) {
      while path.count > depth + 1 { ends[path.removeLast()] = Int32(bytes.count) }
    }
  }

  /// The tokens that end at a node.
  @inline(__always)
  func tokens(at node: Int) -> ArraySlice<Int32> { tokens[Int(firstTokens[node])..<Int(firstTokens[node + 1])] }

  /// The bytes that lead from the root to a node.
  func path(to node: Int) -> [UInt8] {
    var path: [UInt8] = []
    var place = 0
    while place != node {
      var child = place + 1
      while Int(ends[child]) <= node { child = Int(ends[child]) }
      path.append(bytes[child])
      place = child
    }
    return path
  }

  /// Visits the nodes below one whose bytes a machine walks, in depth-first order.
  ///
  /// - Parameters:
  ///   - state: the machine's state at `node`.
  ///   - visit: is given each node with the machine's state there; returns whether to go on below it.
  /// - Complexity: linear in the visited nodes and their children.
  @inline(__always)
  func walk<State>(
    from state: State, at node: Int = 0, nextBytes: (State) -> ByteSet, advance: (State, UInt8) -> State?,
    visit: (_ node: Int, _ state: State) -> Bool
  ) {
    bytes.withUnsafeBufferPointer { bytes in
      ends.withUnsafeBufferPointer { ends in
        // The way down: on each level the next child, the end of the children, and the state above them.
        var stack: [(child: Int, end: Int, state: State, next: ByteSet)] = []
        stack.append((node + 1, Int(ends[node]), state, nextBytes(state)))
        while let top = stack.last {
          var child = top.child
          while child < top.end, !top.next.contains(bytes[child]) { child = Int(ends[child]) }
          guard child < top.end else {
            stack.removeLast()
            continue
          }
          let end = Int(ends[child])
          stack[stack.count - 1].child = end
          guard let next = advance(top.state, bytes[child]), visit(child, next), end > child + 1 else { continue }
          stack.append((child + 1, end, next, nextBytes(next)))
        }
      }
    }
  }

  /// The tokens that a machine allows in a state, in no order: the plain way, for any machine.
  public func tokens<Machine: ByteConstraint>(allowedBy machine: Machine, in state: Machine.State) -> [Int32] {
    var allowed: [Int32] = []
    walk(from: state, nextBytes: machine.nextBytes, advance: { machine.advance($0, by: $1) }) { node, _ in
      allowed.append(contentsOf: tokens(at: node))
      return true
    }
    return allowed
  }
}
