/// Why a file or folder, a model's or an adapter's for instance, could not be read or written.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure, for programs; the message is for people.
  public struct Code: Sendable, Hashable {
    private enum Kind { case notFound, wrongKind, malformed, unsupported, mismatch, exists, inputOutput, diskFull }
    private let kind: Kind

    /// The path, or a file that belongs beside it, is not there.
    public static let notFound = Code(kind: .notFound)
    /// The file is something else: a Git-LFS pointer, a web page, a folder, an empty file.
    public static let wrongKind = Code(kind: .wrongKind)
    /// The file breaks its format.
    public static let malformed = Code(kind: .malformed)
    /// The file is well formed and asks for something that is not implemented.
    public static let unsupported = Code(kind: .unsupported)
    /// Two files, or a file and its configuration, contradict each other.
    public static let mismatch = Code(kind: .mismatch)
    /// The output is there already.
    public static let exists = Code(kind: .exists)
    /// The operating system refused to read or write.
    public static let inputOutput = Code(kind: .inputOutput)
    /// No space is left where the output goes, or the user's quota is used up.
    public static let diskFull = Code(kind: .diskFull)
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

extension FileError {
  /// An error of the operating system: `doing` is a verb phrase such as `open`.
  package static func system(_ doing: String, _ path: String, _ number: Int32) -> FileError {
    let code: Code =
      switch number {
      case noSuchFile: .notFound
      case _ where isDiskFull(number): .diskFull
      default: .inputOutput
      }
    return FileError(code, "\(path): cannot \(doing): \(systemMessage(number))")
  }
}

/// The first five names, and how many there are in all, for messages about many of them.
package func firstNames(_ names: some Collection<String>) -> String {
  let shown = names.prefix(5).map(quoted).joined(separator: ", ")
  return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}

/// A name from a file, made safe for a message: quoted, shortened, control characters escaped.
package func quoted(_ name: String) -> String {
  var result = "\""
  for (index, scalar) in name.unicodeScalars.enumerated() {
    if index == 120 { return result + "…\"" }
    result += scalar.escaped(asASCII: false)
  }
  return result + "\""
}
