/// Sentences of synthetic statements; `{items}` is a list of mentions, the other slots are those of `WordLists`.
extension WordLists {
  /// What was paid for.
  static let subjects = [
    "This work", "This work", "This work", "This study", "This study", "This research", "This research",
    "The present study", "The work", "This project",
    "The project", "The study", "This paper", "Research reported in this publication", "This investigation",
    "Part of this work", "The trial",
    "The research", "The present work", "This research work", "Data collection", "The clinical trial", "The field work",
    "This article", "The first author",
    "The corresponding author", "The authors", "This publication", "Work in the {last} laboratory",
    "Research in the {last} group", "All authors",
  ]

  private static let plurals = ["The authors", "All authors"]

  /// A sentence in which mentions follow "supported by", or, if `isBare`, any other words.
  static func supported(isBare: Bool, _ random: inout DataRandom) -> String {
    let subject = random.pick(subjects)
    let isPlural = plurals.contains(subject)
    let be = isPlural ? random.pick(["were", "are"]) : random.pick(["was", "was", "was", "is", "has been"])
    let have = isPlural ? "have" : "has"
    if !isBare {
      return fill(random.pick(supportedBy), &random).replacing("{subject}", with: fill(subject, &random))
        .replacing("{be}", with: be).replacing("{supported}", with: random.pick(supportVerbs))
    }
    return fill(random.pick(bareSentences), &random).replacing("{subject}", with: fill(subject, &random))
      .replacing("{be}", with: be).replacing("{have}", with: have)
  }

  private static let supportVerbs = [
    "supported", "supported", "supported", "supported", "supported", "funded", "funded", "funded",
    "financially supported", "financed", "sponsored",
    "partially supported", "partly supported", "partly funded", "partially funded", "made possible",
    "supported in part", "funded in part", "generously supported",
    "jointly supported", "also supported", "additionally supported",
  ]
  private static let supportedBy = [
    "{subject} {be} {supported} by {items}.", "{subject} {be} {supported} by {items}.",
    "{subject} {be} {supported} by {items}.", "{subject} {be} {supported} by {items}.",
    "{subject} {be} {supported} by {items}.", "{subject} {be} {supported} by {items}.", "Supported by {items}.",
    "Supported in part by {items}.", "Funded by {items}.",
    "Financial support was provided by {items}.", "Funding was provided by {items}.", "{who} was supported by {items}.",
    "{who} is supported by {items}.",
    "{who} and {who} were supported by {items}.", "{first} {last} was funded by {items}.",
    "The work of {who} was supported by {items}.", "{who} was partially supported by {items}.",
    "Research in our laboratory is supported by {items}.", "The Article Processing Charge was covered by {items}.",
    "This work forms part of a programme funded by {items}.",
  ]
  private static let bareSentences = [
    "{subject} {be} supported by grants from {items}.", "{subject} received financial support from {items}.",
    "{subject} received funding from {items}.",
    "{subject} {have} received funding from {items}.", "{subject} {be} supported by funding from {items}.",
    "Funding for this study was provided by {items}.",
    "Funding for this work came from {items}.", "Financial support from {items} is gratefully acknowledged.",
    "Support from {items} is acknowledged.",
    "Funding from {items} is gratefully acknowledged.", "The authors acknowledge the financial support of {items}.",
    "The authors gratefully acknowledge financial support from {items}.",
    "The authors acknowledge funding from {items}.", "We acknowledge support from {items}.",
    "We gratefully acknowledge funding from {items}.",
    "We are grateful for financial support from {items}.", "We are grateful to {items} for financial support.",
    "We thank {items} for funding.", "We thank {items} for financial support.",
    "We also thank {items} for their financial support.",
    "The authors would like to thank {items} for funding this research.",
    "The authors thank {items} for supporting this work.",
    "The authors wish to thank {items} for the financial support.", "I thank {items} for support.",
    "Additional support was provided by {items}.", "Additional funding came from {items}.",
    "This work was carried out with the support of {items}.",
    "This work was undertaken thanks to funding from {items}.",
    "This study was conducted with financial support from {items}.",
    "{who} acknowledges support from {items}.", "{who} acknowledges funding by {items}.",
    "{who} thanks {items} for financial support.", "{who} received support from {items}.",
    "{who} is grateful to {items} for funding.",
    "The research leading to these results has received funding from {items}.",
    "Grant support was obtained from {items}.",
    "{subject} {be} supported by research grants from {items}.",
    "The financial assistance of {items} towards this research is hereby acknowledged.",
  ]

  /// What stands before a statement; empty for most.
  static let labels = [
    "", "", "", "", "", "", "", "", "", "", "Funding: ", "Funding: ", "Funding. ", "Funding ", "Acknowledgments: ",
    "Acknowledgements ", "Acknowledgements: ",
    "Acknowledgments. ", "ACKNOWLEDGMENTS ", "Acknowledgment. ", "Financial support: ", "Funding statement: ",
    "Grant support: ", "Funding information: ",
    "Sources of funding: ", "Support: ", "Financial Disclosure: ", "Acknowledgements. ", "", "", "", "", "", "* ",
  ]

