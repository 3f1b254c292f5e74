import Text

/// Finds the values of funders in the statements.
struct EvidenceFinder {
  private let statements: [(bytes: [UInt8], folded: FoldedText)]

  init(_ statements: [String]) {
    self.statements = statements.map { (Array($0.utf8), FoldedText($0)) }
  }

  /// The first place where a value stands as a word of its own, literally or else folded.
  /// - Returns: index of the statement and UTF-8 range in it; nil if it is in none.
  func find(_ value: String) -> (statement: Int, range: Range<Int>)? {
    let exact = ByteSearch(Array(PythonText.strip(value).utf8))
    for (index, statement) in statements.enumerated() {
      let found = exact.firstRange(in: statement.bytes, within: statement.bytes.indices) {
        Self.standsAlone($0, in: statement.bytes)
      }
      if let found { return (index, found) }
    }
    let folded = ByteSearch(FoldedText(value).bytes)
    for (index, statement) in statements.enumerated() {
      let found = folded.firstRange(in: statement.folded.bytes, within: statement.folded.bytes.indices) {
        Self.standsAlone($0, in: statement.folded.bytes)
          && Self.standsAlone(statement.folded.sourceRange($0), in: statement.bytes)
      }
      if let found { return (index, statement.folded.sourceRange(found)) }
    }
    return nil
  }

  /// Whether no letter or digit touches a letter or digit at an end of the range: `12` does not stand alone in `2012`.
  /// Scripts without spaces between words (from U+2E80 on: Chinese, Japanese, Korean) have no such ends.
  private static func standsAlone(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
    func touches(_ a: Unicode.Scalar?, _ b: Unicode.Scalar?) -> Bool {
      [a, b].allSatisfy { scalar in
        guard let scalar, scalar.value < 0x2E80 else { return false }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      }
    }
    let first = UTF8Scalar.decode(bytes, at: range.lowerBound).0
    let last = UTF8Scalar.before(bytes, range.upperBound)
    let next = range.upperBound < bytes.count ? UTF8Scalar.decode(bytes, at: range.upperBound).0 : nil
    return !touches(UTF8Scalar.before(bytes, range.lowerBound), first) && !touches(last, next)
  }
}
