/// Leads one output through its constraint, token by token. A copy goes its own way.
public struct OutputGuide {
  private let engine: ConstraintEngine
  let machine: ShapeMachine
  private let masks: GraphMasks
  /// Masks of this output's copied strings that took long.
  private let copyMasks = CopyMasks()
  private(set) var state: ShapeMachine.State

  private final class CopyMasks { var masks: [ShapeMachine.Core: TokenMask] = [:] }

  /// Masks with fewer visited nodes are made again rather than kept.
  private static let leastKeptVisits = 256
  private static let mostKeptMasks = 64

  init(engine: ConstraintEngine, machine: ShapeMachine, masks: GraphMasks) {
    self.engine = engine
    self.machine = machine
    self.masks = masks
    state = machine.start
  }

  /// Whether the output is complete; nothing can follow then.
  public var isComplete: Bool { machine.isComplete(state) }

  /// Takes the bytes of a token.
  /// - Returns: false, and nothing changes, if they cannot follow.
  @discardableResult
  public mutating func append(_ bytes: some Sequence<UInt8>) -> Bool {
    guard let next = machine.advance(state, by: bytes) else { return false }
    state = next
    return true
  }

  /// The tokens whose bytes can follow.
  public func allowedTokens() -> TokenSet {
    let mark = machine.mark
    defer { machine.forget(since: mark) }
    switch state.core.content {
    case .outside:
      return TokenSet(listed: engine.trie.tokens(allowedBy: machine, in: state))
    case .free(let inside):
      if let mask = masks.masks[state.core] { return complete(mask) }
      let mask = freeMask(inside)
      masks.masks[state.core] = mask
      return complete(mask)
    case .copied:
      if let mask = copyMasks.masks[state.core] { return complete(mask) }
      let mask = walk(from: state.core, at: 0)
      if mask.visitCount >= Self.leastKeptVisits, copyMasks.masks.count < Self.mostKeptMasks {
        copyMasks.masks[state.core] = mask
      }
      return complete(mask)
    }
  }

  /// Adds to a core's tokens those that go where the core alone does not decide.
  private func complete(_ mask: TokenMask) -> TokenSet {
    var tokens = mask.tokens
    for (node, path) in mask.crossings {
      guard let there = machine.advance(state, by: path) else { continue }
      tokens.listed.append(contentsOf: engine.trie.tokens(at: node))
      engine.trie.walk(
        from: there, at: node, nextBytes: machine.nextBytes, advance: { machine.advance($0, by: $1) }
      ) { node, _ in
        tokens.listed.append(contentsOf: engine.trie.tokens(at: node))
        return true
      }
    }
    return tokens
  }

  private func freeMask(_ state: FreeString.State) -> TokenMask {
    let inside = engine.inside(state)
    var mask = TokenMask(tokens: inside.tokens, crossings: [], visitCount: 0)
    guard !inside.closings.isEmpty else { return mask }
    let outside = machine.leavingString(self.state.core)
    for node in inside.closings {
      mask.tokens.listed.append(contentsOf: engine.trie.tokens(at: node))
      let rest = walk(from: outside, at: node)
      mask.tokens.listed += rest.tokens.listed
      mask.crossings += rest.crossings
    }
    return mask
  }

  /// What a core decides for the nodes below one.
  private func walk(from core: ShapeMachine.Core, at node: Int) -> TokenMask {
    let trie = engine.trie
    var mask = TokenMask(tokens: TokenSet(), crossings: [], visitCount: 0)
    trie.walk(from: (core: core, isCrossing: false), at: node) { [machine] in
      machine.nextBytes($0.core)
    } advance: { [machine] state, byte in
      guard let (next, event) = machine.step(state.core, byte) else { return nil }
      return (next, Self.isCrossing(from: state.core, to: next, event))
    } visit: { node, state in
      mask.visitCount += 1
      if state.isCrossing {
        mask.crossings.append((node, trie.path(to: node)))
        return false
      }
      mask.tokens.listed.append(contentsOf: trie.tokens(at: node))
      return true
    }
    return mask
  }

  /// Whether lists change, or a source comes into play.
  private static func isCrossing(
    from: ShapeMachine.Core, to: ShapeMachine.Core, _ event: ShapeMachine.Event
  ) -> Bool {
    switch event {
    case .open, .next, .close: return true
    case .none, .space: break
    }
    guard case .copied = to.content else { return false }
    if case .copied = from.content { return false }
    return true
  }

  // MARK: Without choice

  /// The bytes that must follow, as far as there is no choice, and whether the output is complete behind them.
  public func forcedBytes(atMost limit: Int) -> (bytes: [UInt8], completes: Bool) {
    let mark = machine.mark
    defer { machine.forget(since: mark) }
    var bytes: [UInt8] = []
    var state = state
    while bytes.count < limit, !machine.isComplete(state), let byte = machine.nextBytes(state).only,
      let next = machine.advance(state, by: byte)
    {
      bytes.append(byte)
      state = next
    }
    return (bytes, machine.isComplete(state))
  }

  // MARK: Closing

  /// The shortest bytes that complete the output when the token limit is near. A string that has just been opened is
  /// closed empty; a copy goes on to the next place where it may be cut.
  public func closingBytes() -> [UInt8] { machine.closing(state) }

  /// A number of bytes that `closingBytes` does not exceed; quick.
  public var closingBound: Int { machine.closingBound(state) }
}
