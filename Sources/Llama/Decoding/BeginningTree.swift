/// The beginnings of prompts whose keys and values are in blocks: a path of nodes spells a prompt, block by block.
///
/// A node that requests use stays. Others go when their blocks are needed, the oldest first and never before what
/// follows them.
final class BeginningTree {
  final class Node {
    /// A block's tokens; fewer at a prompt's end, where nothing follows.
    let tokens: ArraySlice<Int>
    let block: Int32
    fileprivate(set) weak var parent: Node?
    fileprivate(set) var children: [Node] = []
    /// Requests whose path leads here.
    fileprivate(set) var users = 0
    fileprivate(set) var lastUse = 0
    /// Whether the block holds what it should: before, some request is reading it.
    var isRead = false

    init(tokens: ArraySlice<Int>, block: Int32, parent: Node?) {
      self.tokens = tokens
      self.block = block
      self.parent = parent
    }
  }

  let root = Node(tokens: [], block: -1, parent: nil)
  /// Nodes that no request uses.
  private(set) var idleCount = 0
  private var clock = 0

  /// The child with the longest beginning in common with `tokens`, a read one before one that is not.
  func bestChild(of node: Node, for tokens: ArraySlice<Int>) -> (child: Node, common: Int)? {
    var best: (child: Node, common: Int)?
    for child in node.children where child.tokens.first == tokens.first {
      let common = commonCount(tokens, child.tokens)
      if common > (best?.common ?? 0) || (common == best?.common && child.isRead && best?.child.isRead == false) {
        best = (child, common)
      }
    }
    return best
  }

  /// The longest beginning in common with `tokens` that a read child has.
  func bestReadChild(of node: Node, for tokens: ArraySlice<Int>) -> (child: Node, common: Int)? {
    var best: (child: Node, common: Int)?
    for child in node.children where child.isRead && child.tokens.first == tokens.first {
      let common = commonCount(tokens, child.tokens)
      if common > (best?.common ?? 0) { best = (child, common) }
    }
    return best
  }

  /// Adds what a request is about to read, and is used by it.
  func insert(_ tokens: ArraySlice<Int>, block: Int32, under parent: Node) -> Node {
    let node = Node(tokens: tokens, block: block, parent: parent)
    parent.children.append(node)
    idleCount += 1
    use(node)
    return node
  }

  func use(_ node: Node) {
    if node.users == 0 { idleCount -= 1 }
    node.users += 1
    clock += 1
    node.lastUse = clock
  }

  func release(_ node: Node) {
    node.users -= 1
    if node.users == 0 { idleCount += 1 }
  }

  /// Takes a node out that nobody uses; what follows it must be out already.
  func remove(_ node: Node) {
    precondition(node.users == 0 && node.children.isEmpty, "a beginning that is still needed")
    idleCount -= 1
    node.parent?.children.removeAll { $0 === node }
  }

  /// The nodes that may go first, so many of them.
  func oldest(_ count: Int) -> [Node] {
    var leaves: [Node] = []
    var stack = [root]
    while let node = stack.popLast() {
      stack.append(contentsOf: node.children)
      if node !== root, node.users == 0, node.children.isEmpty { leaves.append(node) }
    }
    return Array(leaves.sorted { $0.lastUse < $1.lastUse }.prefix(count))
  }
}
