import Generation
import Text

@testable import Constraints

/// Says of any bytes whether they begin, or are, an output that a constraint allows.
///
/// Written from the constraint's description and as plainly as can be: a stack of what is still to come, strings kept
/// whole, copies looked for at every place of the text. It shares nothing with the machines but the texts that folding
/// makes and the edges of ids and names (`ValueEdges`, which has tests of its own).
struct Reference {
  let shape: OutputShape
  let texts: [SourceText]

  /// A text to copy from, escaped character by character.
  struct SourceText {
    var scalars: [Unicode.Scalar]
    var bytes: [UInt8] = []
    /// Where each character begins in `bytes`, and where the last one ends.
    var offsets: [Int] = []
    /// Offsets at which copies may begin and end.
    var starts: [CopyEdges: [Int]] = [:]
    var ends: [CopyEdges: Set<Int>] = [:]
    /// The edges of names and ids.
    let valueEdges: [CopyEdges: ValueEdges]
    /// Behind the last visible character; no copy ends later.
    var usableCount = 0

    init(_ scalars: [Unicode.Scalar]) {
      self.scalars = scalars
      valueEdges = [.names: .names(in: scalars), .awardIDs: .awardIDs(in: scalars)]
      for scalar in scalars {
        offsets.append(bytes.count)
        bytes += Self.escape(scalar)
      }
      offsets.append(bytes.count)
      for edges in CopyEdges.allCases {
        starts[edges] = scalars.indices.filter { mayStart($0, edges) }.map { offsets[$0] }
        ends[edges] = Set((1..<offsets.count).filter { mayEnd($0, edges) }.map { offsets[$0] })
      }
      usableCount = ends[.anywhere]?.max() ?? 0
    }

    /// A text that folding made of another: sentences and lines begin and end where they do there.
    init(_ units: [CopyText.Unit], of source: SourceText) {
      self.init(units.map(\.scalar))
      // A hyphen is neither the first nor the last character of a copy.
      let hyphens = Set(scalars.indices.filter { "-‐‑‒–—―−".unicodeScalars.contains(scalars[$0]) })
      for edges in [CopyEdges.anywhere, .words, .names, .awardIDs] {
        starts[edges]!.removeAll { start in hyphens.contains { offsets[$0] == start } }
        ends[edges]!.subtract(hyphens.map { offsets[$0 + 1] })
      }
      usableCount = ends[.anywhere]!.max() ?? 0
      for edges in [CopyEdges.sentences, .lines] {
        let (cutStarts, cutEnds) = (Set(starts[.words]!), ends[.words]!)
        starts[edges] = units.indices
          .filter { cutStarts.contains(offsets[$0]) && source.mayStart(units[$0].source, edges) }.map { offsets[$0] }
        ends[edges] = Set(
          units.indices
            .filter { cutEnds.contains(offsets[$0 + 1]) && source.mayEnd(units[$0].source + 1, edges) }
            .map { offsets[$0 + 1] }
            + [usableCount])
      }
    }

