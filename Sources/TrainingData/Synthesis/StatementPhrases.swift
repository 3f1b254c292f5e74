/// A part of a statement, and what it says of funders.
struct Phrase {
  var text: String
  var facts: [Fact] = []
}

/// A funder to be named, with the awards to be told.
struct Mention {
  /// `the ` or nothing.
  var article: String
  var name: String
  var isAcronym: Bool
  var ids: [String]
  var scheme: String?
  var title: String?

  var fact: Fact {
    Fact(funder: name, ids: ids, schemes: scheme.map { [$0] } ?? [], titles: title.map { [$0] } ?? [])
  }
}

/// How mentions are put into words. In the templates `{a}` is the article, `{n}` the name, `{i}` the ids, `{l}` a label
/// for them such as `grant no.`, `{s}` the scheme, `{as}` the scheme behind `a` or `an`, `{t}` the title, `{an}` the
/// name behind `a` or `an`, `{w}` initials.
enum StatementPhrases {
  /// A mention as it stands in a list of them.
  /// - Parameter isBare: begins with the name, so that it can follow "We thank" as well as "supported by".
  static func item(_ mention: Mention, isBare: Bool, _ random: inout DataRandom) -> Phrase {
    var templates: [String]
    switch (mention.scheme != nil, mention.title != nil, !mention.ids.isEmpty) {
    case (false, false, false): templates = plain
    case (false, false, true): templates = mention.isAcronym ? withIDs + acronymWithIDs : withIDs
    case (true, false, false): templates = withScheme
    case (true, false, true):
      templates = mention.isAcronym ? withSchemeAndIDs + acronymWithSchemeAndIDs : withSchemeAndIDs
    case (false, true, false): templates = withTitle
    case (false, true, true): templates = withTitleAndIDs
    case (true, true, _): templates = mention.ids.isEmpty ? withSchemeAndTitle : withSchemeTitleAndIDs
    }
    if isBare { templates = templates.filter { $0.hasPrefix("{a}{n}") || $0.hasPrefix("{n}") } }
    return Phrase(text: fill(random.pick(templates), mention, &random), facts: [mention.fact])
  }

