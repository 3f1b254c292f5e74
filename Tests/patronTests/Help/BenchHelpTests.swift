import ArgumentParser
import Testing

@testable import patron

/// Whole help texts, byte for byte.
@Suite struct BenchHelpTests {
  private func help(_ command: any ParsableCommand.Type) -> String {
    Patron.helpMessage(for: command, columns: 80) + "\n"
  }

  @Test func bench() {
    #expect(
      help(BenchCommand.self) == #"""
        OVERVIEW: Measures models, tokenizers and constraints on this machine.

        Let nothing else run meanwhile.

        USAGE: patron bench <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          model (default)         Measures prefill, decode and a whole extraction.
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
      help(BenchModelCommand.self) == #"""
        OVERVIEW: Measures prefill, decode and a whole extraction.

        Prefill reads a prompt of the given length; decode writes tokens one by one
        after a prompt of that length. Each figure is the median of several runs.

        USAGE: patron bench model <options>

        OPTIONS:
          -m, --model <model>     A name that `patron models list` shows, a Hugging
                                  Face folder, or a .gguf file. (default: smollm2-135m)
          --adapter <folder>      A PEFT adapter folder; repeat it for several, merged
                                  in the order given (SFT first, then DAPO).
          --force-adapter         Use an adapter although its patron.json asks for
                                  another base model, other prompts or an unknown
                                  template.
          --chat-template <template>
                                  How chats are written, in place of what the files
                                  beside the adapters and the model say: as Llama 3.1
                                  and later, Llama 3, SmolLM2 or plain ChatML do.
                                  (values: llama3.1, llama3, smollm2, chatml)
          --chat-date <date>      The date that Llama 3.1's template prints, such as
                                  "26 Jul 2024" (default: the one in the template;
                                  never the day of the run).
          --merge <policy>        How adapters join the weights: peft (round after
                                  each, as PEFT does), fp32 (add all in float32, round
                                  once) or none (they stay beside the weights).
                                  (values: peft, fp32, none; default: peft)
          --device <device>       cpu, cuda or cuda:N. (default: cpu)
          --dtype <type>          Type of the weights: bfloat16 is fastest, float32
                                  most exact (default: bfloat16; for training on a CPU
                                  without bfloat16 instructions float32, which is
                                  faster there). (values: float32, bfloat16, float16)
          --threads <n>           Threads on the CPU (default: all cores).
          --prompt <prompt>       Prompt lengths in tokens. (default: 128, 512)
          --decode <decode>       Tokens written for the decode figure. (default: 128)
          --batch <batch>         Sequences decoded side by side. (default: 1)
          --article <article>     Also time both stages on this article.
          --runs <n>              Counted runs; one before them is not counted.
                                  (default: 5)
          --json                  Print JSON.
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func machine() {
    #expect(
      help(BenchMachineCommand.self) == #"""
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
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func constraints() {
    #expect(
      help(BenchConstraintsCommand.self) == #"""
        OVERVIEW: Measures what constraints cost for each token, without running the
        model.

        USAGE: patron bench constraints [--model <model>] [--tokenizer <file>] [--json]

        OPTIONS:
          -m, --model <model>     The model whose tokenizer is used: a name that
                                  `patron models list` shows, a Hugging Face folder, or
                                  a .gguf file. (default: smollm2-135m)
          --tokenizer <file>      A tokenizer.json to use instead of the model's.
          --json                  Print JSON.
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }

  @Test func tokenizer() {
    #expect(
      help(BenchTokenizerCommand.self) == #"""
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
          --version               Show the version.
          -h, --help              Show help information.


        """#)
  }
}
