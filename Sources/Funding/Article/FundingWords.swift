import Foundation

/// Words that texts about funding use, in the languages most articles are written in.
///
/// They are found whatever typesetting and spelling do to them: in any case, with or without accents, in full-width and
/// mathematical letters, and as `FoldedText` has it, so that ligatures, soft hyphens, zero-width characters and hyphens
/// at the ends of lines do not hide them. Spaces between the letters do not either: `F U N D I N G`, `F UNDING`.
enum FundingWords {
  /// Parts of words. None may be common in English texts about anything else: each chunk that holds one is read.
  private static let stems = [
    // English, and what Romance languages share with it
    "fund", "foundation", "grant", "sponsor", "fellowship", "scholarship", "acknowledg", "financ", "finanz", "support",
    "grateful", "gratitude", "thank", "award", "subsid", "subven", "endow", "bursar", "stipend", "contract", "honorari",
    "paid", "processing charge", "processing fee", "publication charge", "publication cost", "publication fee",
    "fonds", "fondo", "fondaz", "fondat",
    // German, Dutch
    "förder", "foerder", "unterstütz", "unterstuetz", "gedankt", "danken", "bedank", "stiftung", "zuwendung",
    "drittmittel", "ondersteun", "gesteund", "beurs",
    // French, Spanish, Catalan, Portuguese, Italian, Romanian
    "soutenu", "soutien", "remerci", "bourse", "apoyo", "apoio", "agradec", "agraïm", "patrocin", "fomento", "suport",
    "sostegn", "sostenut", "ringrazi", "borsa di", "finanț", "sprijin", "mulțum",
    // Danish, Norwegian, Swedish, Finnish, Estonian
    "finans", "støtt", "stött", "stöd", "takk", "taknem", "tacka", "tacksam", "bidrag", "anslag", "bevilg", "bevill",
    "fonden", "rahoit", "apuraha", "säätiö", "kiitä", "kiito", "toeta",
    // Polish, Czech, Slovak, Slovenian, Croatian, Hungarian, Lithuanian, Latvian
    "wspar", "dziękuj", "podziękow", "stypend", "dotacj", "dotac", "fundusz", "podpor", "podpoř", "poděkov", "děkuj",
    "poďak", "ďakuj", "podrž", "potpor", "zahval", "támogat", "pályáz", "köszön", "ösztöndíj", "paramos", "atbalst",
    // Turkish, Vietnamese, Indonesian
    "destek", "teşekkür", "hibesi", "tài trợ", "didanai", "pendanaan", "dukungan", "terima kasih",
    // Russian, Ukrainian, Bulgarian, Serbian, Greek
    "грант", "поддерж", "финанс", "фонд", "благодар", "стипенди", "субсид", "спонсор", "підтрим", "фінанс", "подяк",
    "вдячн", "подкреп", "подрж", "захвал", "χρηματοδ", "υποστηρ", "ευχαριστ", "υποτροφ",
    // Arabic, Persian, Hebrew, Hindi, Thai
    "تمويل", "ممول", "دعم", "مدعوم", "منحة", "شكر", "حمایت", "پشتیبان", "سپاس", "מימון", "נתמך", "תמיכ", "מענק", "תודה",
    "वित्त", "अनुदान", "समर्थन", "आभार", "ทุน", "สนับสนุน", "ขอบคุณ",
    // Chinese, Japanese, Korean
    "基金", "资助", "資助", "补助", "補助", "经费", "經費", "支持", "支援", "致谢", "致謝", "感谢", "感謝", "謝辞", "助成", "科研費",
    "研究費", "奨励", "지원", "감사", "연구비", "재단",
  ].map { stem in
    var letters = PlainLetters()
    return letters.bytes(of: Array(stem.unicodeScalars))
  }

  /// The stems by their first byte, where every search begins.
  private static let stemsByFirstByte: [[[UInt8]]] = {
    var table = [[[UInt8]]](repeating: [], count: 256)
    for stem in stems { table[Int(stem[0])].append(stem) }
    return table
  }()

  /// Whether any of the words stands in a text.
  /// - Complexity: linear in the text.
  static func occur(in text: String) -> Bool {
    var letters = PlainLetters()
    let bytes = letters.bytes(of: Self.scalars(of: FoldedText(text).bytes))
    return bytes.withUnsafeBufferPointer { bytes in
      bytes.indices.contains { index in
        stemsByFirstByte[Int(bytes[index])].contains { stem in
          guard index + stem.count <= bytes.count else { return false }
          for offset in 1..<stem.count where bytes[index + offset] != stem[offset] { return false }
          return true
        }
      }
    }
  }

  private static func scalars(of bytes: [UInt8]) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let (scalar, length) = UTF8Scalar.decode(bytes, at: index)
      scalars.append(scalar)
      index += length
    }
    return scalars
  }
}

/// Makes letters plain: lower case, without accents and other marks, each in its simplest form.
private struct PlainLetters {
  /// What was asked before; most texts hold few different letters.
  private var known: [Unicode.Scalar: [UInt8]] = [:]

  /// The plain UTF-8 of a text, without the space behind a letter that stands alone, where another such letter follows,
  /// or more capitals after a capital: a PDF gives spaced letters and small capitals so.
  mutating func bytes(of text: [Unicode.Scalar]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    for (index, scalar) in text.enumerated() {
      switch scalar {
      case " ": if !Self.isInsideSpacedWord(index, text) { bytes.append(0x20) }
      case "A"..."Z": bytes.append(UInt8(scalar.value) | 0x20)
      case "\0"..."\u{7F}": bytes.append(UInt8(scalar.value))
      default: bytes += plain(scalar)
      }
    }
    return bytes
  }

  private mutating func plain(_ scalar: Unicode.Scalar) -> [UInt8] {
    if let plain = known[scalar] { return plain }
    let simple = String(Character(scalar)).decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
    let letters = simple.filter { $0.properties.generalCategory != .nonspacingMark }.map { $0 == "ı" ? "i" : $0 }
    let plain = letters.flatMap { Array(String(Character($0)).utf8) }
    known[scalar] = plain
    return plain
  }

  private static func isInsideSpacedWord(_ space: Int, _ text: [Unicode.Scalar]) -> Bool {
    func isLetter(_ index: Int) -> Bool {
      guard text.indices.contains(index) else { return false }
      return text[index].isASCII
        ? ("a"..."z").contains(text[index]) || ("A"..."Z").contains(text[index]) : text[index].properties.isAlphabetic
    }
    func isCapital(_ index: Int) -> Bool { isLetter(index) && text[index].properties.isUppercase }
    guard isLetter(space - 1), !isLetter(space - 2), isLetter(space + 1) else { return false }
    return !isLetter(space + 2) || isCapital(space - 1) && isCapital(space + 1) && isCapital(space + 2)
  }
}
