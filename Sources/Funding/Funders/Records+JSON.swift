import JSON

extension Award {
  /// In the training schema: `{"award_ids": […], "funding_scheme": […], "award_title": […]}`.
  public var json: JSON {
    .object([
      (FunderKeys.awardIDs, .array(awardIDs.map(JSON.string))),
      (FunderKeys.fundingSchemes, .array(fundingSchemes.map(JSON.string))),
      (FunderKeys.awardTitles, .array(awardTitles.map(JSON.string))),
    ])
  }
}

extension Funder {
  /// In the training schema: `{"funder_name": …, "awards": […]}`.
  public var json: JSON {
    .object([
      (FunderKeys.name, name.map(JSON.string) ?? .null), (FunderKeys.awards, .array(awards.map(\.json))),
    ])
  }
}
