/// Why a training run cannot be kept, continued or read.
public struct RunError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure, for programs; the message is for people.
  public struct Code: Sendable, Hashable {
    private enum Kind { case isRun, exists, inUse, notFound, damaged, malformed, invalidSetting, diskFull, inputOutput }
    private let kind: Kind

    /// The folder holds a run, and nobody asked to resume it.
    public static let isRun = Code(kind: .isRun)
    /// The folder holds something else.
    public static let exists = Code(kind: .exists)
    /// Another process trains into this folder.
    public static let inUse = Code(kind: .inUse)
    /// There is no run at this place.
    public static let notFound = Code(kind: .notFound)
    /// There are checkpoints, and none of them is as it was written.
    public static let damaged = Code(kind: .damaged)
    /// A file of the run or its configuration breaks its format.
    public static let malformed = Code(kind: .malformed)
    /// A setting has an unknown name or an impossible value.
    public static let invalidSetting = Code(kind: .invalidSetting)
    /// No space is left for what was to be written; what was there before is untouched.
    public static let diskFull = Code(kind: .diskFull)
    /// The operating system refused to read or write.
    public static let inputOutput = Code(kind: .inputOutput)
  }

  public let code: Code
  /// What was found, what was expected, what to do.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
