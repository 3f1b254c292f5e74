/// What an output may be, as a machine over bytes.
///
/// A state is a value: copies of it go different ways. A token is allowed in a state if all its bytes can be walked from there.
public protocol ByteConstraint {
  associatedtype State: Hashable & Sendable

  var start: State { get }
  /// The state after one more byte; nil if the byte cannot stand there.
  func advance(_ state: State, by byte: UInt8) -> State?
  /// Whether the output may end here.
  func isComplete(_ state: State) -> Bool
}
