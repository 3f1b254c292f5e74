import CTorch

/// A failure of libtorch, or of its use.
public struct TorchError: Error, Sendable, CustomStringConvertible {
  /// Kinds of failure. New kinds may be added.
  public struct Code: Sendable, Hashable {
    private enum Kind { case operation, memory, argument, device, group, unknown }
    private let kind: Kind

    /// An operator refused its operands or failed.
    public static let operation = Code(kind: .operation)
    /// An allocation failed.
    public static let memory = Code(kind: .memory)
    /// An argument is outside what is accepted.
    public static let argument = Code(kind: .argument)
    /// The device, or the library for it, is not there.
    public static let device = Code(kind: .device)
    /// Another process did not come, ended, or did not answer in time.
    public static let group = Code(kind: .group)
    /// The cause is not known.
    public static let unknown = Code(kind: .unknown)
  }

  public let code: Code
  /// Names the operator, the reason and the operands' dtypes and shapes.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  init(status: ct_status) {
    let code: Code =
      switch status {
      case CT_ERROR_OPERATOR: .operation
      case CT_ERROR_MEMORY: .memory
      case CT_ERROR_ARGUMENT: .argument
      case CT_ERROR_DEVICE: .device
      case CT_ERROR_GROUP: .group
      default: .unknown
      }
    self.init(code, String(cString: ct_last_error()))
  }
}

/// Turns a status of the C boundary into a Swift error.
@inline(__always)
func check(_ status: ct_status) throws(TorchError) {
  if status != CT_OK { throw TorchError(status: status) }
}
