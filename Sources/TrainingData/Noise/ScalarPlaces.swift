/// A text as scalars, and the way from byte offsets to them.
struct ScalarPlaces {
  let text: [Unicode.Scalar]
  /// UTF-8 offset of each scalar, and the text's length behind the last.
  private let offsets: [Int]

  init(_ string: String) {
    text = Array(string.unicodeScalars)
    var offsets: [Int] = []
    offsets.reserveCapacity(text.count + 1)
    var offset = 0
    for scalar in text {
      offsets.append(offset)
      offset += UTF8.width(scalar)
    }
    self.offsets = offsets + [offset]
  }

  /// Scalars of a byte range that begins and ends at scalars. O(log n).
  func scalars(_ bytes: Range<Int>) -> Range<Int> { index(of: bytes.lowerBound)..<index(of: bytes.upperBound) }

  /// The byte range of so many scalars.
  func bytes(_ scalars: Range<Int>) -> Range<Int> { offsets[scalars.lowerBound]..<offsets[scalars.upperBound] }

  private func index(of offset: Int) -> Int {
    var low = 0
    var high = offsets.count - 1
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension String {
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
