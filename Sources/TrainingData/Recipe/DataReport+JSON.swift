import Generation
import Funding
import JSON

extension DataReport {
  /// As the records of a run hold it.
  public var json: JSON {
    .object([
      (
        "files",
        .array(
          files.map { file in
            .object([
              ("path", .string(file.path)), ("sha256", .string(file.hash)), ("rows", .number(file.rows)),
              ("refused_licenses", .number(file.refusedLicenses)),
              ("unstated_licenses", .number(file.unstatedLicenses)),
              (
                "rows_by_license",
                .object(file.rowsByLicense.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })
              ),
            ])
          })
      ),
      ("unreadable_rows", .array(problems.map { .string($0.description) })),
      ("control_characters", .number(controlCharacters)),
      (
        "tasks",
        .object(
          Stage?.tasks.compactMap { task in
            tasks[task].map { counts in
              (
                task.taskName,
                .object([
                  ("rows", .number(counts.rows)), ("examples", .number(counts.examples)),
                  ("answered", .number(counts.answered)), ("noisy", .number(counts.noisy)),
                  ("tokens", .number(counts.tokens)), ("supervised_tokens", .number(counts.supervisedTokens)),
                  ("longest", .number(counts.longest)), ("too_long", .number(counts.tooLong)),
                  ("inexpressible", .number(counts.inexpressible)),
                ])
              )
            }
          })
      ),
      (
        "extract",
        .object([
          ("chunk_tokens", .number(extract.chunkTokens)), ("overlap_tokens", .number(extract.overlapTokens)),
          ("chunks", .number(extract.chunks)), ("cut_chunks", .number(extract.cutChunks)),
          ("likely_chunks", .number(extract.likelyChunks)), ("answered_chunks", .number(extract.answeredChunks)),
          ("likely_answered_chunks", .number(extract.likelyAnsweredChunks)),
          ("uncertain_chunks", .number(extract.uncertainChunks)),
          ("negatives", .number(extract.negatives)), ("negatives_kept", .number(extract.negativesKept)),
          ("hard_negatives_kept", .number(extract.hardNegativesKept)),
          (
            "negatives_kept_by_kind",
            .object(NegativeKind.allCases.map { ($0.rawValue, .number(extract.negativesKeptByKind[$0] ?? 0)) })
          ),
          ("statements", .number(extract.statements)),
          ("statements_not_found", .number(extract.statementsNotFound)),
          ("statements_never_whole", .number(extract.statementsNeverWhole)),
        ])
      ),
      (
        "parse",
        .object([
          ("funders", .number(parse.funders)), ("values", .number(parse.values)),
          ("respelled", .number(parse.respelled)), ("not_verbatim", .number(parse.notVerbatim)),
          ("rows_not_verbatim", .number(parse.rowsNotVerbatim)), ("reordered", .number(parse.reordered)),
          ("joined", .number(parse.joined)),
          (
            "kinds",
            .object(
              ValueKind.allCases.compactMap { kind in
                parse.kinds[kind].map { counts in
                  let members: [(String, JSON)] = [
                    ("values", .number(counts.values)), ("verbatim", .number(counts.verbatim)),
                  ]
                  return (kind.rawValue, .object(members))
                }
              })
          ),
        ])
      ),
    ])
  }
}