  /// Sentences that name people and places but no money.
  static let thanks = [
    "We thank {person} for helpful discussions.", "We thank {person}, {person} and {person} for technical assistance.",
    "The authors thank {person} for critical reading of the manuscript.",
    "We are grateful to {person} and {person} for their help with data collection.",
    "We would like to thank all participants of this study.",
    "The authors are grateful to two anonymous reviewers for their constructive comments.",
    "We thank the anonymous referees for valuable suggestions.",
    "We thank {person} (University of {city}) for providing the samples.",
    "{person} is thanked for assistance in the field.", "We acknowledge {person} for preparing Figure {n}.",
    "The authors thank the staff of the {cityEU} University Hospital for their cooperation.",
    "We thank the patients and their families.", "Special thanks go to {person} for proofreading.",
    "We appreciate the technical support of {person}.", "The authors wish to thank {person} for editorial assistance.",
    "We thank {person} for sharing unpublished data.",
    "The authors thank the farmers who took part in the survey.",
    "We thank all members of the {last} lab for stimulating discussions.",
    "We are indebted to {person} for statistical advice.",
    "Thanks are due to {person} and {person} for their assistance with the experiments.",
    "We thank {person} from the {cityUS} Museum for access to the collections.",
    "The author thanks {person} for many fruitful discussions and the hospitality at the University of {city}.",
    "We thank the editor and {n} reviewers for their comments.",
    "We thank {person} for the gift of plasmids and {person} for the antibodies.",
    "We thank the nurses and physicians at the participating centers.",
    "This paper is dedicated to the memory of {person}.",
    "{who} designed the study, {who} and {who} performed the experiments, and {who} wrote the manuscript.",
    "We acknowledge the use of the computing facilities at the University of {city}.",
    "We thank {person} for excellent technical assistance and {person} for secretarial support.",
    "The authors acknowledge {person} for language editing.",
    "We thank {person} for comments on an earlier draft of this article.", "All samples were provided by {person}.",
  ]

  /// Sentences that stand behind funding and name no funder, some with numbers that are no awards.
  static let remarks = [
    "The funders had no role in study design, data collection and analysis, decision to publish, or preparation of the manuscript.",
    "The funding body had no role in the design of the study, collection, analysis, and interpretation of data, or in writing the manuscript.",
    "The funding sources had no involvement in the preparation of this article.",
    "The sponsor had no influence on the content of the article.",
    "The authors declare that they have no conflict of interest.",
    "The authors have no competing interests to declare.", "The authors declare no competing financial interest.",
    "The content is solely the responsibility of the authors and does not necessarily represent the official views of the funding agencies.",
    "The trial is registered at ClinicalTrials.gov (NCT0{n}{n}).",
    "This study was registered with the ISRCTN registry (ISRCTN{n}{n}).",
    "The study was approved by the local ethics committee (approval number {n}/2015).",
    "The sequence data are available under accession number PRJNA{n}{n}.",
    "Any opinions, findings, and conclusions expressed in this material are those of the authors.",
    "The views expressed are those of the authors.",
    "Data have been deposited under accession GSE{n}{n}.", "The funders had no role in the study.",
    "Written informed consent was obtained from all participants.",
    "{who} is an employee of {company}.", "{who} has received consulting fees from {company}.",
    "{who} reports personal fees from {company} outside the submitted work.",
    "Correspondence should be addressed to {who} (e-mail: {initial}{initial}@mail.org).",
    "Received {n} January; accepted {n} March.",
  ]

  /// Whole texts that name no funder.
  static let withoutFunding = [
    "This research received no specific grant from any funding agency in the public, commercial, or not-for-profit sectors.",
    "This research received no external funding.",
    "The authors received no specific funding for this work.", "No funding was received for this study.",
    "There was no funding for this study.", "None.", "Not applicable.",
    "The authors have no support or funding to report.",
    "No external funding was used in the preparation of this manuscript.", "This study was not funded.",
    "The authors declare that no funding was obtained for this work.",
    "The work was carried out without financial support.",
  ]

  /// Titles of projects.
  static let titles = [
    "{Method} of {topic2} in {place2}", "{topic2} and {topic2} for {goal}", "Towards {goal}",
    "Molecular mechanisms of {topic2}", "{Method} for {goal}",
    "The role of {topic2} in {topic2}", "Development of {thing} for {goal}", "Novel {thing} for {topic2}", "{goal2}",
    "Study on {topic2} under {topic2}",
    "Dynamics and Control of {topic2}", "Integrated {thing} for {goal}", "Research on key technologies of {thing}",
    "Improving {goal} by {thing}",
  ]

  static let titleWords: [String: [String]] = [
    "Method": [
      "Modelling", "Analysis", "Simulation", "Optimization", "Quantification", "Machine learning", "Numerical methods",
      "Genomic analysis", "Long-term monitoring",
    ],
    "topic2": [
      "drought tolerance", "protein folding", "soil erosion", "turbulent flows", "immune evasion",
      "chromatin remodelling", "supply chains", "magnetic fields", "gene regulation",
      "insulin resistance", "plant-microbe interactions", "quantum entanglement", "memory consolidation",
      "carbon sequestration", "stellar evolution", "language acquisition",
      "antibiotic resistance", "land use change", "cell migration", "phase transitions",
    ],
    "place2": [
      "arid regions", "alpine lakes", "the Baltic Sea", "higher plants", "early childhood", "dense media",
      "coastal wetlands", "human cells", "urban areas", "complex networks",
    ],
    "goal": [
      "sustainable agriculture", "early diagnosis of cancer", "clean energy", "secure communication", "healthy ageing",
      "precision medicine", "water quality", "crop yield", "autonomous driving",
    ],
    "goal2": [
      "Beyond the Standard Model", "Healthy Cities", "Smart Materials 2025", "Digital Twins in Practice",
      "Rivers under Pressure", "Minds and Machines",
    ],
    "thing": [
      "nanoparticles", "sensor networks", "deep neural networks", "catalysts", "biomarkers", "vaccines",
      "hybrid materials", "decision support systems", "statistical tools", "drug carriers",
    ],
  ]
}
