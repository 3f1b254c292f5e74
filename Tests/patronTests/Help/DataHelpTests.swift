import ArgumentParser
import Testing

@testable import patron

/// Whole help texts of `patron data`, byte for byte.
@Suite struct DataHelpTests {
  private let dataOptions = #"""
    DATA:
    \#(HelpText.rowOptions)

    MESSAGES:
    \#(HelpText.messageOptions)


    """#

  @Test func group() {
    #expect(
      HelpText.of(DataCommand.self) == #"""
        OVERVIEW: Shows, checks and makes training data.

        Files hold rows of JSON: JSON Lines, an array, an object over several lines, or
        objects one behind another. The members of a row say what it is for: article
        and statements (stage 1), statement or funding_statement and funders (stage 2),
        or messages (a chat). FILE@2 counts the rows of a file twice, FILE@0.5 half of
        them.

        USAGE: patron data <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          stats                   Counts rows, examples and tokens, and what was left
                                  out and why.
          inspect                 Shows examples as the model sees them, and marks what
                                  it learns.
          split                   Divides data files into parts that share no document.
          tokenize                Writes examples as token ids for other trainers.
          synthesize              Makes funding statements with their funders, or
                                  articles with such statements.

          See 'patron help data <subcommand>' for detailed help.

        """#)
  }

  @Test func stats() {
    #expect(
      HelpText.of(DataStatsCommand.self) == #"""
        OVERVIEW: Counts rows, examples and tokens, and what was left out and why.

        Given several files, it also lists the rows that two files share, whatever
        their licence. Figures come out too good if the model has learnt the rows that
        it is measured on.

        USAGE: patron data stats [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files; file@2 counts a file's rows twice.

        \#(dataOptions)OPTIONS:
        \#(HelpText.tokenizerOptions)
          --json                  Write JSON.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func split() {
    #expect(
      HelpText.of(DataSplitCommand.self) == #"""
        OVERVIEW: Divides data files into parts that share no document.

        All rows of a document fall into the same part: rows that share an id, a DOI
        (doi, ref), a title or a text, nearly equal texts (more than nine tenths of the
        words), and articles with the statements in them. So give all files of the same
        documents in one call. A hash of the text picks the part. The order of the
        files does not matter, and a later call divides the same rows in the same way.

        The output folder gets a folder for each part, with files of the same names:
        OUTPUT/train/rows.jsonl, OUTPUT/dev/rows.jsonl. Rows are copied as they are.
        Statements may lack funders.

        USAGE: patron data split <files> ... [--part <name=share> ...] [--rest <name>] [--seed <n>] --output <folder>

        ARGUMENTS:
          <files>                 Data files.

        OPTIONS:
          --part <name=share>     A part and its share of the documents; repeat it for
                                  several. (default: dev=0.1)
          --rest <name>           The name of the part that gets the rest. (default:
                                  train)
          --seed <n>              Another seed gives other parts. (default: 0)
          -o, --output <folder>   The folder to make.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func inspect() {
    #expect(
      HelpText.of(DataInspectCommand.self) == #"""
        OVERVIEW: Shows examples as the model sees them, and marks what it learns.

        Special tokens appear by their names. On a terminal, colour marks what is
        learnt; elsewhere it stands between ⟦ and ⟧.

        USAGE: patron data inspect [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files; file@2 counts a file's rows twice.

        \#(dataOptions)OPTIONS:
          --row <id>              Show only examples whose id begins with this, such as
                                  a row's id.
          --count <n>             Most examples to show. (default: 3)
          --skip <n>              Examples to skip first. (default: 0)
          --tokens                Show the tokens one by one: id, mark, text.
        \#(HelpText.tokenizerOptions)
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func tokenize() {
    #expect(
      HelpText.of(DataTokenizeCommand.self) == #"""
        OVERVIEW: Writes examples as token ids for other trainers.

        Each line is a JSON object with id, task, input_ids and labels. A label is -100
        where nothing is learnt. The examples stand in the order of training.

        USAGE: patron data tokenize [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files; file@2 counts a file's rows twice.

        \#(dataOptions)OPTIONS:
          -o, --output <file>     File to write to (default: standard output).
        \#(HelpText.tokenizerOptions)
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func synthesize() {
    #expect(
      HelpText.of(DataSynthesizeCommand.self) == #"""
        OVERVIEW: Makes funding statements with their funders, or articles with such
        statements.

        Writes JSON Lines. Row n of a seed is always the same, so a longer file begins
        like a shorter one.

        A list of funders has one funder a line. Tabs divide its columns: name,
        acronym, country, shapes of award ids, and schemes. Only the name is needed. In
        a shape, # is a digit, @ a capital letter, and [a|b] one of several, as in
        [R01|R21] CA######. A ";" divides several shapes or schemes.

        With --task extract, --articles and --statements put real statements among real
        paragraphs. Statements whose funders nobody has annotated become examples of
        stage 1 in this way.

        USAGE: patron data synthesize [--count <n>] [--seed <n>] [--task <task>] [--funders <file> ...] [--articles <file> ...] [--statements <file> ...] [--license-filter <filter>] [--output <file>]

        OPTIONS:
          -c, --count <n>         Rows to make. (default: 1000)
          --seed <n>              Seed of the rows. (default: 0)
          --task <task>           What to make: parse (statements with funders) or
                                  extract (articles with statements). (values: parse,
                                  extract; default: parse)
          --funders <file>        A list of funders instead of the built-in one; repeat
                                  it for several.
          --articles <file>       For extract: a file with articles, whose paragraphs
                                  surround the statements (default: made-up
                                  paragraphs); repeat it for several.
          --statements <file>     For extract: a file with statements, which need no
                                  funders, instead of made-up ones; repeat it for
                                  several.
          --license-filter <filter>
                                  Filter of articles and statements: none (all of them
                                  stay) or open (those whose licence says NC or ND go).
                                  (values: none, open; default: none)
          -o, --output <file>     File to write to (default: standard output).
        \#(HelpText.commonOptions)


        """#)
  }
}
