/// JSON Lines: a JSON value a line.
public enum JSONLines {
  /// The lines that hold more than white space, with their numbers from 1.
  public static func lines(of bytes: ArraySlice<UInt8>) -> [(number: Int, bytes: ArraySlice<UInt8>)] {
    var number = 0
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).compactMap { line in
      number += 1
      return line.allSatisfy(isWhitespace) ? nil : (number, line)
    }
  }

  public static func lines(of bytes: [UInt8]) -> [(number: Int, bytes: ArraySlice<UInt8>)] { lines(of: bytes[...]) }

  /// JSON's white space.
  public static func isWhitespace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
