/// The lines of a JSON Lines text that hold more than white space, each with its number, counted from 1.
///
/// A byte order mark is left out. A line ends with LF or CR LF; the line end does not belong to it.
///
///     JSONLines(Array("{}\n\n[1]\r\n".utf8)).map(\.number)  // [1, 3]
public struct JSONLines: Sequence, IteratorProtocol {
  public struct Line: Sendable {
    public var number: Int
    public var bytes: ArraySlice<UInt8>
  }

  private var rest: ArraySlice<UInt8>
  private var number = 0

  public init(_ text: some Collection<UInt8>) {
    let bytes = Array(text)
    rest = bytes.starts(with: Self.byteOrderMark) ? bytes[Self.byteOrderMark.count...] : bytes[...]
  }

  /// Whether a text is rather one JSON array: its first character that is no white space opens one.
  public static func isArray(_ text: some Collection<UInt8>) -> Bool {
    let text = text.starts(with: byteOrderMark) ? text.dropFirst(byteOrderMark.count) : text.dropFirst(0)
    return text.first { !isWhitespace($0) } == UInt8(ascii: "[")
  }

  public mutating func next() -> Line? {
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
      var line = rest[rest.startIndex..<end]
      rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
      number += 1
      if line.last == 0x0D { line.removeLast() }
      if !line.allSatisfy(Self.isWhitespace) { return Line(number: number, bytes: line) }
    }
    return nil
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// JSON's white space.
  private static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