    static func escape(_ scalar: Unicode.Scalar) -> [UInt8] {
      let short: [Unicode.Scalar: String] = [
        "\"": #"\""#, "\\": #"\\"#, "\n": #"\n"#, "\r": #"\r"#, "\t": #"\t"#, "\u{8}": #"\b"#, "\u{C}": #"\f"#,
      ]
      if let text = short[scalar] { return Array(text.utf8) }
      if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        return Array("\\u".utf8) + Array(repeating: 0x30, count: 4 - digits.count) + Array(digits.utf8)
      }
      return Array(String(Character(scalar)).utf8)
    }
  }

  init(_ constraint: OutputConstraint) {
    shape = constraint.shape
    var texts: [SourceText] = []
    for source in constraint.sources {
      let text = SourceText(Array(source.unicodeScalars))
      texts.append(text)
      guard constraint.foldsLines else { continue }
      for paragraph in LineFolding.paragraphs(of: text.scalars) {
        for keepsHyphens in [false, true] {
          texts.append(
            SourceText(LineFolding.fold(text.scalars, paragraph, keepsHyphens: keepsHyphens), of: text))
        }
      }
    }
    self.texts = texts
  }

  /// What has been read, and what may come.
  struct State {
    indirect enum Task {
      case byte(UInt8)
      case space
      case value(OutputShape)
      /// Behind the opening bracket, or behind an item.
      case firstItemOrEnd(OutputShape, Int)
      case commaOrEnd(OutputShape, Int)
      /// The next byte is the first of an item.
      case itemStarts
      case inString(StringContent)
    }
    var tasks: [Task]
    var spacing: Bool?
    var output: [UInt8] = []
    /// For each open list its finished items, and where the present one begins.
    var lists: [(items: [[UInt8]], start: Int)] = []
    /// What stands in the open string so far.
    var content: [UInt8] = []
  }

  var start: State { State(tasks: [.value(shape)]) }

  func isComplete(_ state: State) -> Bool { state.tasks.isEmpty }

  /// False if the byte cannot follow; the state is worthless then.
  func feed(_ byte: UInt8, to state: inout State) -> Bool {
    guard let task = state.tasks.popLast() else { return false }
    switch task {
    case .byte(let wanted):
      guard byte == wanted else { return false }
    case .space:
      if state.spacing ?? (byte == 0x20) {
        state.spacing = true
        guard byte == 0x20 else { return false }
      } else {
        state.spacing = false
        return feed(byte, to: &state)
      }
    case .itemStarts:
      state.lists[state.lists.count - 1].start = state.output.count
      return feed(byte, to: &state)
    case .firstItemOrEnd(let item, let limit):
      if byte == UInt8(ascii: "]") {
        state.lists.removeLast()
      } else {
        guard limit > 0, isPossible(item) else { return false }
        state.tasks += [.commaOrEnd(item, limit), .value(item), .itemStarts]
        return feed(byte, to: &state)
      }
    case .commaOrEnd(let item, let limit):
      let list = state.lists[state.lists.count - 1]
      let finished = Array(state.output[list.start...])
      if byte == UInt8(ascii: "]") {
        state.lists.removeLast()
      } else {
        guard byte == UInt8(ascii: ","), list.items.count + 1 < limit, !list.items.contains(finished) else {
          return false
        }
        state.lists[state.lists.count - 1].items.append(finished)
        state.tasks += [.commaOrEnd(item, limit), .value(item), .itemStarts, .space]
      }
    case .value(.object(let members)):
      guard byte == UInt8(ascii: "{") else { return false }
      var tasks: [State.Task] = []
      for (index, member) in members.enumerated() {
        if index > 0 { tasks += [.byte(UInt8(ascii: ",")), .space] }
        let key = member.key.unicodeScalars.flatMap(SourceText.escape)
        tasks += ([0x22] + key + [0x22, 0x3A]).map { .byte($0) } + [.space, .value(member.value)]
      }
      state.tasks += (tasks + [.byte(UInt8(ascii: "}"))]).reversed()
    case .value(.array(let item, let limit)):
      guard byte == UInt8(ascii: "[") else { return false }
      state.lists.append(([], 0))
      state.tasks.append(.firstItemOrEnd(item, limit))
    case .value(.nullOr(let shape)):
      if byte == UInt8(ascii: "n") {
        state.tasks += "ull".utf8.reversed().map { .byte($0) }
      } else {
        guard isPossible(shape) else { return false }
        state.tasks.append(.value(shape))
        return feed(byte, to: &state)
      }
    case .value(.string(let content)):
      guard byte == UInt8(ascii: "\"") else { return false }
      state.content = []
      state.tasks.append(.inString(content))
    case .inString(let content):
      if byte == UInt8(ascii: "\""), mayClose(state.content, content) { break }
      state.content.append(byte)
      guard isBeginning(state.content, content) else { return false }
      state.tasks.append(.inString(content))
    }
    state.output.append(byte)
    return true
  }

  func feed(_ bytes: some Sequence<UInt8>, to state: inout State) -> Bool {
    for byte in bytes { guard feed(byte, to: &state) else { return false } }
    return true
  }

  private func isPossible(_ shape: OutputShape) -> Bool {
    switch shape {
    case .string(.free), .array, .nullOr: true
    case .string(.copied(let edges)): texts.contains { $0.starts[edges]?.isEmpty == false }
    case .object(let members): members.allSatisfy { isPossible($0.value) }
    }
  }

  // MARK: Strings

  private func mayClose(_ bytes: [UInt8], _ content: StringContent) -> Bool {
    switch content {
    case .free: FreeText(bytes).map { $0.isWhole && $0.first != nil } == true
    case .copied(let edges):
      !bytes.isEmpty
        && texts.contains { text in
          text.starts[edges]!.contains { start in
            text.bytes[start...].starts(with: bytes) && text.ends[edges]!.contains(start + bytes.count)
          }
        }
    }
  }

  private func isBeginning(_ bytes: [UInt8], _ content: StringContent) -> Bool {
    switch content {
    case .free: FreeText(bytes) != nil
    case .copied(let edges):
      texts.contains { text in
        text.starts[edges]!.contains { text.bytes[$0..<text.usableCount].starts(with: bytes) }
      }
    }
  }
}

