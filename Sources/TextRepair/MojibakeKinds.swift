import Text

/// What a scalar may be evidence of when UTF-8 was read in a single-byte encoding.
///
/// The classes are those of ftfy 6.3.1 (Robyn Speer, Apache-2.0). A scalar can be in several of them.
struct MojibakeKinds: OptionSet {
  var rawValue: UInt64

  static let common = kind(0)
  static let c1 = kind(1)
  static let bad = kind(2)
  static let law = kind(3)
  static let currency = kind(4)
  static let startPunctuation = kind(5)
  static let endPunctuation = kind(6)
  static let numeric = kind(7)
  static let kaomoji = kind(8)
  static let upperAccented = kind(9)
  static let lowerAccented = kind(10)
  static let upperCommon = kind(11)
  static let lowerCommon = kind(12)
  static let box = kind(13)

  static let lowerASCII = kind(14)
  static let upperASCII = kind(15)
  static let space = kind(16)
  static let whitespace = kind(17)
  static let word = kind(18)
  static let notASCIILetter = kind(19)
  static let notNewline = kind(20)
  static let sentenceEnd = kind(21)

  // Lead and following characters of two- to four-byte sequences, whatever the encoding.
  static let firstOfTwo = kind(22)
  static let firstOfThree = kind(23)
  static let firstOfFour = kind(24)
  static let continuation = kind(25)
  static let strictContinuation = kind(26)

  // Characters of single sequences; the names say what they stand for.
  static let ligatureOE = kind(27)
  static let degree = kind(28)
  static let windowsLead = kind(29)
  static let windowsTrail = kind(30)
  static let multiplication = kind(31)
  static let twoOrThree = kind(32)
  static let arabicLead = kind(33)
  static let arabicTrail = kind(34)
  static let southAsianLead = kind(35)
  static let southAsianTrail = kind(36)
  static let squareRoot = kind(37)
  static let squareRootTrail = kind(38)
  static let almostEqual = kind(39)
  static let almostEqualTrail = kind(40)
  static let lowQuote = kind(41)
  static let umlautA = kind(42)
  static let umlautATrail = kind(43)
  static let circumflexOrAcute = kind(44)
  static let circumflexTrail = kind(45)
  static let cyrillicLead = kind(46)
  static let cyrillicVe = kind(47)
  static let cyrillicDje = kind(48)
  static let cyrillicGhe = kind(49)
  static let cyrillicShortU = kind(50)
  static let cyrillicCapitalVe = kind(51)
  static let micro = kind(52)
  static let aTilde = kind(53)
  static let aTildeTrail = kind(54)
  static let aTildeOrCircumflex = kind(55)
  static let aCircumflex = kind(56)
  static let beta = kind(57)
  static let euro = kind(58)
  static let betaTrail = kind(59)
  static let greekLead = kind(60)
  static let aMacron = kind(61)

  static let accented: Self = [.lowerAccented, .upperAccented]
  static let asciiLetter: Self = [.lowerASCII, .upperASCII]

  private static func kind(_ bit: UInt64) -> Self { Self(rawValue: 1 << bit) }

