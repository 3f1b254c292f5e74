import ArgumentParser
import Testing

@testable import patron

/// Whole help texts, byte for byte.
@Suite struct BenchHelpTests {
  @Test func bench() {
    #expect(
      HelpText.of(BenchCommand.self) == #"""
        OVERVIEW: Measures models, tokenizers and constraints on this machine.

        Let nothing else run meanwhile.

        USAGE: patron bench <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          model (default)         Measures prefill, decode and a whole extraction.
          requests                Measures many requests of different lengths at once.
          machine                 Measures how fast this machine reads memory and
                                  multiplies.
          constraints             Measures what constraints cost for each token,
                                  without running the model.
          tokenizer               Measures how fast a tokenizer opens and encodes a
                                  text, without running the model.

          See 'patron help bench <subcommand>' for detailed help.

        """#)
  }

  @Test func model() {
    #expect(
      HelpText.of(BenchModelCommand.self) == #"""
        OVERVIEW: Measures prefill, decode and a whole extraction.

        Prefill reads a prompt of the given length; decode writes tokens one by one
        after a prompt of that length. Each figure is the median of several runs.
        Beside it stands its share of what the machine can do at most: a prompt's
        products, or the longer of reading weights, keys and values once a step and of
        the step's products, at the speeds that are measured before and after, as
        `patron bench machine` does.

        USAGE: patron bench model <options>

        OPTIONS:
        \#(HelpText.modelOptions)
          --prompt <prompt>       Prompt lengths in tokens. (default: 128, 512)
          --decode <decode>       Tokens written for the decode figure. (default: 128)
          --batch <batch>         Sequences decoded side by side, a row for each
                                  number. (default: 1)
          --article <article>     Also time both stages on this article.
          --runs <n>              Counted runs; one before them is not counted.
                                  (default: 5)
          --json                  Print JSON.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func requests() {
    #expect(
      HelpText.of(BenchRequestsCommand.self) == #"""
        OVERVIEW: Measures many requests of different lengths at once.

        The prompts are random tokens, the same for the same seed. A request is written
        to its full length, whatever the model would end. Samples are submitted
        together, all else by itself.

        USAGE: patron bench requests <options>

        OPTIONS:
        \#(HelpText.modelOptions)
          --count <n>             Requests. (default: 64)
          --prompt <least-most>   Lengths of the prompts, few of them long. (default:
                                  128-1024)
          --new <least-most>      Tokens that are written. (default: 16-256)
          --shared <share>        Share of the prompts that begin like others, from 0
                                  to 1. (default: 0.5)
          --sampled <share>       Share of the requests that are samples of one prompt
                                  with others, from 0 to 1. (default: 0.25)
          --samples <n>           Samples of such a prompt. (default: 4)
          --rate <per second>     Submit so many a second, at random times (default:
                                  all at once).
          --seed <n>              Seed of lengths, tokens and times. (default: 1)
          --json                  Print JSON.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func machine() {
    #expect(
      HelpText.of(BenchMachineCommand.self) == #"""
        OVERVIEW: Measures how fast this machine reads memory and multiplies.

        Both bound what a dense model can do here: all weights are read once for each
        token that is written, and a token of a prompt costs two operations for each
        weight. The figures are the fastest of the runs.

        USAGE: patron bench machine [--device <device>] [--dtype <type>] [--threads <n>] [--runs <n>] [--json]

        OPTIONS:
          --device <device>       cpu, cuda or cuda:N. (default: cpu)
          --dtype <type>          Type of the products (default: bfloat16; on a CPU
                                  without bfloat16 instructions float32). (values:
                                  float32, bfloat16, float16)
          --threads <n>           Threads on the CPU (default: all cores).
          --runs <n>              Counted runs; one before them is not counted.
                                  (default: 5)
          --json                  Print JSON.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func constraints() {
    #expect(
      HelpText.of(BenchConstraintsCommand.self) == #"""
        OVERVIEW: Measures what constraints cost for each token, without running the
        model.

        USAGE: patron bench constraints [--model <model>] [--tokenizer <file>] [--json]

        OPTIONS:
          -m, --model <model>     The model whose tokenizer is used: a name that
                                  `patron models list` shows, a Hugging Face folder, or
                                  a .gguf file. (default: smollm2-135m)
          --tokenizer <file>      A tokenizer.json to use instead of the model's.
          --json                  Print JSON.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func tokenizer() {
    #expect(
      HelpText.of(BenchTokenizerCommand.self) == #"""
        OVERVIEW: Measures how fast a tokenizer opens and encodes a text, without
        running the model.

        USAGE: patron bench tokenizer <text> [--model <model>] [--tokenizer <file>] [--runs <n>] [--json]

        ARGUMENTS:
          <text>                  The text, in UTF-8.

        OPTIONS:
          -m, --model <model>     The model whose tokenizer is used: a name that
                                  `patron models list` shows, a Hugging Face folder, or
                                  a .gguf file. (default: smollm2-135m)
          --tokenizer <file>      A tokenizer.json to use instead of the model's.
          --runs <n>              Counted runs; one before them is not counted.
                                  (default: 5)
          --json                  Print JSON.
        \#(HelpText.commonOptions)


        """#)
  }
}
