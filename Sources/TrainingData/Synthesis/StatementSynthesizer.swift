import Funding
import JSON

/// Makes funding statements with their funders by a small grammar: templates of sentences, ways to name a funder with
/// its awards, and what stands around. Row `n` of a seed is always the same, however many are made.
///
/// Rows keep to the mapping of the project's own data: names, ids, schemes and titles are verbatim in the statement;
/// names go without article and with an acronym that follows in parentheses; an award belongs to the nearest funder;
/// repeated mentions under one name are merged; ids without scheme or title share one award.
public struct StatementSynthesizer: Sendable {
  private let funders: [SyntheticFunder]
  private let byCountry: [String: [SyntheticFunder]]
  private let seed: UInt64

  /// - Parameter lists: lists of funders (`name<TAB>acronym<TAB>country<TAB>id shapes<TAB>schemes`, all but the name
  ///   optional) with their paths for messages; empty: the built-in list.
  /// - Throws: `DataError.unreadableFile` for a list that holds no funders.
  public init(seed: UInt64, lists: [(text: String, path: String)] = []) throws {
    self.seed = seed
    var all: [SyntheticFunder] = []
    for list in lists { all += try SyntheticFunder.list(list.text, path: list.path) }
    funders = lists.isEmpty ? try SyntheticFunder.builtIn.get() : all
    byCountry = Dictionary(grouping: funders, by: \.country)
  }

  /// A row in the form of `parse.jsonl`.
  public func row(_ number: Int) -> DataRow {
    var random = DataRandom(seed: seed, "statement", String(number))
    let phrase = statement(&random)
    return DataRow(
      id: "synthetic-\(seed)-\(number)", license: "synthetic",
      content: .statement(phrase.text, funders: Fact.funders(from: phrase.facts)))
  }

  // MARK: Statements

  func statement(_ random: inout DataRandom) -> Phrase {
    if random.chance(0.05) { return unfunded(&random) }
    var count = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6][random.below(12)]
    if random.chance(0.02) { count += random.below(8) }
    var mentions = self.mentions(count, &random)
    if count > 1, random.chance(0.1) { mentions[count - 1] = again(mentions[0], &random) }