  /// Members as hexadecimal code points and ranges of them.
  private static let members: [(kinds: Self, scalars: String)] = [
    (.common, "A0 AD B4 B7 2013-2015 2019 2026"),
    (.c1, "80-9F"),
    (
      .bad,
      "A4 A6 A8 AA AC AF B8 BA 192 2C6-2C7 2D8 2DB-2DC 2020-2021 2030 2310 25CA FFFD"
    ),
    (.law, "A7 B6"),
    (.currency, "A2-A3 A5 20A7 20AC"),
    (.startPunctuation, "A1 A9 AB BF 384-385 2018 201A 201C 201E 2022 2039 F8FF"),
    (.endPunctuation, "AE BB 2DD 201D 203A 2122"),
    (
      .numeric,
      "B1-B3 B5 B9 BC-BE D7 F7 2044 2116 2202 2206 220F 2211 221A 221E 2229 222B 2248 2260-2261 2264-2265"
    ),
    (.kaomoji, "B0 D2-D6 D9-DC F2-F6 F8-FC 14C 150 16A 172"),
    (
      .upperAccented,
      """
      C0-D1 D8 DC-DD 100 102 104 106 10C 10E 110 112 116 118 11A 11E 122 12A 130 136 139 13B 13D 141 143 145 147 \
      152 158 15A 15E 160 162 164 16E 170 178-179 17B 17D 490
      """
    ),
    (
      .lowerAccented,
      """
      DF-F1 FC 101 103 105 107 10D 10F 111 113 117 119 11B 11F 123 12B 12F 137 13A 13C 13E 142 153 155 15B 15F \
      161 165 17A 17C 17E 491 FB01-FB02
      """
    ),
    (.upperCommon, "DE 386 388-38A 38C 38E-38F 391-3AB 401-42F"),
    (.lowerCommon, "3AC-3C9 430-45F"),
    (.box, "2502 250C 2510 2518 251C 2524 252C 253C 2550-256C 2580 2584 2588 258C 2590-2593"),
    (.lowerASCII, "61-7A"), (.upperASCII, "41-5A"), (.space, "20"), (.sentenceEnd, "2E 2C 3F 21"),
    (
      .firstOfTwo,
      """
      C2-DF 100 102 106 10C 10E 110 112 116 118 11A 11E 122 12A 130 136 139 13B 141 143 145 147 14C 150 158 15A \
      15E 160 162 16A 16E 170 172 179 17B 17D 392-3A1 3A3-3AF 412-42F
      """
    ),
    (
      .firstOfThree,
      """
      E0-EF 101 103 105 107 10D 10F 113 117 119 11B 123 12B 12F 137 13A 13C 155 17A 3B0-3BF 430-43F
      """
    ),
    (.firstOfFour, "F0 F3 111 11F 161 3C0 3C3 440 443"),
    (
      [.continuation, .strictContinuation],
      """
      80-BF C6 D8 E6 F8 104-105 13D-13E 141-142 152-153 156-157 15A-15B 15E-161 164-165 178-17E 192 2C6-2C7 2D8 \
      2DB-2DD 384-386 388-38A 38C 38E-38F 401-40C 40E-40F 451-45C 45E-45F 490-491 2020-2021 2030 2039-203A 20AC \
      2116 2122
      """
    ),
    (.continuation, "20 2013-2015 2018-201A 201C-201E 2022 2026"),
    (.ligatureOE, "152-153"), (.degree, "B0"),
    (.windowsLead, "C2 C3 CE D0"),
    (.windowsTrail, "20AC 153 160 161 A2 A3 178 17E A0 AD AE A9 B0 B7 BB 2013 2014 B4"),
    (.multiplication, "D7"), (.twoOrThree, "B2-B3"),
    (.arabicLead, "D8 D9"), (.arabicTrail, "178 160 AE B0 B5 BB"),
    (.southAsianLead, "E0"), (.southAsianTrail, "B2 B5 B9 BC-BE"),
    (.squareRoot, "221A"), (.squareRootTrail, "B1 2202 2020 2260 AE 2122 B4 2264 2265 A5 B5 F8"),
    (.almostEqual, "2248"), (.almostEqualTrail, "B0 A2"),
    (.lowQuote, "201A"), (.umlautA, "C4"), (.umlautATrail, "EC EE EF F2 F4 FA F9 FB 2020 B0 A2 3C0"),
    (.circumflexOrAcute, "E2 F3"), (.circumflexTrail, "E0 E4 B0 EA"),
    (.cyrillicLead, "412 413 420 421"), (.cyrillicVe, "432"), (.cyrillicDje, "402"), (.cyrillicGhe, "413"),
    (.cyrillicShortU, "45E"), (.cyrillicCapitalVe, "412"), (.micro, "B5"),
    (.aTilde, "C3"), (.aTildeTrail, "A0 A1"), (.aTildeOrCircumflex, "C2 C3"), (.aCircumflex, "C2"),
    (.beta, "3B2"), (.euro, "20AC"), (.betaTrail, "2122 A0 386 AD AE B0"), (.greekLead, "392 393 39E 39F"),
    (.aMacron, "101"),
  ]

  /// Kinds of the scalars below U+2600; the few higher ones are in `highKinds`.
  private static let tableSize: UInt32 = 0x2600
  private static let tables: (low: [UInt64], high: [UInt32: UInt64]) = {
    var low = [UInt64](repeating: 0, count: Int(tableSize))
    var high: [UInt32: UInt64] = [:]
    for (kinds, list) in members {
      for range in HexRanges.parse(list) {
        for value in range {
          if value < tableSize {
            low[Int(value)] |= kinds.rawValue
          } else {
            high[value, default: 0] |= kinds.rawValue
          }
        }
      }
    }
    for value in 0..<tableSize { low[Int(value)] |= general(value).rawValue }
    return (low, high)
  }()

  /// The kinds that follow from the properties of a character.
  private static func general(_ value: UInt32) -> Self {
    var kinds: Self = []
    if PythonText.isWhitespace(value) { kinds.insert(.whitespace) }
    if PythonText.isWordCharacter(value) { kinds.insert(.word) }
    if value != 0x0A { kinds.insert(.notNewline) }
    if !(value >= 0x61 && value <= 0x7A || value >= 0x41 && value <= 0x5A) { kinds.insert(.notASCIILetter) }
    return kinds
  }

  static func all(of text: ArraySlice<UInt32>) -> [MojibakeKinds] {
    let (low, high) = tables
    return text.map { value in
      if value < tableSize { return MojibakeKinds(rawValue: low[Int(value)]) }
      return MojibakeKinds(rawValue: high[value] ?? 0).union(general(value))
    }
  }
}

/// Code points written as `A0 2013-2015`.
enum HexRanges {
  static func parse(_ list: String) -> [ClosedRange<UInt32>] {
    list.split(separator: " ").compactMap { item in
      let ends = item.split(separator: "-").compactMap { UInt32($0, radix: 16) }
      guard let first = ends.first, let last = ends.last, first <= last else { return nil }
      return first...last
    }
  }
}
