/// Names of funders made from parts: provincial foundations, universities, ministries, charities, companies. They are
/// far more in number than any list, so that a model learns to copy names instead of remembering them.
enum LocalFunders {
  /// A funder with shapes of ids that nobody else has.
  static func make(_ random: inout DataRandom) -> SyntheticFunder {
    let kind = random.pick(templates)
    var name = WordLists.fill(kind, &random)
    let takesArticle = name.hasPrefix("the ")
    if takesArticle { name.removeFirst(4) }
    let isCompany = kind.contains("{company}")
    let acronym = random.chance(0.25) && !isCompany ? Self.acronym(of: name) : nil
    var awards: [AwardPattern] = []
    if !isCompany || random.chance(0.2) {
      for _ in 0..<random.number(in: 1...2) {
        if let pattern = try? AwardPattern(random.pick(shapes)) { awards.append(pattern) }
      }
    }
    return SyntheticFunder(
      name: name, takesArticle: takesArticle, acronym: acronym, country: "", awards: awards,
      schemes: random.chance(0.5) ? [random.pick(schemes)] : [])
  }

  /// The capital letters that begin words, if they are three to six.
  private static func acronym(of name: String) -> String? {
    let capitals = name.split(separator: " ").compactMap(\.first).filter { $0.isUppercase && $0.isASCII }
    return (3...6).contains(capitals.count) ? String(capitals) : nil
  }

  private static let templates = [
    "the Natural Science Foundation of {province} Province", "the {province} Provincial Natural Science Foundation",
    "the Natural Science Foundation of {province}", "the Science and Technology Department of {province} Province",
    "the Department of Education of {province} Province", "the Health Commission of {province} Province",
    "the Key Research and Development Program of {province} Province", "the Key R&D Program of {province}",
    "the {cityCN} Science and Technology Bureau", "the {cityCN} Municipal Health Commission",
    "the Science and Technology Program of {cityCN}", "the Special Fund for {topic} of {province} Province",
    "the State Key Laboratory of {topic}", "the Key Laboratory of {topic} of {province} Province",
    "the Scientific Research Foundation of {cityCN} University", "{cityCN} University", "{cityCN} Medical University",
    "the First Affiliated Hospital of {cityCN} University",
    "the {province} Agricultural Science and Technology Innovation Fund",
    "the China Agriculture Research System", "the {cityCN} Talents Program", "the earmarked fund for {topic}",
    "the University of {city}", "{cityEU} University", "{cityEU} University Hospital",
    "the Medical University of {cityEU}",
    "the {cityEU} University of Technology", "the University of {cityUS} Foundation",
    "the Graduate School of the University of {cityUS}",
    "the {nationality} Ministry of {portfolio}", "the Ministry of {portfolio} of {country}",
    "the Ministry of {portfolio}, {country}",
    "the Ministry of {portfolio} ({country})", "the {country} Ministry of {portfolio}",
    "the Ministry of {portfolio} of the Republic of {country}",
    "the {nationality} Government", "the Government of {country}", "the National Research Council of {country}",
    "the {nationality} Research Council", "the {nationality} Science Foundation",
    "the {nationality} Academy of Sciences",
    "the {nationality} Agency for Research and Innovation", "the National Agency for {topic} of {country}",
    "the {nationality} Cancer Society", "the {nationality} Heart Foundation", "the {nationality} Diabetes Association",
    "the {nationality} Society of {topic}", "the {nationality} Foundation for {topic}",
    "the {nationality} {disease} Society",
    "the {last} Foundation", "the {first} {last} Foundation", "the {first} and {first} {last} Foundation",
    "the {last} Family Foundation",
    "the {last} Charitable Trust", "the {first} {last} Fund", "the {last} Trust", "the {last} Medical Research Fund",
    "{last} Stiftung",
    "the {first} und {first} {last} Stiftung", "Fondation {first} {last}", "the Fondation {last}", "Fundación {last}",
    "Fondazione {last}",
    "{last}fonden", "the {last} Endowment for {topic}", "the {topic} Research Foundation", "the {topic} Research Trust",
    "the {disease} Foundation", "the {disease} Society of {country}", "the National {disease} Association",
    "the {disease} Research Fund",
    "{company}", "{company}", "{company}", "{company}", "{company}", "{company}",
    "the {cityEU} City Council", "the Region of {region}", "the Regional Government of {region}", "the {region} Region",
    "the {state} Department of Health", "the {state} Department of Agriculture", "the {state} Research Board",
    "the State of {state}",
    "the {state} Wheat Commission", "the {nationality} Institute for {topic}", "the National Center for {topic}",
    "the Center for {topic} at the University of {cityUS}", "the {topic} Institute of the University of {cityEU}",
    "the International {topic} Consortium", "the {cityEU} Cancer Institute", "the {cityUS} Children's Hospital",
    "the {topic} Strategic Fund", "the Fund for {topic} Research", "the {nationality} Association for {topic}",
    "the {nationality} Federation of {topic}",
    "the Vice-Chancellor for Research of {cityUS} University of Medical Sciences",
    "the {country} Science and Technology Fund", "the {country} National Science Foundation", "the Bank of {country}",
  ]

  private static let schemes = [
    "Postdoctoral Fellowship", "Young Investigator Award", "Seed Grant", "PhD scholarship", "Starting Grant",
    "Excellence Initiative", "Key Project",
    "Research Fellowship", "Pilot Grant Program", "Innovation Fund", "Major Project", "Doctoral Fellowship",
    "Career Development Award",
    "Outstanding Young Talent Program", "Strategic Research Fund", "Visiting Scholar Programme", "Travel Grant",
    "Research Chair",
    "Predoctoral Fellowship", "Internal Grant Agency", "Early Career Researcher Award",
    "Clinical Research Training Fellowship", "Graduate Scholarship",
    "Excellence Cluster", "Translational Research Award", "Proof of Concept Fund", "Core Facility Grant",
    "Undergraduate Research Programme",
  ]

  private static let shapes = [
    "20##[@@]###", "20##@#####", "####/20##", "##-####", "@@##-####", "20##-@@-###", "@######", "######", "#####",
    "########", "20##0###", "@@@-####-##",
    "@@/####/##", "[No|GR|PR|IN]-##/####", "20##[JJ|GY|KY|SF|ZK|XM]#####", "@@-20##-###", "20##/##/@/###", "##@@###",
    "@@@@####", "20######", "###-##-##",
    "@#.##.###", "@@ ####", "20##-##", "#-###-##", "@@@20##/##", "2##[A|B|C]##", "20##@@###-#", "[YJ|KJ|LH|WK]20##-###",
    "@##-###@", "####-@@-##", "##/@@/###",
    "[SF|ZD|YX|JC]20##[0|1]##", "20##[-|]###[-|]@@", "[P|F|T|A]-####", "@@#####[-|/]#", "#########",
    "20##[ZX|JC|KJ|NS]0##-##",
  ]
}
