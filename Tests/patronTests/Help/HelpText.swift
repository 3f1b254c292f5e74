import ArgumentParser

@testable import patron

/// The help of a command, and the options that several commands have.
enum HelpText {
  static func of(_ command: any ParsableCommand.Type) -> String {
    Patron.helpMessage(for: command, columns: 80) + "\n"
  }

  /// How chats are written.
  static let chatOptions = #"""
      --chat-template <template>
                              How chats are written, in place of what the files
                              beside the adapters and the model say: as Llama 3.1
                              and later, Llama 3, SmolLM2 or plain ChatML do.
                              (values: llama3.1, llama3, smollm2, chatml)
      --chat-date <date>      The date that Llama 3.1's template prints, such as
                              "26 Jul 2024" (default: the one in the template;
                              never the day of the run).
    """#

  /// The model and its adapters.
  static let modelOptions = #"""
      -m, --model <model>     A name that `patron models list` shows, a Hugging
                              Face folder, or a .gguf file. (default: smollm2-135m)
      --adapter <folder>      A PEFT adapter folder; repeat it for several, merged
                              in the order given (SFT first, then DAPO).
      --force-adapter         Use an adapter although its patron.json asks for
                              another base model, other prompts or an unknown
                              template.
    \#(chatOptions)
      --merge <policy>        How adapters join the weights: peft (round after
                              each, as PEFT does), fp32 (add all in float32, round
                              once) or none (they stay beside the weights).
                              (values: peft, fp32, none; default: peft)
      --device <device>       cpu, cuda or cuda:N. (default: cpu)
      --dtype <type>          Type of the weights: bfloat16 is fastest, float32
                              most exact (default: bfloat16; for training on a CPU
                              without bfloat16 instructions float32, which is
                              faster there). (values: float32, bfloat16, float16)
      --weights <form>        How a CPU holds the matrices: bfloat16 or float32,
                              int8 (half of bfloat16, nearly as exact), int4 (a
                              quarter), or stored (a GGUF file's own blocks). auto:
                              as --dtype says. (values: auto, bfloat16, float32,
                              stored, int8, int4; default: auto)
      --kv-memory <mib>       MiB for the keys and values of what is read (default:
                              a quarter of the memory, or half of what is free on a
                              GPU).
      --threads <n>           Threads on the CPU (default: all cores).
    """#

  /// Whose tokenizer makes token ids of training data.
  static let tokenizerOptions = #"""
      -m, --model <model>     Whose tokenizer: a name that `patron models list`
                              shows, a Hugging Face folder, or a .gguf file.
                              (default: smollm2-135m)
    \#(chatOptions)
    """#

  /// What is said on standard error.
  static let messageOptions = #"""
      -q, --quiet             Say only what went wrong.
      -v, --verbose           Also say in a pipe what is otherwise said on a
                              terminal only.
    """#

  /// What every command has.
  static let commonOptions = #"""
      --version               Show the version.
      -h, --help              Show help information.
    """#

  /// What the commands of `patron reward` share.
  static let rewardSections = #"""
    REWARD:
      --preset <preset>       training (0.50 funder + 0.40 award id + 0.10 flat
                              award id, soft ids) or evaluation (0.50 funder + 0.50
                              award id, ids match or not); the options below change
                              it. (values: training, evaluation; default: training)
      --funder-weight <w>     Weight of the funders.
      --award-id-weight <w>   Weight of the award ids under their funders.
      --flat-award-id-weight <w>
                              Weight of the award ids wherever they stand.
      --scheme-weight <w>     Weight of the funding schemes.
      --title-weight <w>      Weight of the award titles.
      --funder-threshold <s>  Least similarity of names that are one funder.
                              (default: 0.8)
      --threshold <s>         Least similarity of schemes and titles that match.
                              (default: 0.8)
      --soft-ids/--no-soft-ids
                              Whether an award id with one character wrong counts
                              half (default: as the preset has it).
      --id-mode <mode>        normalized (award ids without spaces, hyphens,
                              slashes and case) or exact (without case). (values:
                              normalized, exact; default: normalized)
      --similarity <mode>     How names are compared. (values: permissive,
                              balanced, strict; default: balanced)

    OUTPUT:
      -f, --format <format>   table (for people), json or jsonl (an object per
                              line). (values: table, json, jsonl; default: table)
      -o, --output <file>     File to write to (default: standard output).
      --max-file-size <mib>   Largest file in MiB. (default: 1024)

    MESSAGES:
    \#(messageOptions)
    """#

  /// How rows become examples.
  static let rowOptions = #"""
      --task-weight <task=factor>
                              How often the rows of a task count, such as extract=2
                              or parse=0.5; times the weight of their file.
      --license-filter <filter>
                              Filter of rows: none (all stay) or open (rows whose
                              licence says NC or ND go; rows that state no licence
                              stay). (values: none, open; default: none)
      --skip-bad-rows         Leave out rows that cannot be read and say how many;
                              otherwise the first one is an error.
      --data-seed <n>         Seed of copies, negatives, noise and order. (default:
                              0)
      --chunk-tokens <n>      Most tokens of a chunk of an article. (default: 7500)
      --chunking <how>        How an article is cut: paragraphs (whole ones) or
                              overlapping (at a number of tokens). (values:
                              paragraphs, overlapping; default: paragraphs)
      --overlap-tokens <n>    Tokens that neighbouring chunks share. Whole
                              paragraphs share none, unless one is too long for the
                              model. (default: 1024)
      --negatives <ratio>     Chunks without a statement to keep for each chunk
                              with some: a number, or all. (default: 1)
      --hard-negatives <share>
                              Share of these that hold a word of funding, support
                              or thanks, as far as there are enough. With 1,
                              `patron extract` reads only such chunks with the
                              adapter (--chunks likely). (default: 0.75)
      --keep-unverbatim       Keep statements whose text lacks a value of their
                              funders. They teach the model to write what is not
                              there.
      --joined <share>        Share of the statements that are joined with another
                              one, as if an article had two. (default: 0.1)
      --supervised-turns <turns>
                              Which answers of a chat are learnt: all of them, or
                              the last. (values: all, last; default: all)
      --noise <share>         Share of the rows that get the damage of real texts;
                              0 leaves all as they are. (default: 0.5)
      --noise-kinds <kinds>   Kinds of damage: case, confusions, unicode,
                              zero-width, markup, hyphenation, wrapping; several
                              with commas. (default: all)
      --max-length <n>        Most tokens of an example; longer ones are left out.
                              (default: 8192)
    """#
}
