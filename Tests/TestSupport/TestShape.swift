import Generation

/// Shapes like the system's two.
package enum TestShape {
  package static func statements(_ content: StringContent, atMost limit: Int = 8) -> OutputShape {
    .object([("statements", .array(of: .string(content), atMost: limit))])
  }

  package static func funders(ids: StringContent, values: StringContent, atMost limit: Int = 8) -> OutputShape {
    .array(
      of: .object([
        ("funder_name", .nullOr(.string(values))),
        (
          "awards",
          .array(
            of: .object([
              ("award_ids", .array(of: .string(ids), atMost: limit)),
              ("funding_scheme", .array(of: .string(values), atMost: limit)),
              ("award_title", .array(of: .string(values), atMost: limit)),
            ]), atMost: limit)
        ),
      ]), atMost: limit)
  }
}
