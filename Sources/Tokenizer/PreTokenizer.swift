/// The rule that cuts a text into words, within which byte-pair merging happens.
///
/// The rules are published as regular expressions and written out here as the matchers they describe.
public enum PreTokenizer: String, Sendable, CaseIterable {
  /// Llama 3: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
  /// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  case llama3
  /// GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// SmolLM: each numeric character alone, and GPT-2's rule on each stretch between them.
  case smollm

  /// The end of the word that begins at `start`, which must lie before `end`. Nothing at or after `end` is looked at.
  func endOfWord(in text: UnsafeBufferPointer<UInt8>, from start: Int, end: Int) -> Int {
    let cursor = Cursor(text: text, end: end)
    return switch self {
    case .llama3: cursor.endOfLlama3Word(from: start)
    case .gpt2: cursor.endOfGPT2Word(from: start)
    case .smollm: cursor.endOfSmolLMWord(from: start)
    }
  }
}

private struct Cursor {
  let text: UnsafeBufferPointer<UInt8>
  let end: Int

  // MARK: Rules

  func endOfLlama3Word(from start: Int) -> Int {
    if let end = endOfContraction(from: start, foldingCase: true) { return end }
    let (first, length) = read(start)
    let second = start + length

    // [^\r\n\p{L}\p{N}]?\p{L}+
    if first == .letter { return skip(.letter, from: second) }
    if first != .number, !isNewline(start), isClass(.letter, at: second) { return skip(.letter, from: second) }

    // \p{N}{1,3}
    if first == .number {
      var place = second
      for _ in 0..<2 where isClass(.number, at: place) { place += read(place).length }
      return place
    }

    // _?[^\s\p{L}\p{N}]+[\r\n]*
    let symbols = text[start] == 0x20 ? second : start
    if isClass(.other, at: symbols) {
      var place = skip(.other, from: symbols)
      while place < end, isNewline(place) { place += 1 }
      return place
    }

    // \s*[\r\n]+
    let runEnd = skip(.space, from: start)
    var place = runEnd
    while place > start {
      if isNewline(place - 1) { return place }
      place -= 1
    }
    return endOfSpaces(from: start, runEnd: runEnd, isAtEnd: runEnd == end)
  }

  func endOfGPT2Word(from start: Int) -> Int {
    if let end = endOfContraction(from: start, foldingCase: false) { return end }
    let body = text[start] == 0x20 && start + 1 < end ? start + 1 : start
    let kind = read(body).class
    if kind != .space { return skip(kind, from: body) }
    let runEnd = skip(.space, from: start)
    return endOfSpaces(from: start, runEnd: runEnd, isAtEnd: runEnd == end)
  }

  func endOfSmolLMWord(from start: Int) -> Int {
    if let end = endOfContraction(from: start, foldingCase: false) { return end }
    let (first, length) = read(start)
    if first == .number { return start + length }
    let body = text[start] == 0x20 && start + 1 < end ? start + 1 : start
    let kind = read(body).class
    if kind == .letter || kind == .other { return skip(kind, from: body) }
    // A numeric character ends the stretch just as the end of the text does.
    let runEnd = skip(.space, from: start)
    return endOfSpaces(
      from: start, runEnd: runEnd, isAtEnd: !(isClass(.letter, at: runEnd) || isClass(.other, at: runEnd)))
  }

  // MARK: Parts

  /// `\s+(?!\S)|\s+`: all of a run of spaces at the end, otherwise all but the last one, which goes to the next word.
  private func endOfSpaces(from start: Int, runEnd: Int, isAtEnd: Bool) -> Int {
    if isAtEnd { return runEnd }
    var last = runEnd - 1
    while last > start, text[last] & 0xC0 == 0x80 { last -= 1 }
    return last > start ? last : runEnd
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`
  private func endOfContraction(from start: Int, foldingCase: Bool) -> Int? {
    guard text[start] == 0x27 else { return nil }
    let (first, afterFirst) = contractionLetter(at: start + 1, foldingCase: foldingCase)
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return afterFirst
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      let (second, afterSecond) = contractionLetter(at: afterFirst, foldingCase: foldingCase)
      return second == (first == UInt8(ascii: "l") ? first : UInt8(ascii: "e")) ? afterSecond : nil
    default: return nil
    }
  }

  /// The letter at a place and where it ends. Folding case, `ſ` (U+017F) is an s.
  private func contractionLetter(at place: Int, foldingCase: Bool) -> (letter: UInt8, end: Int) {
    guard place < end else { return (0, place) }
    let byte = text[place]
    guard foldingCase else { return (byte, place + 1) }
    if byte == 0xC5, place + 1 < end, text[place + 1] == 0xBF { return (UInt8(ascii: "s"), place + 2) }
    return (byte &- 0x41 < 26 ? byte | 0x20 : byte, place + 1)
  }

  @inline(__always)
  private func read(_ place: Int) -> (class: ScalarClass, length: Int) { ScalarClass.read(text, at: place, end: end) }

  @inline(__always)
  private func isClass(_ wanted: ScalarClass, at place: Int) -> Bool { place < end && read(place).class == wanted }

  @inline(__always)
  private func isNewline(_ place: Int) -> Bool { text[place] == 0x0A || text[place] == 0x0D }

  /// The first place that is not of this class.
  @inline(__always)
  private func skip(_ skipped: ScalarClass, from start: Int) -> Int {
    var place = start
    while place < end {
      let (kind, length) = read(place)
      guard kind == skipped else { break }
      place += length
    }
    return place
  }
}
