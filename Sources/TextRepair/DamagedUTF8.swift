/// Repairs to bytes that were UTF-8 until a program replaced some of them (facts from ftfy 6.3.1, Apache-2.0).
enum DamagedUTF8 {
  private typealias Element = [ClosedRange<UInt8>]

  /// No-break spaces (byte A0) that became plain spaces inside a sequence.
  private static let altered: [[Element]] = [
    [[0xC2...0xC3, 0xC5...0xC5, 0xCE...0xCE, 0xD0...0xD0, 0xD9...0xD9], [0x20...0x20]],
    [[0xE2...0xE3], [0x20...0x20], trailNotSpace],
    [[0xE0...0xE3], trailNotSpace, [0x20...0x20]],
    [[0xF0...0xF0], [0x20...0x20], trail, trail],
    [[0xF0...0xF0], trail, [0x20...0x20], trail],
    [[0xF0...0xF0], trail, trail, [0x20...0x20]],
  ]
  /// Sequences of which a byte was replaced by 1A or a question mark.
  private static let lossy: [[Element]] = [
    [[0xC2...0xDF], [0x1A...0x1A]],
    [[0xC2...0xC3], [0x3F...0x3F]],
    [[0xED...0xED], [0xA0...0xAF], lost, [0xED...0xED], [0xB0...0xBF], lostOrTrailOrMark],
    [[0xED...0xED], [0xA0...0xAF], lostOrTrailOrMark, [0xED...0xED], [0xB0...0xBF], lost],
    [[0xE0...0xEF], lost, lostOrTrail],
    [[0xE0...0xEF], lostOrTrail, lost],
    [[0xF0...0xF4], lost, lostOrTrail, lostOrTrail],
    [[0xF0...0xF4], lostOrTrail, lost, lostOrTrail],
    [[0xF0...0xF4], lostOrTrail, lostOrTrail, lost],
    [[0x1A...0x1A]],
  ]
  private static let trail: Element = [0x80...0xBF]
  private static let trailNotSpace: Element = [0x80...0x84, 0x86...0x9F, 0xA1...0xBF]
  private static let lost: Element = [0x1A...0x1A, 0x3F...0x3F]
  private static let lostOrTrail: Element = [0x1A...0x1A, 0x80...0xBF]
  private static let lostOrTrailOrMark: Element = [0x1A...0x1A, 0x3F...0x3F, 0x80...0xBF]

  /// Puts the byte A0 back where only a plain space keeps a sequence from being UTF-8.
  static func restoringNoBreakSpaces(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(0x20), contains(altered, in: bytes) else { return bytes }
    return replacing(altered, in: spacingGraveWords(bytes)) { match in match.map { $0 == 0x20 ? 0xA0 : $0 } }
  }

  /// Replaces the sequences that lost a byte by the encoding of U+FFFD.
  static func replacingLossySequences(_ bytes: [UInt8]) -> [UInt8] {
    replacing(lossy, in: bytes) { _ in [0xEF, 0xBF, 0xBD] }
  }

  /// The word "à" (C3 A0) that lost its last byte to the space after it, unless the bytes begin one of the Portuguese
  /// words àquele, àquela, àquilo or às.
  private static func spacingGraveWords(_ bytes: [UInt8]) -> [UInt8] {
    let exceptions = [" ", "quele", "quela", "quilo", "s "].map { Array($0.utf8) }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let next = index + 2
      if bytes[index] == 0xC3, index + 1 < bytes.count, bytes[index + 1] == 0x20,
        !exceptions.contains(where: { bytes[min(next, bytes.count)...].starts(with: $0) })
      {
        result += [0xC3, 0xA0, 0x20]
        index += 2
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }

  private static func replacing(
    _ patterns: [[Element]], in bytes: [UInt8], with replacement: (ArraySlice<UInt8>) -> [UInt8]
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if let length = match(patterns, in: bytes, at: index) {
        result += replacement(bytes[index..<(index + length)])
        index += length
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }

  private static func contains(_ patterns: [[Element]], in bytes: [UInt8]) -> Bool {
    bytes.indices.contains { match(patterns, in: bytes, at: $0) != nil }
  }

  private static func match(_ patterns: [[Element]], in bytes: [UInt8], at index: Int) -> Int? {
    let lead = bytes[index]
    if lead < 0x80 && lead != 0x1A { return nil }
    search: for pattern in patterns where index + pattern.count <= bytes.count {
      for (offset, element) in pattern.enumerated()
      where !element.contains(where: { $0.contains(bytes[index + offset]) }) {
        continue search
      }
      return pattern.count
    }
    return nil
  }
}
