import ArgumentParser
import Testing

@testable import patron

/// Whole help texts of the commands that score, byte for byte.
@Suite struct ScoringHelpTests {
  @Test func evaluate() {
    #expect(
      HelpText.of(EvaluateCommand.self) == #"""
        OVERVIEW: Measures predictions against gold annotations.

        Both files hold objects of JSON: one a line, in an array, over several lines,
        or one behind another. Funders are in "funders" (in predictions also
        "predicted_funders"), with nested "awards" or flat. Statements are in
        "statements", with their "article" if it is at hand. Predictions can be the
        records of `patron extract --format json` or jsonl.

        Documents are joined by "id" (or "filename"), "statement" (or
        "funding_statement"), or "doi" (or "ref"). The id of a record is the path of
        the file that was read. It also matches a gold id that is this path or the
        file's name, with or without the extension of a text file. A DOI is the same
        whatever prefix, link, encoding or punctuation it is written with. Warnings
        name what was not joined.

        Funders are shown in the three similarity modes, micro-averaged, with bootstrap
        intervals of F1. Statements are shown by the published threshold metric and by
        a one-to-one matching. Guides/Scoring.md explains each figure.

        A document that cannot be scored counts in no figure. It is named, and the exit
        status is 1.

        USAGE: patron evaluate [<options>] --predictions <file> --gold <file>

        FILES:
          -p, --predictions <file>
                                  Predictions, or - for standard input.
          -g, --gold <file>       Gold annotations, or - for standard input.
          --compare <file>        Other predictions for the same gold: which documents
                                  differ, and whether the difference (other minus
                                  --predictions) is more than chance, by the paired
                                  bootstrap.
          --join <key>            What documents are joined by; auto takes the first of
                                  id, statement and doi that joins any. (values: auto,
                                  id, doi, statement; default: auto)
          --missing <what>        What gold rows without a prediction are: empty (as if
                                  nothing was predicted) or skip (in no figure).
                                  Default as in the reference: empty for statements,
                                  skip for funders. (values: empty, skip)
          --max-file-size <mib>   Largest file in MiB. (default: 1024)

        MEASURE:
          -t, --task <task>       What is evaluated; auto takes statements where both
                                  files have lists of them, else funders. (values:
                                  auto, funders, statements; default: auto)
          --funder-threshold <s>  Least similarity of names that are one funder.
                                  (default: 0.8)
          --threshold <s>         Least similarity of schemes, of titles, of statements
                                  that match. (default: 0.8)
          --id-mode <mode>        normalized (award ids without spaces, hyphens,
                                  slashes and case) or exact (without case). (values:
                                  normalized, exact; default: normalized)
          --resamples <n>         Bootstrap samples. (default: 1000)
          --confidence <c>        Confidence of the intervals. (default: 0.95)
          --seed <n>              Seed of the bootstrap. (default: 0)

        OUTPUT:
          -f, --format <format>   table (for people), json (every figure) or csv (a
                                  line for each level; with --compare those of the
                                  comparison). (values: table, json, csv; default:
                                  table)
          -o, --output <file>     File to write to (default: standard output).
          --documents <file>      File for the figures of each document: a JSON object
                                  per line, or CSV where it ends in .csv.
          --errors <folder>       Folder for an error report: errors.csv (what is
                                  missing or made up), by_type.csv, documents.csv (the
                                  worst first) and side_by_side.md.

        MESSAGES:
        \#(HelpText.messageOptions)

        OPTIONS:
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func reward() {
    #expect(
      HelpText.of(RewardCommand.self) == #"""
        OVERVIEW: Computes the reward of predictions, and measures how fast that is.

        USAGE: patron reward <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          score (default)         Computes the reward of predictions, with every term.
          benchmark               Measures how many rewards one core computes per
                                  second.

          See 'patron help reward <subcommand>' for detailed help.

        """#)
  }

  @Test func rewardScore() {
    #expect(
      HelpText.of(RewardScoreCommand.self) == #"""
        OVERVIEW: Computes the reward of predictions, with every term.

        One pair: --gold with --predicted (funders as JSON) or --completion (what a
        model wrote). The value of each is the text itself, or @FILE for what the file
        holds (@- for standard input).

        Many: a file with a JSON object per line, or an array of objects, with "gold"
        and one of "predicted", "prediction", "pred" (funders) or "completion" (a
        model's output); "id" is shown if it is there.

        As in training, an empty prediction earns 0 where gold is not empty. A row that
        cannot be scored has no reward, which is not 0: it is named, and the exit
        status is 1. Guides/Scoring.md explains the terms.

        USAGE: patron reward score [<options>] [<rows>]

        ARGUMENTS:
          <rows>                  A file of pairs, or - for standard input.

        ONE PAIR:
          --gold <json>           The right funders: JSON, or @FILE.
          --predicted <json>      The predicted funders: JSON, or @FILE.
          --completion <text>     What a model wrote, or @FILE.

        \#(HelpText.rewardSections)

        OPTIONS:
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func rewardBenchmark() {
    #expect(
      HelpText.of(RewardBenchmarkCommand.self) == #"""
        OVERVIEW: Measures how many rewards one core computes per second.

        All rows of the file are measured, and by themselves those with two to four
        gold funders. Without a file, a few typical pairs are.

        USAGE: patron reward benchmark [<options>] [<rows>]

        ARGUMENTS:
          <rows>                  A file of pairs, or - for standard input.

        \#(HelpText.rewardSections)

        OPTIONS:
          --seconds <s>           Least time of a measurement. (default: 3.0)
        \#(HelpText.commonOptions)


        """#)
  }
}
