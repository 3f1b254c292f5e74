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

        Files are JSON Lines or a JSON array. Rows are recognised by their members:
        article and statements (a task of stage 1), statement or funding_statement and
        funders (stage 2), or messages (a chat). FILE@2 counts the rows of a file
        twice, FILE@0.5 half of them.

        USAGE: patron data <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          stats                   Counts rows, examples and tokens, and what was left
                                  out and why.
          inspect                 Shows examples as the model sees them, with what it
                                  learns marked.
          split                   Divides data files into parts that share no document.
          tokenize                Writes examples as token ids, as other trainers take
                                  them.
          synthesize              Makes funding statements with their funders, or
                                  articles with such statements.

          See 'patron help data <subcommand>' for detailed help.

        """#)
  }

  @Test func stats() {
    #expect(
      HelpText.of(DataStatsCommand.self) == #"""
        OVERVIEW: Counts rows, examples and tokens, and what was left out and why.

        Of several files it also shows which rows of one are in another, too, whatever
        their licence: figures that are measured on rows of which a model has learnt
        are too good.

        USAGE: patron data stats [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files, each with @weight behind it or not.

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

        Rows that share an id, a DOI (doi, ref), a title or a text fall into the same
        part, as do nearly equal texts (more than nine tenths of the words), and
        articles with the statements in them. So give all files of the same documents
        in one call. A hash of the text picks the part: the order of the files does not
        matter, and a later call with the same rows divides them in the same way.

        The folder gets a folder for each part with files of the same names:
        OUTPUT/train/rows.jsonl, OUTPUT/dev/rows.jsonl. The rows are copied as they
        are; statements without funders may be among them.

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
        OVERVIEW: Shows examples as the model sees them, with what it learns marked.

        Special tokens are shown by their names. What is learnt is coloured on a
        terminal, and stands between ⟦ and ⟧ elsewhere.

        USAGE: patron data inspect [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files, each with @weight behind it or not.

        \#(dataOptions)OPTIONS:
          --row <id>              Only examples whose id begins with this, such as a
                                  row's id.
          --count <n>             Most examples to show. (default: 3)
          --skip <n>              Examples to pass over first. (default: 0)
          --tokens                Show the tokens one by one: id, mark, text.
        \#(HelpText.tokenizerOptions)
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func tokenize() {
    #expect(
      HelpText.of(DataTokenizeCommand.self) == #"""
        OVERVIEW: Writes examples as token ids, as other trainers take them.

        One JSON object a line: id, task, input_ids, and labels, which are -100 where
        nothing is learnt. The order is that of training.

        USAGE: patron data tokenize [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files, each with @weight behind it or not.

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

        Writes JSON Lines. Row n of a seed is always the same, so that a longer file
        begins like a shorter one. Lists of funders have a funder a line, with the
        columns name, acronym, country, shapes of award ids and schemes, parted by
        tabs; all but the name may be left out. In a shape # is a digit, @ a capital
        letter and [a|b] one of several, such as [R01|R21] CA######; several shapes or
        schemes are parted by ";".

        With --task extract, --articles and --statements put real statements among real
        paragraphs: statements whose funders nobody has annotated become examples of
        stage 1.

        USAGE: patron data synthesize [--count <n>] [--seed <n>] [--task <task>] [--funders <file> ...] [--articles <file> ...] [--statements <file> ...] [--license-filter <filter>] [--output <file>]

        OPTIONS:
          -c, --count <n>         Rows to make. (default: 1000)
          --seed <n>              Seed of the rows. (default: 0)
          --task <task>           What to make: parse (statements with funders) or
                                  extract (articles with statements). (values: parse,
                                  extract; default: parse)
          --funders <file>        A list of funders instead of the built-in one; repeat
                                  it for several.
          --articles <file>       For extract: rows with articles whose paragraphs
                                  surround the statements (default: made-up ones);
                                  repeat it for several.
          --statements <file>     For extract: rows with statements, funders or not, to
                                  take instead of made-up ones; repeat it for several.
          --license-filter <filter>
                                  Which articles and statements to take: none (all) or
                                  open (no NC, no ND). (values: none, open; default:
                                  none)
          -o, --output <file>     File to write to (default: standard output).
        \#(HelpText.commonOptions)


        """#)
  }
}
