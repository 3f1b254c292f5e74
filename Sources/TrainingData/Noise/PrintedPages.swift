/// A text set in lines, and in pages, as mail, PDFs and scans give it.
///
/// Lines of Markdown that begin with `#` or `|` stay whole. Every other line that is too long is broken at spaces, and
/// at some line ends a word is broken with a hyphen. Pages add what is printed on them: running heads, page numbers,
/// line numbers.
struct PrintedPages {
  /// Most characters of a line, not counting line numbers.
  var width = 72
  /// Share of the lines that end in a broken word, where the next word can be broken.
  var brokenWords = 0.0
  /// Lines of a page; nil: no pages.
  var pageLength: Int?
  /// What stands at the top of each page but the first; empty: nothing.
  var runningHead = ""
  var pageNumbers = PageNumbers.none
  /// Whether a form feed begins a page.
  var hasFormFeeds = false
  /// Whether blank lines part what is printed on a page from its text.
  var hasBlankLines = true
  var lineNumbers = LineNumbers.none

  enum PageNumbers: CaseIterable { case none, top, bottom, bottomOfMany }
  enum LineNumbers { case none, each, everyFifth }

  init() {}

  /// A layout by chance.
  /// - Parameter hasPages: whether anything may be printed besides the lines of the text.
  init(for text: [Unicode.Scalar], hasPages: Bool, _ random: inout DataRandom) {
    width = random.number(in: 40...100)
    brokenWords = random.pick([0, 0.15, 0.4])
    guard hasPages else { return }
    if random.chance(0.5) {
      pageLength = random.number(in: 35...60)
      let title = text.prefix { $0 != "\n" && $0 != "\r" }.drop { $0 == "#" || $0 == " " }.prefix(60)
      runningHead = random.pick(["", String(title), "Author et al.", "Preprint submitted to the journal"])
      pageNumbers = random.pick(runningHead.isEmpty ? [.top, .bottom, .bottomOfMany] : PageNumbers.allCases)
      hasFormFeeds = random.chance(0.3)
      hasBlankLines = random.chance(0.7)
    }
    if random.chance(0.1) { lineNumbers = random.pick([.each, .everyFifth]) }
  }

  /// Sets a text.
  /// - Parameter kept: ranges of scalars.
  /// - Returns: what is printed and where the kept ranges are in it, whatever was printed within them included.
  func set(
    _ text: [Unicode.Scalar], keeping kept: [Range<Int>], _ random: inout DataRandom
  ) -> (text: [Unicode.Scalar], kept: [Range<Int>]) {
    var press = Press(layout: self, text: text)
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: "\n") ?? text.count
      press.set(start..<end, &random)
      if end < text.count { press.endLine(at: end) }
      start = end + 1
    }
    return (press.printed, kept.map(press.place))
  }

  // MARK: The press

  private struct Press {
    let layout: PrintedPages
    let text: [Unicode.Scalar]
    var printed: [Unicode.Scalar] = []
    /// Where each scalar of the text is printed, and where it ends: a space at the end of a line is not printed.
    private var begins: [Int]
    private var ends: [Int]
    private var linesOfPage = 0
    private var page = 1
    private var line = 0
    private var isAtLineStart = true

    init(layout: PrintedPages, text: [Unicode.Scalar]) {
      self.layout = layout
      self.text = text
      begins = Array(repeating: 0, count: text.count)
      ends = begins
      printed.reserveCapacity(text.count + text.count / 16)
    }

    func place(of range: Range<Int>) -> Range<Int> {
      if range.isEmpty {
        let place = range.lowerBound < begins.count ? begins[range.lowerBound] : printed.count
        return place..<place
      }
      return begins[range.lowerBound]..<ends[range.upperBound - 1]
    }

    /// Prints a line of the text as lines that are not too long.
    mutating func set(_ range: Range<Int>, _ random: inout DataRandom) {
      var start = range.lowerBound
      let isWhole = start < range.upperBound && (text[start] == "#" || text[start] == "|")
      while !isWhole, range.upperBound - start > layout.width {
        let limit = start + layout.width
        // The last space at which the line fits. After a hyphen a line end would be taken for a broken word's.
        let space = (start + 1...limit).last { isBreak($0, in: range) }
        if space != limit, random.chance(layout.brokenWords) {
          let word = (space ?? start - 1) + 1..<(text[limit..<range.upperBound].firstIndex(of: " ") ?? range.upperBound)
          if let place = text.breakablePlace(in: word, near: limit - 1) {
            copy(start..<place)
            printed.append("-")
            endLine()
            start = place
            continue
          }
        }
        guard let space = space ?? (limit..<range.upperBound).first(where: { isBreak($0, in: range) }) else { break }
        copy(start..<space)
        endLine(at: space)
        start = space + 1
      }
      copy(start..<range.upperBound)
    }

    private func isBreak(_ place: Int, in range: Range<Int>) -> Bool {
      text[place] == " " && place + 1 < range.upperBound && text[place - 1] != "-" && text[place - 1] != " "
    }

    private mutating func copy(_ range: Range<Int>) {
      if isAtLineStart, !range.isEmpty { beginLine() }
      for index in range {
        begins[index] = printed.count
        printed.append(text[index])
        ends[index] = printed.count
      }
    }

    private mutating func beginLine() {
      isAtLineStart = false
      line += 1
      guard layout.lineNumbers != .none else { return }
      let isNumbered = layout.lineNumbers == .each || line % 5 == 0
      let number = isNumbered ? String(line) : ""
      printed += (String(repeating: " ", count: max(0, 4 - number.count)) + number + "  ").unicodeScalars
    }

    /// - Parameter place: of the space or line end in the text that the end of the line stands for.
    mutating func endLine(at place: Int) {
      begins[place] = printed.count
      ends[place] = printed.count
      endLine()
      // A line end that belongs to a range is printed, a space that gave way to one is not.
      if text[place] == "\n" { ends[place] = begins[place] + 1 }
    }

    private mutating func endLine() {
      printed.append("\n")
      isAtLineStart = true
      linesOfPage += 1
      if let length = layout.pageLength, linesOfPage >= length { endPage() }
    }

    private mutating func endPage() {
      let blank = layout.hasBlankLines ? "\n" : ""
      let bottom =
        switch layout.pageNumbers {
        case .none, .top: ""
        case .bottom: "\(blank)\(page)\n"
        case .bottomOfMany: "\(blank)Page \(page) of \(page / 10 * 10 + 12)\n"
        }
      page += 1
      linesOfPage = 0
      let number = layout.pageNumbers == .top ? String(page) : ""
      let head = [layout.runningHead, number].filter { !$0.isEmpty }.joined(separator: "   ")
      let top = head.isEmpty ? blank : "\(head)\n\(blank)"
      let between = layout.hasFormFeeds ? "\u{C}" : bottom.isEmpty ? blank : ""
      printed += (bottom + between + top).unicodeScalars
    }
  }
}

extension [Unicode.Scalar] {
  /// A place between two lower-case ASCII letters of a word, two letters at least from its ends.
  /// - Parameter wanted: not behind this place.
  func breakablePlace(in word: Range<Int>, near wanted: Int) -> Int? {
    let wanted = Swift.min(wanted, word.upperBound - 3)
    guard wanted >= word.lowerBound + 2 else { return nil }
    return (word.lowerBound + 2...wanted).reversed().first { place in
      (place - 2...place + 1).allSatisfy { ("a"..."z").contains(self[$0]) }
    }
  }
}