extension Unicode.Scalar {
  var isVisibleHere: Bool { !properties.isWhitespace && properties.generalCategory != .control }
  var isMarkHere: Bool { [.nonspacingMark, .spacingMark, .enclosingMark].contains(properties.generalCategory) }
  /// Of the scripts in these tests only Thai, Chinese and Japanese put no spaces between words.
  var isWordHere: Bool {
    if properties.numericType == .decimal { return true }
    if (0xE00..<0xE80).contains(value) || (0x2E80..<0xA000).contains(value) { return false }
    return properties.isAlphabetic || properties.numericType != nil || isMarkHere
  }
  var breaksLineHere: Bool { "\n\r\u{B}\u{C}\u{85}\u{2028}\u{2029}".unicodeScalars.contains(self) }
}

/// The inside of a JSON string as far as it has been read; nil if it can be none, or its first character is not
/// visible.
struct FreeText {
  var first: Unicode.Scalar?
  /// Whether it ends between characters.
  var isWhole = true

  /// Beginnings of the UTF-8 of any scalar, and of visible ones.
  private static let beginnings: (all: Set<[UInt8]>, visible: Set<[UInt8]>) = {
    var all: Set<[UInt8]> = []
    var visible: Set<[UInt8]> = []
    for value in 0x80..<0x11_0000 as Range<UInt32> {
      guard value < 0x1_0000 || value % 64 == 0, let scalar = Unicode.Scalar(value) else { continue }
      let bytes = Array(String(Character(scalar)).utf8)
      for length in 1..<bytes.count {
        all.insert(Array(bytes.prefix(length)))
        if scalar.isVisibleHere { visible.insert(Array(bytes.prefix(length))) }
      }
    }
    return (all, visible)
  }()

  init?(_ bytes: [UInt8]) {
    var index = 0
    while index < bytes.count {
      let isFirst = first == nil
      if bytes[index] == UInt8(ascii: "\\") {
        guard let (scalar, length) = Self.escape(bytes[index...], isFirst) else { return nil }
        guard let scalar else {
          isWhole = false
          return
        }
        first = first ?? scalar
        index += length
        continue
      }
      guard bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\"") else { return nil }
      if bytes[index] < 0x80 {
        let scalar = Unicode.Scalar(bytes[index])
        if isFirst, !scalar.isVisibleHere { return nil }
        first = first ?? scalar
        index += 1
        continue
      }
      let lengths = (2...4).filter { index + $0 <= bytes.count }
      let whole = lengths.lazy.compactMap { length in
        String(validating: bytes[index..<index + length], as: UTF8.self).map { ($0.unicodeScalars.first!, length) }
      }.first
      if let (scalar, length) = whole {
        if isFirst, !scalar.isVisibleHere { return nil }
        first = first ?? scalar
        index += length
      } else {
        let rest = Array(bytes[index...])
        guard (isFirst ? Self.beginnings.visible : Self.beginnings.all).contains(rest) else { return nil }
        isWhole = false
        return
      }
    }
  }

  /// The scalar of an escape and its length; no scalar if it is unfinished, nil if it is none.
  private static func escape(_ bytes: ArraySlice<UInt8>, _ isFirst: Bool) -> (Unicode.Scalar?, Int)? {
    let bytes = Array(bytes)
    guard bytes.count > 1 else { return (nil, 0) }
    let short: [UInt8: Unicode.Scalar] = [
      0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
    ]
    if let scalar = short[bytes[1]] { return isFirst && !scalar.isVisibleHere ? nil : (scalar, 2) }
    guard bytes[1] == UInt8(ascii: "u") else { return nil }
    let digits = bytes[2...].prefix(4)
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }) else { return nil }
    let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0
    let missing = 4 - digits.count
    let values = value << UInt32(4 * missing)..<(value + 1) << UInt32(4 * missing)
    func isRight(_ value: UInt32) -> Bool {
      if (0xD800...0xDBFF).contains(value) { return true }
      guard let scalar = Unicode.Scalar(value) else { return false }
      return !isFirst || scalar.isVisibleHere
    }
    guard values.contains(where: isRight) else { return nil }
    if missing > 0 { return (nil, 0) }
    guard (0xD800...0xDBFF).contains(value) else { return (Unicode.Scalar(value)!, 6) }

    let second = Array(bytes[6...].prefix(6))
    for (index, byte) in second.enumerated() {
      let character = Character(Unicode.Scalar(byte)).lowercased()
      let isRight =
        switch index {
        case 0: byte == UInt8(ascii: "\\")
        case 1: byte == UInt8(ascii: "u")
        case 2: character == "d"
        case 3: "cdef".contains(character)
        default: byte < 0x80 && Character(Unicode.Scalar(byte)).isHexDigit
        }
      guard isRight else { return nil }
    }
    guard second.count == 6 else { return (nil, 0) }
    return ("\u{10000}", 12)  // which one does not matter
  }
}
