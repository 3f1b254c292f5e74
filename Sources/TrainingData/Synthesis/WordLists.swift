/// Texts made of templates: `{slot}` stands for one of the texts of that name, which may have slots themselves.
enum WordLists {
  /// Fills a template. A slot that no list has stays as it is.
  static func fill(_ template: String, _ random: inout DataRandom) -> String {
    var result = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      result += rest[..<open]
      let slot = String(rest[rest.index(after: open)..<close])
      result +=
        slot == "n"
        ? String(random.number(in: 2...400))
        : (lists[slot] ?? titleWords[slot]).map { fill(random.pick($0), &random) } ?? "{\(slot)}"
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  /// A text of a list.
  static func text(_ slot: String, _ random: inout DataRandom) -> String { fill("{\(slot)}", &random) }

  private static func words(_ text: String) -> [String] {
    text.split(separator: ",").map { String($0.drop { $0 == " " || $0 == "\n" }) }
  }

  static let lists: [String: [String]] = [
    "first": words(
      """
      Anna, John, Maria, Wei, Yuki, David, Sarah, Ahmed, Elena, Carlos, Fatima, Jean, Peter, Laura, Hiroshi, Priya, Michael, Olga, \
      Tomasz, Ingrid, Luca, Sofia, Mehmet, Chen, Rachel, Daniel, Julia, Pavel, Emma, Kwame, Noor, Stefan, Claire, Miguel, \
      Helena, James, Robert, Eva, Thomas, Aiko
      """),
    "last": words(
      """
      Smith, Müller, García, Wang, Tanaka, Johnson, Kowalski, Rossi, Dubois, Silva, Kim, Patel, Ivanov, Andersson, van der Berg, \
      Nguyen, Okafor, Haddad, Novák, Nagy, O'Brien, Schneider, Fernández, Li, Zhang, Suzuki, Brown, Martin, Lindqvist, Costa, \
      Park, Sharma, Petrov, Hansen, de Vries, Tran, Mensah, Yılmaz, Horvath, Murphy, Weber, López, Chen, Liu, Sato, Williams, \
      Moreau, Virtanen, Papadopoulos, Cohen, Bauer, Ferrari, Jensen, Wilson, Huang, Singh, Kuznetsova, Björk, Szabó, MacDonald
      """),
    "title": ["Dr. ", "Dr ", "Prof. ", "Professor ", "", "", "", "Mr. ", "Ms. ", "Drs. ", "Mrs "],
    "person": [
      "{title}{first} {last}", "{first} {last}", "{initial}. {last}", "{title}{initial}. {last}",
      "{initial}.{initial}. {last}",
    ],
    "initial": "ABCDEFGHJKLMNOPRSTVWY".map(String.init),
    "who": [
      "{initial}.{initial}.", "{initial}{initial}", "{initial}.{initial}.{initial}.", "{initial}. {initial}.",
      "{initial}. {last}", "{initial}{initial}{initial}", "{initial}.-{initial}.{initial}.",
    ],
    "cityEU": words(
      """
      Vienna, Graz, Ghent, Leuven, Zurich, Basel, Bern, Lausanne, Prague, Brno, Heidelberg, Munich, Göttingen, Leipzig, Copenhagen, \
      Aarhus, Barcelona, Madrid, Valencia, Helsinki, Turku, Lyon, Bordeaux, Toulouse, Manchester, Leeds, Glasgow, Bristol, Athens, \
      Zagreb, Budapest, Szeged, Milan, Bologna, Padua, Turin, Vilnius, Utrecht, Groningen, Leiden, Oslo, Bergen, Warsaw, Kraków, \
      Wrocław, Lisbon, Porto, Uppsala, Lund, Gothenburg, Ljubljana, Dublin, Cork
      """),
    "cityUS": words(
      """
      Michigan, Florida, Texas, Chicago, Pittsburgh, Toronto, Calgary, Alberta, Montreal, Melbourne, Queensland, Otago, Auckland, \
      Minnesota, Iowa, Kansas, Utah, Arizona, Oregon, Washington, Colorado, Georgia, Kentucky, Cape Town, Pretoria, Ibadan, Nairobi, \
      Delhi, Hyderabad, Tehran, Tabriz, Cairo, Malaya, São Paulo, Campinas, Buenos Aires, Chile, Costa Rica
      """),
    "city": ["{cityEU}", "{cityUS}"],
    "cityCN": words(
      """
      Shenzhen, Guangzhou, Nanjing, Hangzhou, Wuhan, Chengdu, Xi'an, Changsha, Qingdao, Dalian, Suzhou, Wenzhou, Ningbo, Zhengzhou, \
      Kunming, Harbin, Jinan, Tianjin, Chongqing, Nantong, Wuxi, Foshan, Lanzhou, Nanchang, Xiamen, Fuzhou, Hefei, Taizhou
      """),
    "province": words(
      """
      Jiangsu, Zhejiang, Shandong, Guangdong, Sichuan, Hubei, Hunan, Henan, Hebei, Anhui, Fujian, Jiangxi, Shaanxi, Shanxi, Liaoning, \
      Jilin, Heilongjiang, Yunnan, Guizhou, Gansu, Hainan, Qinghai, Guangxi, Inner Mongolia, Ningxia, Xinjiang
      """),
    "country": words(
      """
      Spain, Portugal, Italy, Greece, Hungary, Poland, Slovenia, Croatia, Serbia, Romania, Bulgaria, Ukraine, Turkey, Iran, Iraq, \
      Egypt, Tunisia, Morocco, Nigeria, Ghana, Kenya, Uganda, Ethiopia, South Africa, India, Pakistan, Bangladesh, Sri Lanka, \
      Thailand, Vietnam, Malaysia, Indonesia, Philippines, Japan, Korea, Brazil, Argentina, Chile, Colombia, Peru, Mexico, Cuba, \
      Ecuador, Canada, Australia, New Zealand, Finland, Norway, Denmark, Sweden, Estonia, Lithuania, Latvia, Belgium, Austria, Luxembourg
      """),
    "nationality": words(
      """
      Spanish, Portuguese, Italian, Hellenic, Hungarian, Polish, Slovenian, Croatian, Serbian, Romanian, Bulgarian, Turkish, Iranian, \
      Egyptian, Tunisian, South African, Indian, Thai, Vietnamese, Malaysian, Indonesian, Japanese, Korean, Brazilian, Argentine, \
      Chilean, Colombian, Mexican, Canadian, Australian, Finnish, Norwegian, Danish, Swedish, Estonian, Belgian, Austrian, Dutch, \
      French, German, Swiss, Irish, British, Scottish, American, European, Israeli
      """),
    "portfolio": [
      "Health", "Education", "Education and Science", "Science and Technology", "Agriculture", "Higher Education",
      "Research and Innovation",
      "Environment", "Economy and Competitiveness", "Education, Science and Sport",
      "Science, Technology and Innovation", "Industry",
      "Education, Culture and Research", "Economic Affairs", "Environment and Food", "Public Health", "Energy",
      "Defence",
      "Food, Agriculture and Fisheries", "Health, Labour and Welfare", "Education and Research", "Transport",
    ],
    "topic": [
      "Cancer", "Diabetes", "Plant Biology", "Materials Science", "Renewable Energy", "Neuroscience", "Stroke",
      "Marine Ecology", "Crop Improvement",
      "Infectious Diseases", "Quantum Physics", "Rare Diseases", "Child Health", "Soil and Water Conservation",
      "Genetics", "Aging", "Robotics",
      "Applied Mathematics", "Food Safety", "Wheat Breeding", "Cardiovascular Disease", "Biodiversity",
      "Climate Change", "Oral Health",
      "Vaccine Development", "Kidney Disease", "Mental Health", "Computational Science", "Photonics", "Forestry",
      "Tropical Medicine", "Catalysis",
      "Maize Biology", "Epilepsy", "Rheumatology", "Nutrition", "Optoelectronics", "Agricultural Microbiology",
      "Geology", "Astrophysics",
    ],
    "disease": [
      "Multiple Sclerosis", "Cystic Fibrosis", "Leukemia & Lymphoma", "Breast Cancer", "Lung", "Arthritis",
      "Huntington's Disease", "ALS", "Crohn's & Colitis",
      "Kidney", "Heart", "Brain Tumor", "Prostate Cancer", "Osteoporosis", "Parkinson's Disease", "Autism", "Asthma",
      "Muscular Dystrophy", "Liver",
    ],
    "region": [
      "Tuscany", "Lombardy", "Catalonia", "Galicia", "Andalusia", "Flanders", "Wallonia", "Bavaria", "Saxony",
      "Brittany", "Lower Austria", "Skåne", "Madeira", "Murcia", "Sicily",
    ],
    "state": [
      "California", "New York", "Texas", "Minnesota", "Ohio", "Iowa", "Nebraska", "Florida", "Massachusetts",
      "Washington", "Queensland", "Victoria", "New South Wales", "Ontario", "Baden-Württemberg", "North Carolina",
    ],
    "brand1": words(
      "Nov, Axi, Ther, Bio, Cel, Gen, Med, Syn, Vir, Neuro, Onco, Agri, Eco, Quant, Lum, Pro, Alt, Ver, Zen, Cor, Hel, Tri, Opti, Stel, Cyt, Immu, Phar, Vax"
    ),
    "brand2": words(
      "axis, iva, yx, enta, ora, ium, eris, alis, oria, ion, ixa, agen, antis, ea, ova, era, ique, on, ara, exa, ylon, ifer, is, orix, ana, umin"
    ),
    "company": [
      "{brand1}{brand2} Pharmaceuticals", "{brand1}{brand2} Inc.", "{brand1}{brand2} Therapeutics, Inc.",
      "{brand1}{brand2} GmbH", "{brand1}{brand2} Ltd", "{brand1}{brand2} Pharma AG",
      "{brand1}{brand2} Biotech Co., Ltd.", "{brand1}{brand2} Diagnostics",
      "{cityCN} {brand1}{brand2} Pharmaceutical Co., Ltd.", "{brand1}{brand2} S.p.A.", "{brand1}{brand2}",
      "{brand1}{brand2} Laboratories", "{brand1}{brand2} Nutrition B.V.", "{last} Pharma", "{brand1}{brand2} Seeds",
      "{brand1}{brand2} Medical Systems",
    ],
  ]
}
