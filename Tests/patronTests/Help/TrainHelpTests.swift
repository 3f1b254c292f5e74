import ArgumentParser
import Testing

@testable import patron

/// Whole help texts of `patron train`, byte for byte.
@Suite struct TrainHelpTests {
  @Test func group() {
    #expect(
      HelpText.of(TrainCommand.self) == #"""
        OVERVIEW: Trains a LoRA adapter.

        USAGE: patron train <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          sft                     Fine-tunes an adapter on rows with answers.
          report                  Writes a training run as a page for the browser.

          See 'patron help train <subcommand>' for detailed help.

        """#)
  }

  @Test func report() {
    #expect(
      HelpText.of(TrainReportCommand.self) == #"""
        OVERVIEW: Writes a training run as a page for the browser.

        The page holds the curves, the settings, the checkpoints, the data and what the
        model wrote on the way, and needs no other file and no network. A run that is
        still going on or was interrupted is shown as far as it came; nothing of it is
        changed.

        USAGE: patron train report <run> [--output <file>] [--quiet] [--verbose]

        ARGUMENTS:
          <run>                   The run's folder.

        OPTIONS:
          -o, --output <file>     File to write to (default: report.html in the run's
                                  folder).
        \#(HelpText.messageOptions)
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func sft() {
    #expect(
      HelpText.of(TrainSFTCommand.self) == #"""
        OVERVIEW: Fine-tunes an adapter on rows with answers.

        The defaults are the published recipe's. Every other flag is also a line of a
        --config file.

        The run's folder gets config.json (these settings), data.json (what became of
        the rows), metrics.jsonl and TensorBoard events, checkpoints/ and, at the end,
        adapter/: a PEFT folder that patron, peft and vLLM load. A run that was
        interrupted (Ctrl-C saves) or killed goes on with --resume and the same
        settings; on a CPU it ends with the same bytes as one that was not.

        Started by torchrun or srun, the processes share the work of each step
        (Guides/SeveralDevices.md):
        torchrun --no-python --nproc-per-node 8 patron train sft --device cuda …

        `patron train report` makes a page of a run, `patron data inspect` shows the
        rows as the model sees them.

        USAGE: patron train sft <options>

        MODEL:
        \#(HelpText.modelOptions)

        ROWS:
          --train <file>          Rows to learn, JSON lines: articles with statements,
                                  statements with funders, or chats (messages); file@2
                                  counts a file twice.
          --dev <file>            Rows of the same forms that the loss is measured on,
                                  each once, without training noise.
          --dev-limit <n>         Most examples of --dev, taken by chance. (default:
                                  200)
          --dev-written <n>       Dev examples that the model writes an answer to at
                                  each measurement, as many of each task; the answers
                                  go to samples.jsonl, their scores to the figures.
                                  (default: 0)
          --constrain <mode>      What those answers are held to: none, json (the
                                  task's shape) or verbatim (and what is to be copied
                                  is copied), as `patron extract` does; rows of token
                                  ids have no text to copy from. (values: none, json,
                                  verbatim; default: verbatim)
          --dev-tokens <n>        Most tokens of such an answer (default: 1024 for
                                  parse, else 512, as `patron extract`).
          --tokenized <file>      Rows as token ids instead: JSON lines with input_ids
                                  and labels (-100: not to be learnt), as `patron data
                                  tokenize` writes them.
          --dev-tokenized <file>  The same for the dev loss.

        MAKING EXAMPLES OF ROWS:
        \#(HelpText.rowOptions)

        RECIPE:
          --rank <rank>           Rank of the adapter. (default: 64)
          --alpha <alpha>         The adapter's product is scaled by alpha / rank.
                                  (default: 128.0)
          --dropout <dropout>     Share of the adapter's inputs that is left out at
                                  random in training. (default: 0.05)
          --learning-rate <learning-rate>
                                  Highest learning rate. (default: 0.0001)
          --schedule <schedule>   How the learning rate falls: linear, cosine or
                                  constant. (values: linear, cosine, constant; default:
                                  linear)
          --warmup-steps <n>      Steps over which the learning rate rises from 0.
                                  (default: 0)
          --warmup-ratio <share>  The same as a share of all steps, rounded up.
                                  (default: 0.0)
          --beta1 <beta1>         AdamW: decay of the mean of the gradients. (default:
                                  0.9)
          --beta2 <beta2>         AdamW: decay of the mean of their squares. (default:
                                  0.999)
          --adam-epsilon <adam-epsilon>
                                  AdamW: what is added to the denominator. (default:
                                  1e-08)
          --weight-decay <weight-decay>
                                  AdamW: decoupled weight decay. (default: 0.0)
          --gradient-clip <gradient-clip>
                                  Largest norm of the gradients; 0: no clipping.
                                  (default: 1.0)
          --micro-batch <micro-batch>
                                  Rows that go through the model together. (default: 2)
          --accumulation <accumulation>
                                  Micro-batches of an optimizer step. (default: 16)
          --epochs <epochs>       Passes over the rows. (default: 2.0)
          --max-steps <max-steps> Ends the run after so many steps.
          --no-shuffle            Take the examples in the same order in every epoch
                                  instead of shuffling them anew: as --data-seed puts
                                  those of --train, as they stand in --tokenized.
          --seed <seed>           Decides the first values, the order of the rows and
                                  what dropout leaves out. (default: 0)
          --eval-every <eval-every>
                                  Steps between measurements on the dev rows, each with
                                  a checkpoint that can be the best; 0: at the end
                                  only. (default: 50)
          --save-every <save-every>
                                  Steps between checkpoints to go on from, besides
                                  those; 0: at the end only. (default: 50)
          --checkpointing         Keep only the input of each block: a quarter more
                                  time, a fraction of the memory.
          --compute-dtype <type>  Type of activations, float32 or bfloat16 (default:
                                  the weights'). (values: float32, bfloat16, float16)
          --adapter-dtype <type>  Type of the values in the resulting adapter: float32,
                                  or bfloat16 for half the size. (values: float32,
                                  bfloat16, float16; default: float32)
          --init-adapter <folder> Start from the values of this PEFT adapter folder.

        SEVERAL PROCESSES:
          --join-timeout <seconds>
                                  How long to wait for the other processes to join.
                                  (default: 30.0)
          --group-timeout <seconds>
                                  How long to wait for another process that has joined
                                  and stalls; one that ends is noticed at once.
                                  (default: 1800.0)
          --collectives <library> What adds up the gradients of GPUs: nccl, or gloo by
                                  way of the CPU, which CPUs always use. (values:
                                  nccl, gloo; default: nccl)

        OPTIONS:
          -o, --output <folder>   The run's folder (needed unless --dry-run).
          --resume                Go on from the last checkpoint in the run's folder,
                                  or begin where there is none.
          --keep <n>              Checkpoints that are kept, besides the best one.
                                  (default: 3)
          --best-by <figure>      Which checkpoint becomes the adapter: dev/loss or,
                                  with --dev-written, dev/funder_f0.5,
                                  dev/award_id_f0.5 (rows of parse), dev/statement_f1
                                  (extract), dev/exact_answers (chats),
                                  dev/whole_answers; without dev rows it is the last.
                                  (default: dev/loss)
          --dry-run               Show the plan (rows, steps, memory, time by a short
                                  measurement) and do nothing.
          --config <file>         File of settings, YAML or JSON.
        \#(HelpText.messageOptions)
        \#(HelpText.commonOptions)


        """#)
  }
}
