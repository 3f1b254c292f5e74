extension ValueEdges {
  /// Where names, schemes and titles may begin and end: at the edges of words, and where spaces were lost
  ///
  /// - at a capital after a small letter (`the|National`), before the last capital of several if a small letter follows
  ///   (`NSF|Grant`), and behind several capitals (`NSF|and`);
  /// - between digits and two letters or more (`NSF|1855568`);
  /// - anywhere in a run of letters that is longer than words are: where words end in it, no class of characters tells;
  /// - behind the particles that Arabic and Hebrew attach to the beginning of a word. A name only begins there.
  package static func names(in text: [Unicode.Scalar]) -> ValueEdges {
    var edges = words(in: text)
    let classes = CharacterRun.classes(of: text)
    for run in CharacterRun.all(in: classes) {
      if run.isDigits { continue }
      edges.addNameEdges(text, classes, run)
    }
    return edges
  }

  private mutating func addNameEdges(_ text: [Unicode.Scalar], _ classes: [WordCharacter?], _ run: CharacterRun) {
    let letters = run.range
    if letters.count >= 2 {
      if run.touchesLeft { set(letters.lowerBound, true) }
      if run.touchesRight { set(letters.upperBound, true) }
    }
    var capitals = classes[letters.lowerBound] == .upper ? 1 : 0  // that end before `index`
    var lastCapital = letters.lowerBound
    var changes = 0
    for index in letters.dropFirst() where !WordCharacter.isMark(text[index]) {
      if classes[index] == .upper {
        if capitals == 0 {
          set(index, true)
          changes += 1
        }
        capitals += 1
        lastCapital = index
      } else {
        if capitals > 1 {
          set(index, true)
          if classes[index] == .lower { set(lastCapital, true) }
        }
        capitals = 0
      }
    }
    if letters.count >= Self.longestWord || changes > 0 && letters.count >= Self.longestWordWithCapitals {
      for index in letters.dropFirst() where !WordCharacter.isMark(text[index]) { set(index, true) }
    }
    addParticleEdges(text, letters)
  }

  /// Few words of any language are as long.
  private static let longestWord = 32
  /// Few names that have a capital inside are as long.
  private static let longestWordWithCapitals = 16

  private mutating func addParticleEdges(_ text: [Unicode.Scalar], _ letters: Range<Int>) {
    var count = 0
    for index in letters where !WordCharacter.isMark(text[index]) {
      if count > 0, letters.upperBound - index >= Self.shortestStem { starts[index] = true }
      guard count < Self.mostParticles, Self.particles.contains(text[index]) else { return }
      count += 1
    }
  }

  /// and, so, by, for, as; and, the, in, for, from, that, as.
  private static let particles = Set("وفبلكבהולמשכ".unicodeScalars)
  private static let mostParticles = 3
  private static let shortestStem = 2
}
