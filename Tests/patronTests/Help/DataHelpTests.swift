import ArgumentParser
import Testing

@testable import patron

/// Whole help texts of `patron data`, byte for byte.
@Suite struct DataHelpTests {
  private func help(_ command: any ParsableCommand.Type) -> String {
    Patron.helpMessage(for: command, columns: 80) + "\n"
  }

  /// How rows become examples: the same for every command that reads training data.
  static let rowOptions = #"""
      --task-weight <task=factor>
                              Copies of the rows of a task, on top of those of the
                              files, such as extract=2 or parse=0.5.
      --license-filter <filter>
                              none (all rows) or open (leave out rows whose licence
                              says NC or ND; rows that state none stay). (values:
                              none, open; default: none)
      --skip-bad-rows         Leave out rows that cannot be read and say how many;
                              otherwise the first one is an error.
      --data-seed <n>         Seed of copies, negatives, noise and order. (default:
                              0)
      --chunk-tokens <n>      Most tokens of a chunk of an article. (default: 7500)
      --chunking <how>        How an article is cut: paragraphs (whole ones) or
                              overlapping (at a number of tokens). (values:
                              paragraphs, overlapping; default: paragraphs)
      --overlap-tokens <n>    Tokens that neighbouring chunks share; with
                              paragraphs only those of a paragraph too long for the
                              model. (default: 1024)
      --negatives <ratio>     Chunks without funding statements to keep for each
                              one with some, or all. (default: 1)
      --hard-negatives <share>
                              Share of those that hold a word of funding, support
                              or thanks, as far as there are such. With 1, the
                              adapter asks for such chunks only (`patron extract
                              --chunks likely`). (default: 0.75)
      --keep-unverbatim       Keep statements of which a funder's value is not in
                              the text; they teach to write what is not there.
      --joined <share>        Share of the statements that get another one behind
                              them, as an article of two statements has. (default:
                              0.1)
      --supervised-turns <turns>
                              Which answers of a chat in messages rows are learnt:
                              all or last. (values: all, last; default: all)
      --noise <share>         Share of the rows that get damage as real texts have
                              it; 0: texts as they are. (default: 0.5)
      --noise-kinds <kinds>   What may happen to them: case, confusions, unicode,
                              zero-width, markup, hyphenation, wrapping; several
                              with commas. (default: all)
      --max-length <n>        Most tokens of an example; longer ones are left out.
                              (default: 8192)
    """#

  private let dataOptions = #"""
    DATA:
    \#(Self.rowOptions)

    MESSAGES:
      -q, --quiet             Say only what went wrong.
      -v, --verbose           Also say in a pipe what is otherwise said on a
                              terminal only.


    """#

  @Test func group() {
    #expect(
      help(DataCommand.self) == #"""
        OVERVIEW: Shows, checks and makes training data.

        Files are JSON Lines or a JSON array. Rows are recognised by their members:
        article and statements (a task of stage 1), statement or funding_statement and
        funders (stage 2), or messages (a chat). FILE@2 counts the rows of a file
        twice, FILE@0.5 half of them.

        USAGE: patron data <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

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
      help(DataStatsCommand.self) == #"""
        OVERVIEW: Counts rows, examples and tokens, and what was left out and why.

        Of several files it also shows which rows of one are in another, too, whatever
        their licence: figures that are measured on rows of which a model has learnt
        are too good.

        USAGE: patron data stats [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files, each with @weight behind it or not.

        \#(dataOptions)OPTIONS:
          -m, --model <model>     Whose tokenizer: a name that `patron models list`
                                  shows, a Hugging Face folder, or a .gguf file.
                                  (default: smollm2-135m)
          --chat-template <template>
                                  How chats are written, in place of what the files
                                  beside the adapters and the model say: as Llama 3.1
                                  and later, Llama 3, SmolLM2 or plain ChatML do.
                                  (values: llama3.1, llama3, smollm2, chatml)
          --chat-date <date>      The date that Llama 3.1's template prints, such as
                                  "26 Jul 2024" (default: the one in the template;
                                  never the day of the run).
          --json                  Write JSON.
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func split() {
    #expect(
      help(DataSplitCommand.self) == #"""
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
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func inspect() {
    #expect(
      help(DataInspectCommand.self) == #"""
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
          -m, --model <model>     Whose tokenizer: a name that `patron models list`
                                  shows, a Hugging Face folder, or a .gguf file.
                                  (default: smollm2-135m)
          --chat-template <template>
                                  How chats are written, in place of what the files
                                  beside the adapters and the model say: as Llama 3.1
                                  and later, Llama 3, SmolLM2 or plain ChatML do.
                                  (values: llama3.1, llama3, smollm2, chatml)
          --chat-date <date>      The date that Llama 3.1's template prints, such as
                                  "26 Jul 2024" (default: the one in the template;
                                  never the day of the run).
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func tokenize() {
    #expect(
      help(DataTokenizeCommand.self) == #"""
        OVERVIEW: Writes examples as token ids, as other trainers take them.

        One JSON object a line: id, task, input_ids, and labels, which are -100 where
        nothing is learnt. The order is that of training.

        USAGE: patron data tokenize [<options>] <files> ...

        ARGUMENTS:
          <files>                 Data files, each with @weight behind it or not.

        \#(dataOptions)OPTIONS:
          -o, --output <file>     File to write to (default: standard output).
          -m, --model <model>     Whose tokenizer: a name that `patron models list`
                                  shows, a Hugging Face folder, or a .gguf file.
                                  (default: smollm2-135m)
          --chat-template <template>
                                  How chats are written, in place of what the files
                                  beside the adapters and the model say: as Llama 3.1
                                  and later, Llama 3, SmolLM2 or plain ChatML do.
                                  (values: llama3.1, llama3, smollm2, chatml)
          --chat-date <date>      The date that Llama 3.1's template prints, such as
                                  "26 Jul 2024" (default: the one in the template;
                                  never the day of the run).
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func synthesize() {
    #expect(
      help(DataSynthesizeCommand.self) == #"""
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
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }
}
