import Generation

/// Holds an output to a shape and its copied strings to their sources.
///
/// A state has two parts. The core is where in the shape, and in which string, the output is: it decides which bytes
/// can follow, but for one thing, whether a list may go on. That is decided by the lists around: how many items they
/// have and whether the last one repeats an earlier one.
final class ShapeMachine: ByteConstraint {
  enum Spacing: UInt8 { case undecided, none, one }

  enum Content: Hashable {
    case outside
    case free(FreeString.State)
    case copied(CopyIndex.State)
  }

  struct Core: Hashable {
    var position: Int32
    /// Whether a space follows each `:` and `,`: the first of them decides.
    var spacing = Spacing.undecided
    var content = Content.outside
  }

  struct State {
    var core: Core
    var lists = OpenLists()
  }

  enum Event {
    case none, space, next, close
    case open(limit: Int32)
  }

  let graph: ShapeGraph
  private let free: FreeString
  /// For each position of a copied string its index.
  private let indices: [CopyIndex?]
  /// For each position the bytes of its edges.
  private let edgeBytes: [ByteSet]
  /// Whether one of the edges is the comma of a list.
  private let hasSeparator: [Bool]
  private let memory = ItemMemory()

  private static let quote = UInt8(ascii: "\"")

  init(_ graph: ShapeGraph, copies: [CopyEdges: CopyIndex], writable: ByteSet) throws(ConstraintError) {
    self.graph = graph
    free = FreeString(writable: writable)
    var needed: ByteSet = [Self.quote]
    edgeBytes = graph.positions.map { position in
      guard case .edges(let edges) = position else { return ByteSet() }
      return ByteSet(edges.map(\.byte))
    }
    for bytes in edgeBytes { needed.formUnion(bytes) }
    guard writable.isSuperset(of: needed) else {
      needed.subtract(writable)
      throw ConstraintError(.vocabulary, "the vocabulary has no token for the bytes \(needed), which the shape needs")
    }
    indices = graph.positions.map { position in
      if case .string(.copied(let edges), _) = position { copies[edges] } else { nil }
    }
    hasSeparator = graph.positions.map { position in
      guard case .edges(let edges) = position else { return false }
      return edges.contains { $0.event == .next }
    }
  }

  var start: State { State(core: entering(graph.start, .undecided)) }

  func isComplete(_ state: State) -> Bool { state.core.position == 0 }

  func nextBytes(_ state: State) -> ByteSet {
    var bytes = nextBytes(state.core)
    if case .outside = state.core.content, hasSeparator[Int(state.core.position)], !state.lists.mayGoOn(memory) {
      bytes.subtract([UInt8(ascii: ",")])
    }
    return bytes
  }

  func advance(_ state: State, by byte: UInt8) -> State? {
    guard let (core, event) = step(state.core, byte) else { return nil }
    var next = State(core: core, lists: state.lists)
    switch event {
    case .none: next.lists.append(byte)
    case .space: break  // the first item of a list has none before it
    case .open(let limit):
      next.lists.append(byte)
      next.lists.open(limit: limit)
    case .close:
      next.lists.close()
      next.lists.append(byte)
    case .next:
      guard next.lists.mayGoOn(memory) else { return nil }
      next.lists.append(byte)
      next.lists.finishItem(before: state.lists, memory)
    }
    return next
  }

  // MARK: The core

  /// The bytes that can follow as far as the core decides.
  func nextBytes(_ core: Core) -> ByteSet {
    switch core.content {
    case .outside:
      guard case .space(let target) = graph.positions[Int(core.position)] else { return edgeBytes[Int(core.position)] }
      var bytes: ByteSet = [0x20]
      if core.spacing == .undecided { bytes.formUnion(edgeBytes[target]) }
      return bytes
    case .free(let state):
      var bytes = free.nextBytes(state)
      if free.mayClose(state) { bytes.insert(Self.quote) }
      return bytes
    case .copied(let state):
      guard let index = indices[Int(core.position)] else { return [] }
      var bytes = index.nextBytes(state)
      if index.mayEnd(state) { bytes.insert(Self.quote) }
      return bytes
    }
  }

  /// One byte further, and what that does to the lists.
  @inline(__always)
  func step(_ core: Core, _ byte: UInt8) -> (Core, Event)? {
    switch core.content {
    case .outside: return stepOutside(core, byte)
    case .free(let state):
      if byte == Self.quote, free.mayClose(state) { return (leavingString(core), .none) }
      guard let next = free.advance(state, by: byte) else { return nil }
      return (Core(position: core.position, spacing: core.spacing, content: .free(next)), .none)
    case .copied(let state):
      guard let index = indices[Int(core.position)] else { return nil }
      // A quote is closing where it may be: the text's own ones stand behind backslashes, and no copy ends there.
      if byte == Self.quote, index.mayEnd(state) { return (leavingString(core), .none) }
      guard let next = index.advance(state, by: byte) else { return nil }
      return (Core(position: core.position, spacing: core.spacing, content: .copied(next)), .none)
    }
  }

  private func stepOutside(_ core: Core, _ byte: UInt8) -> (Core, Event)? {
    var (position, spacing) = (Int(core.position), core.spacing)
    if case .space(let target) = graph.positions[position] {
      if byte == 0x20 { return (entering(target, .one), .space) }
      guard spacing == .undecided else { return nil }
      (position, spacing) = (target, .none)
    }
    guard case .edges(let edges) = graph.positions[position], let edge = edges.first(where: { $0.byte == byte }) else {
      return nil
    }
    let event: Event =
      switch edge.event {
      case .none: .none
      case .open(let limit): .open(limit: limit)
      case .next: .next
      case .close: .close
      }
    return (entering(edge.target, spacing), event)
  }

  func leavingString(_ core: Core) -> Core {
    guard case .string(_, let target) = graph.positions[Int(core.position)] else { return core }
    return entering(target, core.spacing)
  }

  private func entering(_ position: Int, _ spacing: Spacing) -> Core {
    switch graph.positions[position] {
    case .space(let target) where spacing == .none: entering(target, spacing)
    case .string(.free, _): Core(position: Int32(position), spacing: spacing, content: .free(FreeString.State()))
    case .string(.copied, _):
      Core(
        position: Int32(position), spacing: spacing,
        content: indices[position].map { .copied($0.start) } ?? .outside)
    default: Core(position: Int32(position), spacing: spacing)
    }
  }

  // MARK: Closing

  /// The shortest bytes that complete the output when the token limit is near. A string that has just been opened stays
  /// empty, which the machine itself would not let pass: nothing is made up. A copy goes on to the next place where it
  /// may be cut.
  func closing(_ state: State) -> [UInt8] {
    let rest = graph.closing(from: Int(state.core.position), hasSpaces: state.core.spacing == .one)
    switch state.core.content {
    case .outside: return rest
    case .free(let inside): return free.finishing(inside) + rest
    case .copied(let inside): return (indices[Int(state.core.position)]?.finishing(inside) ?? []) + rest
    }
  }

  /// A number of bytes that `closing` does not exceed; quick.
  func closingBound(_ state: State) -> Int {
    let distance = 2 * graph.distances[Int(state.core.position)]  // spaces come to less than the bytes around
    switch state.core.content {
    case .outside: return distance
    case .free: return distance + FreeString.longestCharacter
    case .copied(let inside): return distance + (indices[Int(state.core.position)]?.finishingBound(inside) ?? 0)
    }
  }

  // MARK: Memory

  /// What is remembered of items, so that it can be taken back.
  var mark: Int { memory.count }

  /// Forgets items of states that are no longer used.
  func forget(since mark: Int) { memory.truncate(to: mark) }
}
