import Funding
import JSON

/// The records of the golden files, which are all well formed.
extension Funder {
  init(_ value: JSON) {
    self.init(name: value["funder_name"]?.string, awards: (value["awards"]?.array ?? []).map(Award.init))
  }

  static func list(_ value: JSON?) -> [Funder] { (value?.array ?? []).map(Funder.init) }
}

extension Award {
  init(_ value: JSON) {
    func strings(_ key: String) -> [String] { value[key]?.array?.compactMap(\.string) ?? [] }
    self.init(
      awardIDs: strings("award_ids"), fundingSchemes: strings("funding_scheme"), awardTitles: strings("award_title"))
  }
}
