import Generation
import Text

/// The sources of copies as one run of bytes: JSON-escaped segments with a separator after each, and the places where
/// copies may begin and end.
///
/// A piece of a source that the vocabulary cannot write ends a segment. With folded lines, each paragraph whose lines
/// can be folded is there again, once with the hyphens at its lines' ends and once without them.
struct CopyText {
  /// Stands after each segment; no UTF-8 has it, so that nothing runs over it.
  static let separator: UInt8 = 0xFF

  /// The places of one rule.
  struct Places {
    /// Offsets at which a copy may begin, ascending.
    var starts: [Int32] = []
    /// Offsets at which one may end.
    var ends = BitArray()
    /// Offsets at which one may be cut when the token limit is near: the same, and with `lines` also the ends of
    /// sentences, because a line can be as long as an article.
    var limitEnds = BitArray()
  }

  private(set) var bytes: [UInt8] = []
  let edges: [CopyEdges]
  /// Of each of `edges`.
  private(set) var places: [Places]

  /// - Parameter writable: the bytes that the vocabulary can write one by one.
  init(_ sources: [String], edges: [CopyEdges], foldsLines: Bool, writable: ByteSet) {
    self.edges = edges
    places = Array(repeating: Places(), count: edges.count)
    for source in sources {
      var piece: [Unicode.Scalar] = []
      piece.reserveCapacity(source.utf8.count)
      for scalar in source.unicodeScalars {
        if Self.isWritable(scalar, writable) {
          piece.append(scalar)
        } else {
          append(piece, foldsLines)
          piece.removeAll(keepingCapacity: true)
        }
      }
      append(piece, foldsLines)
    }
    extendBits()
  }

  private static func isWritable(_ scalar: Unicode.Scalar, _ writable: ByteSet) -> Bool {
    if (0x23..<0x5C).contains(scalar.value) || (0x5D..<0x7F).contains(scalar.value) {
      return writable.contains(UInt8(scalar.value))
    }
    var bytes: [UInt8] = []
    JSONEscape.append(scalar, to: &bytes)
    return bytes.allSatisfy(writable.contains)
  }

  private mutating func append(_ piece: [Unicode.Scalar], _ foldsLines: Bool) {
    guard let first = piece.firstIndex(where: CharacterClass.isVisible),
      let last = piece.lastIndex(where: CharacterClass.isVisible)
    else { return }
    let boundaries = TextBoundaries(piece)
    append((first...last).map { Unit(scalar: piece[$0], source: $0) }, boundaries, isFolded: false)
    guard foldsLines else { return }
    for paragraph in LineFolding.paragraphs(of: piece) {
      let withoutHyphens = LineFolding.fold(piece, paragraph, keepsHyphens: false)
      let withHyphens = LineFolding.fold(piece, paragraph, keepsHyphens: true)
      let isSame = withHyphens.count == paragraph.count  // folding only takes away, or puts a space for one character
      if !isSame || !zip(withHyphens, paragraph).allSatisfy({ $0.scalar == piece[$1] }) {
        append(withHyphens, boundaries, isFolded: true)
      }
      if withoutHyphens.count != withHyphens.count { append(withoutHyphens, boundaries, isFolded: true) }
    }
  }

  /// A character of a segment and where it stands in the piece.
  struct Unit {
    var scalar: Unicode.Scalar
    var source: Int
  }

  /// - Parameter isFolded: copies neither begin nor end with a hyphen then: whether one belongs to them could not be
  ///   told when their place is looked for.
  private mutating func append(_ units: [Unit], _ boundaries: TextBoundaries, isFolded: Bool) {
    var units = units[...]
    if isFolded {
      while let last = units.last?.scalar, !CharacterClass.isVisible(last) || CharacterClass.isHyphen(last) {
        units.removeLast()
      }
      if units.isEmpty { return }
    }
    bytes.reserveCapacity(bytes.count + units.count + units.count / 8)
    // offsets[i]: where unit i begins; one more for the end.
    var offsets: [Int] = []
    offsets.reserveCapacity(units.count + 1)
    for unit in units {
      offsets.append(bytes.count)
      JSONEscape.append(unit.scalar, to: &bytes)
    }
    offsets.append(bytes.count)
    bytes.append(Self.separator)

    extendBits()
    let scalars = units.map(\.scalar)
    let words = ValueEdges.words(in: scalars)
    for (rule, edges) in edges.enumerated() {
      let allowed =
        switch edges {
        case .awardIDs: ValueEdges.awardIDs(in: scalars)
        case .names: ValueEdges.names(in: scalars)
        case .anywhere, .words, .sentences, .lines: words
        }
      for (index, unit) in units.enumerated() where CharacterClass.isVisible(unit.scalar) {
        if isFolded, CharacterClass.isHyphen(unit.scalar) { continue }
        if allows(boundaries.starts[unit.source], allowed.starts[index], edges) {
          places[rule].starts.append(Int32(offsets[index]))
        }
        let (end, isEnd) = (boundaries.ends[unit.source + 1], allowed.ends[index + 1])
        if allows(end, isEnd, edges) { places[rule].ends.set(offsets[index + 1]) }
        if allows(end, isEnd, edges == .lines ? .sentences : edges) {
          places[rule].limitEnds.set(offsets[index + 1])
        }
      }
      // A copy can always go on to the segment's end and end there.
      places[rule].ends.set(offsets[units.count])
      places[rule].limitEnds.set(offsets[units.count])
    }
  }

  private mutating func extendBits() {
    for rule in places.indices {
      places[rule].ends.extend(to: bytes.count + 1)
      places[rule].limitEnds.extend(to: bytes.count + 1)
    }
  }

  /// Whether a copy may begin where this begins, or end where it ends.
  private func allows(_ boundary: TextBoundaries.Kind, _ isValueEdge: Bool, _ edges: CopyEdges) -> Bool {
    switch edges {
    case .anywhere: true
    case .words, .names, .awardIDs: isValueEdge
    case .sentences: isValueEdge && boundary >= .sentence
    case .lines: isValueEdge && boundary >= .line
    }
  }
}

/// Bits by number.
struct BitArray {
  private var words: [UInt64] = []

  mutating func extend(to count: Int) {
    let needed = (count + 63) / 64 + 1
    if needed > words.count { words.append(contentsOf: repeatElement(0, count: needed - words.count)) }
  }

  mutating func set(_ index: Int) { words[index >> 6] |= 1 << UInt64(index & 63) }

  @inline(__always)
  subscript(index: Int) -> Bool { words[index >> 6] >> UInt64(index & 63) & 1 != 0 }

  /// The first set bit at or after `index`; nil if there is none.
  func first(from index: Int) -> Int? {
    var place = index >> 6
    guard place < words.count else { return nil }
    var word = words[place] & (~0 << UInt64(index & 63))
    while word == 0 {
      place += 1
      guard place < words.count else { return nil }
      word = words[place]
    }
    return place << 6 + word.trailingZeroBitCount
  }
}