    var sentences: [Phrase] = []
    if random.chance(0.3) { for _ in 0..<random.number(in: 1...3) { sentences.append(thanks(&random)) } }
    if random.chance(0.05) { sentences.append(projectAlone(&random)) }
    if random.chance(0.06) { sentences.append(ofTheUnion(&random)) }
    let first = mentions[0]
    let isList = random.chance(0.04)
    if isList {
      sentences = [list(mentions, &random)]
    } else {
      while !mentions.isEmpty {
        let share = random.chance(0.6) ? mentions.count : random.number(in: 1...mentions.count)
        sentences.append(sentence(Array(mentions.prefix(share)), &random))
        mentions.removeFirst(share)
      }
    }
    if random.chance(0.15) { sentences.append(thanks(&random)) }
    if random.chance(0.2) { sentences.append(Phrase(text: WordLists.fill(random.pick(WordLists.remarks), &random))) }
    if random.chance(0.04) {
      let text = "{A}{n} had no role in the design or conduct of this study."
      sentences.append(Phrase(text: StatementPhrases.fill(text, first, &random), facts: [Fact(funder: first.name)]))
    }
    let label = isList ? "" : random.pick(WordLists.labels)
    var text = label + sentences.map(\.text).joined(separator: random.chance(0.03) ? "" : " ")
    if random.chance(0.05), text.hasSuffix(".") { text.removeLast() }
    return Phrase(text: text, facts: sentences.flatMap(\.facts))
  }

  private func unfunded(_ random: inout DataRandom) -> Phrase {
    let label = random.pick(WordLists.labels)
    if random.chance(0.3) {
      return Phrase(text: label + WordLists.fill(random.pick(WordLists.withoutFunding), &random))
    }
    var sentences = (0..<random.number(in: 1...4)).map { _ in thanks(&random).text }
    if random.chance(0.3) { sentences.append(WordLists.fill(random.pick(WordLists.remarks), &random)) }
    return Phrase(text: label + sentences.joined(separator: " "))
  }

  private func thanks(_ random: inout DataRandom) -> Phrase {
    Phrase(text: WordLists.fill(random.pick(WordLists.thanks), &random))
  }

  /// One sentence that names all of the mentions.
  private func sentence(_ mentions: [Mention], _ random: inout DataRandom) -> Phrase {
    if mentions.count == 1, random.chance(0.1) { return active(mentions[0], &random) }
    if mentions.count == 1, mentions[0].scheme != nil, random.chance(0.4) { return fellowship(mentions[0], &random) }
    if mentions.count > 1, random.chance(0.15) { return inTurn(mentions, &random) }
    let isBare = random.chance(0.45)
    let items = mentions.map { StatementPhrases.item($0, isBare: isBare, &random) }
    let hasCommas = items.contains { $0.text.contains(", ") }
    let comma = hasCommas && items.count > 1 && random.chance(0.35) ? "; " : ", "
    let and = random.pick([
      " and ", " and ", ", and ", "\(comma)and ", " as well as ", isBare ? " and " : " and by ", comma,
    ])
    let parts = items.map(\.text)
    let list = parts.count == 1 ? parts[0] : parts.dropLast().joined(separator: comma) + and + parts[parts.count - 1]
    return Phrase(
      text: WordLists.supported(isBare: isBare, &random).replacing("{items}", with: list), facts: items.flatMap(\.facts)
    )
  }

  /// Each mention with words of its own: the style of the IEEE, or author by author.
  private func inTurn(_ mentions: [Mention], _ random: inout DataRandom) -> Phrase {
    let isInPart = random.chance(0.5)
    let items = mentions.map { StatementPhrases.item($0, isBare: isInPart, &random) }
    let verb = random.pick(["was supported by", "is supported by", "was funded by", "acknowledges support from"])
    let semicolon = random.chance(0.3)
    var text = ""
    for (index, item) in items.enumerated() {
      let isLast = index == items.count - 1
      if index > 0 { text += (semicolon ? "; " : items.count > 2 || isInPart ? ", " : " ") + (isLast ? "and " : "") }
      if isInPart {
        text += (index == 0 ? "This work was supported " : "") + "in part by " + item.text
      } else {
        let short = verb.hasPrefix("ack") ? "from" : "by"
        text +=
          WordLists.text("who", &random) + " " + (index == 0 || random.chance(0.2) ? verb : short) + " " + item.text
      }
    }
    return Phrase(text: text + ".", facts: items.flatMap(\.facts))
  }

  /// A sentence of the person who holds a scheme's award.
  private func fellowship(_ mention: Mention, _ random: inout DataRandom) -> Phrase {
    var mention = mention
    mention.title = nil
    var template = random.pick([
      "{w} is the recipient of {as} from {a}{n}", "{w} holds {as} of {a}{n}", "{w} was supported by {as} from {a}{n}",
      "{w} is supported by {an} {s}",
      "{w} acknowledges {as} from {a}{n}", "{w} was awarded {as} by {a}{n}", "{w} is grateful to {a}{n} for {as}",
      "{w} thanks {a}{n} for {as}",
      "{w} received {as} from {a}{n}",
    ])
    if !mention.ids.isEmpty { template += random.pick([" ({i})", " ({l} {i})", ", {l} {i}", " [{i}]"]) }
    return Phrase(text: StatementPhrases.fill(template + ".", mention, &random), facts: [mention.fact])
  }

  /// A sentence with the funder as subject.
  private func active(_ mention: Mention, _ random: inout DataRandom) -> Phrase {
    var mention = mention
    (mention.scheme, mention.title) = (nil, nil)
    let templates =
      mention.ids.isEmpty
      ? [
        "{A}{n} funded this study.", "{A}{n} provided financial support for this research.",
        "{A}{n} supported this work.", "{A}{n} is acknowledged for financial support.",
        "Open access funding provided by {n}.", "Open Access funding enabled and organized by {n}.",
        "{A}{n} provided the study drug and funding.", "{A}{n} sponsored the trial.",
      ]
      : [
        "{A}{n} funded this study ({l} {i}).", "{A}{n} supported this work under {l} {i}.",
        "{A}{n} is acknowledged for funding ({l} {i}).",
        "{A}{n} provided support through {l} {i}.", "{A}{n} ({l} {i}) financed the project.",
      ]
    return Phrase(text: StatementPhrases.fill(random.pick(templates), mention, &random), facts: [mention.fact])
  }

  /// Funders and numbers as a form has them.
  private func list(_ mentions: [Mention], _ random: inout DataRandom) -> Phrase {
    let style = random.below(4)
    let opening = ["Funding information ", "Contract grant sponsor: ", "Grant sponsor: ", "Funding sources: "][style]
    let parts = mentions.map { mention -> Phrase in
      var mention = mention
      (mention.scheme, mention.title) = (nil, nil)
      let numbers = mention.ids.joined(separator: random.pick([", ", "; ", " and "]))
      let label = [", Grant/Award Number: ", "; contract grant number: ", "; Grant number: ", ": "][style]
      return Phrase(text: mention.name + (mention.ids.isEmpty ? "" : label + numbers), facts: [mention.fact])
    }
    return Phrase(
      text: opening + parts.map(\.text).joined(separator: "; ") + random.pick(["", "."]), facts: parts.flatMap(\.facts))
  }

  /// A project whose funder is not named.
  private func projectAlone(_ random: inout DataRandom) -> Phrase {
    let title = Self.title(&random)
    let id =
      (try? AwardPattern(random.pick(["####/20##", "@@-20##-###", "#/0###/##", "@@##-####"])))?.id(&random) ?? ""
    let text = random.pick([
      "This work was done within the project \"\(title)\" (\(id)).",
      "This paper is a result of the project \"\(title)\", no. \(id).",
      "This article was written in the framework of the research project \(title), reg. no. \(id).",
    ])
    return Phrase(text: text, facts: [Fact(funder: nil, ids: [id], titles: [title])])
  }

  /// The formula that grants of the European Union prescribe.
  private func ofTheUnion(_ random: inout DataRandom) -> Phrase {
    let id = (try? AwardPattern("[2#|3#|6#|7#|8#|101##]####"))?.id(&random) ?? ""
    let acronym = random.chance(0.4) ? Self.projectAcronym(&random) : nil
    let programme = random.pick([
      "Horizon 2020 research and innovation programme", "Horizon 2020 research and innovation program",
      "Seventh Framework Programme", "Horizon Europe programme",
      "Seventh Framework Programme (FP7/2007-2013)", "H2020 programme", "Horizon 2020 Programme",
      "Horizon Europe research and innovation programme",
    ])
    let number = random.pick([
      "grant agreement No ", "grant agreement no. ", "Grant Agreement Number ", "grant agreement n° ",
      "grant agreement ",
    ])
    let tail = acronym.map { random.pick([" (\($0))", " – \($0)", ", \($0)"]) } ?? ""
    let apostrophe = random.pick(["'s", "’s"])
    let subject = random.pick([
      "This project", "This work", "The research leading to these results", WordLists.text("who", &random),
    ])
    var fact = Fact(funder: "European Union", ids: [id], schemes: [programme], titles: acronym.map { [$0] } ?? [])
    let text: String
    switch random.below(4) {
    case 0:
      let council = random.pick(["European Research Council (ERC)", "European Research Council", "ERC"])
      fact.funder = council
      text =
        "\(subject) has received funding from the \(council) under the European Union\(apostrophe) \(programme) (\(number)\(id)\(tail))."
    case 1:
      let actions = random.pick([
        "Marie Skłodowska-Curie Actions", "Marie Sklodowska-Curie actions", "Marie Curie Actions",
      ])
      fact.schemes.append(actions)
      text =
        "\(subject) has received funding from the European Union\(apostrophe) \(programme) under the \(actions) \(number)\(id)\(tail)."
    case 2: text = "\(subject) was supported by the European Union under the \(programme), \(number)\(id)\(tail)."
    default:
      text =
        "\(subject) has received funding from the European Union\(apostrophe) \(programme) under \(number)\(id)\(tail)."
    }
    return Phrase(text: text, facts: [fact])
  }

  // MARK: Mentions

  /// Mentions of different funders, most of one country.
  private func mentions(_ count: Int, _ random: inout DataRandom) -> [Mention] {
    let country = random.chance(0.7) ? byCountry[random.pick(funders).country] : nil
    var names: Set<String> = []
    return (0..<count).map { _ in
      var funder = LocalFunders.make(&random)
      if random.chance(0.55) { funder = random.pick(country ?? funders) }
      while !names.insert(funder.name).inserted { funder = LocalFunders.make(&random) }
      return mention(of: funder, &random)
    }
  }

  private func mention(of funder: SyntheticFunder, _ random: inout DataRandom) -> Mention {
    var name = funder.name
    var article = funder.takesArticle ? "the " : ""
    var isAcronym = false
    if let acronym = funder.acronym {
      switch random.below(10) {
      case 0...4: name += " (\(acronym))"
      case 5, 6:
        name = acronym
        isAcronym = true
        if random.chance(0.5) { article = "" }
      default: break
      }
    }
    if funder.country == "US", funder.acronym?.hasPrefix("N") == true, !isAcronym, funder.name.hasPrefix("National"),
      funder.name.contains("Institute "), random.chance(0.4)
    {
      name += random.pick([
        " of the National Institutes of Health", " of the National Institutes of Health (NIH)", " of the NIH",
      ])
    }
    if !article.isEmpty, random.chance(0.15) { article = "" }
    if random.chance(0.02) { name = name.uppercased() }

    var result = Mention(article: article, name: name, isAcronym: isAcronym, ids: [], scheme: nil, title: nil)
    if !funder.awards.isEmpty, random.chance(0.58) {
      let shape = random.pick(funder.awards)
      for _ in 0..<[1, 1, 1, 1, 1, 1, 1, 2, 2, 3][random.below(10)] {
        let id = random.chance(0.85) ? shape.id(&random) : random.pick(funder.awards).id(&random)
        if !result.ids.contains(id), !id.isEmpty { result.ids.append(id) }
      }
    }
    if !funder.schemes.isEmpty, random.chance(0.35) { result.scheme = random.pick(funder.schemes) }
    if random.chance(0.07) { result.title = random.chance(0.4) ? Self.projectAcronym(&random) : Self.title(&random) }
    return result
  }

  /// The funder of a mention once more, with other awards.
  private func again(_ mention: Mention, _ random: inout DataRandom) -> Mention {
    var second = mention
    (second.scheme, second.title) = (nil, nil)
    second.ids = mention.ids.compactMap { id in
      let digits = id.map { $0.isASCII && $0.isNumber ? Character(String(random.below(10))) : $0 }
      return String(digits) == id ? nil : String(digits)
    }
    return second
  }

  private static func title(_ random: inout DataRandom) -> String {
    WordLists.fill(random.pick(WordLists.titles), &random)
  }

  private static func projectAcronym(_ random: inout DataRandom) -> String {
    let consonants = Array("BCDFGLMNPRSTV").map(String.init)
    let vowels = ["A", "E", "I", "O", "U"]
    let syllables = (0..<random.number(in: 2...3)).map { _ in random.pick(consonants) + random.pick(vowels) }.joined()
    return syllables + random.pick(["", "X", "S", "NET", "-2", "MED", "L", "TECH", "R"])
  }
}