  static func fill(_ template: String, _ mention: Mention, _ random: inout DataRandom) -> String {
    var result = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      result += rest[..<open]
      switch rest[rest.index(after: open)..<close] {
      case "a": result += mention.article
      case "A": result += mention.article.isEmpty ? "" : "The "
      case "n": result += mention.name
      case "i": result += ids(mention.ids, &random)
      case "l": result += label(mention.ids.count, &random)
      case "s": result += mention.scheme ?? ""
      case "as": result += mention.scheme.map { "AEIOU".contains($0.first ?? "x") ? "an \($0)" : "a \($0)" } ?? ""
      case "an": result += ("AEIOU".contains(mention.name.first ?? "x") ? "an " : "a ") + mention.name
      case "t": result += mention.title ?? ""
      case "w": result += WordLists.text("who", &random)
      case let other: result += "{\(other)}"
      }
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  private static func ids(_ ids: [String], _ random: inout DataRandom) -> String {
    guard ids.count > 1 else { return ids.first ?? "" }
    switch random.below(12) {
    case 0: return ids.joined(separator: "; ")
    case 1: return ids.joined(separator: ",")
    case 2: return ids.joined(separator: "/ ")
    case 3: return ids.joined(separator: " & ")
    case 4:
      let label = random.pick(["No. ", "no. ", "grant ", "Grant No. "])
      return ids.enumerated().map { $0.offset == 0 ? $0.element : label + $0.element }.joined(
        separator: random.pick([" and ", ", "]))
    case 5:
      return ids.map { "\($0) to \(WordLists.text("who", &random))" }.joined(
        separator: random.pick([", ", " and ", "; "]))
    case 6, 7: return ids.joined(separator: ", ")
    default:
      let and = ids.count > 2 && random.chance(0.5) ? ", and " : " and "
      return ids.dropLast().joined(separator: ", ") + and + (ids.last ?? "")
    }
  }

  private static func label(_ count: Int, _ random: inout DataRandom) -> String {
    count > 1 && random.chance(0.8) ? random.pick(pluralLabels) : random.pick(labels)
  }

  private static let labels = [
    "grant", "grant", "Grant", "grant no.", "Grant No.", "grant number", "grant number", "Grant Number", "Grant no:",
    "No.", "no.", "award",
    "Award Number", "award no.", "contract", "Contract No.", "project", "project no.", "Project No.", "project number",
    "agreement", "ref.",
    "grant #", "Grant ID:", "grant N°", "reference", "code", "Nr.", "Grant Agreement No.", "Project-ID",
    "contract number", "grant ref",
  ]
  private static let pluralLabels = [
    "grants", "grants", "Grants", "grant nos.", "Grant Nos.", "grant numbers", "Grant Numbers", "Nos.", "awards",
    "contracts", "projects",
    "project numbers", "Grant No.", "grant no.",
  ]

  private static let plain = [
    "{a}{n}", "{a}{n}", "{a}{n}", "{a}{n}", "{a}{n}", "{a}{n}", "{a}{n}", "{a}{n}", "a grant from {a}{n}",
    "grants from {a}{n}",
    "a research grant from {a}{n}", "funds from {a}{n}", "funding from {a}{n}", "an unrestricted grant from {a}{n}",
    "{a}{n} (to {w})", "{a}{n} ({w})",
  ]
  private static let withIDs = [
    "{a}{n} ({i})", "{a}{n} ({i})", "{a}{n} ({i})", "{a}{n} ({i})", "{a}{n} ({i})", "{a}{n} ({l} {i})",
    "{a}{n} ({l} {i})", "{a}{n} ({l} {i})",
    "{a}{n} ({l} {i})", "{a}{n} ({l} {i})", "{a}{n} [{l} {i}]", "{a}{n} under {l} {i}", "{a}{n} under {l} {i}",
    "{a}{n} under {l} {i}",
    "{a}{n} through {l} {i}", "{a}{n} via {l} {i}", "{a}{n}, {l} {i}", "{a}{n}, {l} {i}", "{l} {i} from {a}{n}",
    "{l} {i} from {a}{n}",
    "{l} {i} from {a}{n}", "{l} {i} of {a}{n}", "a grant from {a}{n} ({i})", "a grant from {a}{n} ({l} {i})",
    "grants from {a}{n} ({i})",
    "grants from {a}{n} ({l} {i})", "{a}{n} ({l} {i} to {w})", "{a}{n} ({i} to {w})", "{a}{n} ({i}, {w})",
    "{a}{n} {l} {i}", "{a}{n} {i}",
    "a grant ({i}) from {a}{n}", "{a}{n}: {i}", "{a}{n} - {i}", "{a}{n}; {l} {i}", "{a}{n} ({l} {i}; to {w})",
    "{a}{n}({i})", "{a}{n} (to {w}, {l} {i})",
    "{a}{n} (#{i})", "{a}{n} within {l} {i}", "{l} {i} by {a}{n}", "{l} {i}, funded by {a}{n}", "{an} grant ({i})",
  ]
  private static let acronymWithIDs = [
    "{n} {l} {i}", "{n} {l} {i}", "{n} {l} {i}", "{n} {i}", "{a}{n} {l} {i}", "{n} grant {i} to {w}", "{n} ({i})",
    "{n} award {i}",
  ]
  private static let withScheme = [
    "{a}{n} through the {s}", "the {s} of {a}{n}", "{as} from {a}{n}", "{as} from {a}{n}", "{as} of {a}{n}",
    "{a}{n} under the {s}", "{a}{n} ({s})",
    "{a}{n} ({s} to {w})", "{as} awarded to {w} by {a}{n}", "{a}{n} within the framework of the {s}",
    "{a}{n} via the {s}", "{as} ({w}) from {a}{n}",
    "{an} {s}", "{a}{n} {s}",
  ]
  private static let withSchemeAndIDs = [
    "{a}{n} through the {s} ({i})", "{a}{n} through the {s} ({l} {i})", "the {s} of {a}{n} ({i})",
    "the {s} of {a}{n} ({l} {i})", "{as} from {a}{n} ({i})",
    "{as} from {a}{n} ({l} {i})", "{a}{n} under the {s} ({l} {i})", "{a}{n} ({s}, {l} {i})", "{a}{n} ({s} {i})",
    "{a}{n}, {s}, {l} {i}", "{as} ({i}) from {a}{n}",
    "{as} ({l} {i}) awarded by {a}{n}", "{a}{n} {s} ({i})", "{a}{n} {s} {l} {i}", "{a}{n} under the {s}, {l} {i}",
    "{as} to {w} from {a}{n} ({i})",
  ]
  private static let acronymWithSchemeAndIDs = [
    "{n} {s} {l} {i}", "{n} {s} ({i})", "{n} {s} {i}", "{n}-{s} {i}", "{an} {s} ({l} {i})",
  ]
  private static let withTitle = [
    "{a}{n} through the project \"{t}\"", "{a}{n} (project \"{t}\")", "the project \"{t}\" of {a}{n}",
    "{a}{n} within the project {t}", "{a}{n} (project {t})",
    "the project “{t}” funded by {a}{n}", "{a}{n} under the project '{t}'",
  ]
  private static let withTitleAndIDs = [
    "{a}{n} (project \"{t}\", {l} {i})", "{a}{n} through the project \"{t}\" ({i})",
    "the project \"{t}\" ({l} {i}) of {a}{n}", "{a}{n} ({l} {i}, {t})",
    "{a}{n} ({l} {i} – {t})", "{a}{n} under {l} {i} ({t})", "{a}{n} within the project {t} ({i})",
    "{a}{n} (project {t}, {i})", "the project “{t}” ({i}) funded by {a}{n}",
    "{a}{n} ({t}, {l} {i})", "{a}{n} grant \"{t}\" ({i})",
  ]
  private static let withSchemeAndTitle = [
    "{a}{n} under the {s} (project \"{t}\")", "{a}{n} ({s}, project {t})", "{as} from {a}{n} for the project \"{t}\"",
    "{a}{n} through the {s}, project \"{t}\"",
  ]
  private static let withSchemeTitleAndIDs = [
    "{a}{n} under the {s} (project \"{t}\", {l} {i})", "{a}{n} ({s}, project {t}, {i})",
    "{a}{n} through the {s} ({l} {i}, {t})",
    "{as} from {a}{n} ({l} {i}, project \"{t}\")", "the {s} of {a}{n} ({t}, {l} {i})",
  ]
}
