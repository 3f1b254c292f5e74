/// What an output may be, as a machine over bytes.
///
/// A state is a value: copies of it go different ways. A token is allowed in a state if all its bytes can be walked
/// from there, and the machine has no dead ends: from every state that it reaches it can be completed.
public protocol ByteConstraint {
  associatedtype State

  var start: State { get }
  /// The bytes that can stand next.
  func nextBytes(_ state: State) -> ByteSet
  /// The state after one more byte; nil if the byte is none of `nextBytes`.
  func advance(_ state: State, by byte: UInt8) -> State?
  /// Whether the output may end here.
  func isComplete(_ state: State) -> Bool
}

extension ByteConstraint {
  /// The state after several bytes; nil if one of them cannot stand where it stands.
  public func advance(_ state: State, by bytes: some Sequence<UInt8>) -> State? {
    var state = state
    for byte in bytes {
      guard let next = advance(state, by: byte) else { return nil }
      state = next
    }
    return state
  }
}

/// A set of bytes.
public struct ByteSet: Sendable, Hashable {
  private var low: UInt64 = 0
  private var lowMiddle: UInt64 = 0
  private var highMiddle: UInt64 = 0
  private var high: UInt64 = 0

  public init() {}

  public init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

  public static let all = ByteSet(UInt8.min...UInt8.max)

  @inline(__always)
  public func contains(_ byte: UInt8) -> Bool {
    let word =
      switch byte >> 6 {
      case 0: low
      case 1: lowMiddle
      case 2: highMiddle
      default: high
      }
    return word >> UInt64(byte & 63) & 1 != 0
  }

  @inline(__always)
  public mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: low |= bit
    case 1: lowMiddle |= bit
    case 2: highMiddle |= bit
    default: high |= bit
    }
  }

  @inline(__always)
  public mutating func formUnion(_ other: ByteSet) {
    low |= other.low
    lowMiddle |= other.lowMiddle
    highMiddle |= other.highMiddle
    high |= other.high
  }

  @inline(__always)
  public mutating func formIntersection(_ other: ByteSet) {
    low &= other.low
    lowMiddle &= other.lowMiddle
    highMiddle &= other.highMiddle
    high &= other.high
  }

  @inline(__always)
  public mutating func subtract(_ other: ByteSet) {
    low &= ~other.low
    lowMiddle &= ~other.lowMiddle
    highMiddle &= ~other.highMiddle
    high &= ~other.high
  }

  public func intersection(_ other: ByteSet) -> ByteSet {
    var result = self
    result.formIntersection(other)
    return result
  }

  public func isSuperset(of other: ByteSet) -> Bool { intersection(other) == other }

  public var isEmpty: Bool { low | lowMiddle | highMiddle | high == 0 }

  public var count: Int {
    low.nonzeroBitCount + lowMiddle.nonzeroBitCount + highMiddle.nonzeroBitCount + high.nonzeroBitCount
  }

  /// The lowest byte; nil if there is none.
  public var first: UInt8? {
    for (index, word) in [low, lowMiddle, highMiddle, high].enumerated() where word != 0 {
      return UInt8(index * 64 + word.trailingZeroBitCount)
    }
    return nil
  }

  /// The byte of a set that has just one, else nil.
  public var only: UInt8? { count == 1 ? first : nil }

  /// In ascending order.
  public var bytes: [UInt8] { (UInt8.min...UInt8.max).filter(contains) }
}

extension ByteSet: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral bytes: UInt8...) { self.init(bytes) }

  public var description: String { bytes.description }
}
