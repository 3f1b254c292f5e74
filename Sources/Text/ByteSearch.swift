/// Search in bytes by Knuth, Morris and Pratt: linear time also for text made to be slow.
package struct ByteSearch {
  package let needle: [UInt8]
  /// For each prefix of the needle the length of its longest proper prefix that is also its suffix.
  private let borders: [Int]

  /// - Parameter needle: what to look for; an empty one is found nowhere.
  package init(_ needle: [UInt8]) {
    self.needle = needle
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in needle.indices.dropFirst() {
      while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    self.borders = borders
  }

  /// The first place of the needle that lies within `range` and that `isAccepted`.
  package func firstRange(
    in bytes: [UInt8], within range: Range<Int>, where isAccepted: (Range<Int>) -> Bool = { _ in true }
  ) -> Range<Int>? {
    guard !needle.isEmpty, needle.count <= range.count else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      needle.withUnsafeBufferPointer { needle in
        borders.withUnsafeBufferPointer { borders in
          var length = 0
          for index in range {
            while length > 0, bytes[index] != needle[length] { length = borders[length - 1] }
            if bytes[index] == needle[length] { length += 1 }
            if length == needle.count {
              let found = index + 1 - length..<index + 1
              if isAccepted(found) { return found }
              length = borders[length - 1]
            }
          }
          return nil
        }
      }
    }
  }

  package func firstRange(in bytes: [UInt8]) -> Range<Int>? { firstRange(in: bytes, within: bytes.indices) }
}
