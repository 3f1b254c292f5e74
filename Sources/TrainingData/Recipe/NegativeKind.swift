/// Kinds of paragraphs that stand where funding statements stand, or speak of funders, and are none. The rarest first.
public enum NegativeKind: String, Sendable, CaseIterable {
  case fundersRole = "funders_role"
  case dataAvailability = "data_availability"
  case interests, thanks, ethics

  /// Parts of what such paragraphs say, in lower case.
  private var phrases: [String] {
    switch self {
    case .fundersRole:
      [
        "role of the fund", "role of funding", "role of the sponsor", "no role in", "no influence on",
        "no involvement in",
      ]
    case .dataAvailability:
      [
        "data availab", "code availab", "availability of data", "availability of the data", "data sharing",
        "available from the corresponding", "available on request", "available upon",
      ]
    case .interests:
      ["competing interest", "competing financial", "conflict of interest", "conflicts of interest", "disclosure"]
    case .thanks: ["thank", "grateful", "gratitude", "acknowledg", "indebted"]
    case .ethics: ["ethics", "ethical approval", "review board", "informed consent", "declaration of helsinki"]
    }
  }

  /// The phrases by their first byte, where every search begins.
  private static let phrasesByFirstByte: [[(kind: NegativeKind, phrase: [UInt8])]] = {
    var table = [[(kind: NegativeKind, phrase: [UInt8])]](repeating: [], count: 256)
    for kind in allCases {
      for phrase in kind.phrases.map({ Array($0.utf8) }) { table[Int(phrase[0])].append((kind, phrase)) }
    }
    return table
  }()

  /// The rarest kind that a text is of, told by its phrases in English; nil: none of them.
  /// - Complexity: linear in the text.
  static func of(_ text: String) -> NegativeKind? {
    let bytes = Array(text.lowercased().utf8)
    var found: Set<NegativeKind> = []
    for index in bytes.indices {
      for (kind, phrase) in phrasesByFirstByte[Int(bytes[index])]
      where bytes[index...].starts(with: phrase) { found.insert(kind) }
    }
    return allCases.first(where: found.contains)
  }

  /// Takes elements out of a list, in its order, but for half of them, which are of the kinds in turn, as far as there
  /// are such: by chance alone the rare kinds would be missing.
  static func chosen<Element: Hashable>(
    _ count: Int, of elements: [Element], kind: (Element) -> NegativeKind?
  ) -> [Element] {
    var byKind: [NegativeKind: [Element]] = [:]
    for element in elements { if let kind = kind(element) { byKind[kind, default: []].append(element) } }
    var taken: [Element] = []
    for turn in 0..<(byKind.values.map(\.count).max() ?? 0) {
      for kind in allCases where taken.count < (count + 1) / 2 {
        if let element = byKind[kind].flatMap({ turn < $0.count ? $0[turn] : nil }) { taken.append(element) }
      }
    }
    let known = Set(taken)
    return taken + elements.filter { !known.contains($0) }.prefix(count - taken.count)
  }
}
