/// The members of a JSON object in the order they were written.
///
/// Keys are told apart by their UTF-8 bytes. A key that is given twice keeps its first place and its last value, as in
/// Python.
public struct JSONObject: Sendable {
  public private(set) var members: [(key: String, value: JSON)] = []

  /// Place of each key in `members`; kept only for objects too large to search.
  private var index: [UTF8Key: Int] = [:]
  private static let searchLimit = 12

  public init() {}

  public init(_ members: [(String, JSON)]) {
    self.members.reserveCapacity(members.count)
    for (key, value) in members { self[key] = value }
  }

  public var count: Int { members.count }

  public var isEmpty: Bool { members.isEmpty }

  public var keys: [String] { members.map(\.key) }

  /// The value of this key. Setting a new key appends it; setting nil removes the member.
  public subscript(_ key: String) -> JSON? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil):
        members.remove(at: place)
        rebuildIndex()
      case (nil, let value?):
        members.append((key, value))
        if index.isEmpty { rebuildIndex() } else { index[UTF8Key(key)] = members.count - 1 }
      case (nil, nil): break
      }
    }
  }

  private func place(of key: String) -> Int? {
    if !index.isEmpty { return index[UTF8Key(key)] }
    let wanted = UTF8Key(key)
    return members.firstIndex { UTF8Key($0.key) == wanted }
  }

  private mutating func rebuildIndex() {
    index = [:]
    guard members.count > Self.searchLimit else { return }
    for (place, member) in members.enumerated() { index[UTF8Key(member.key)] = place }
  }
}

extension JSONObject: Hashable {
  /// The same keys with the same values, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for (key, value) in members {
      var member = Hasher()
      member.combine(UTF8Key(key))
      member.combine(value)
      sum &+= member.finalize()
    }
    hasher.combine(sum)
  }
}
