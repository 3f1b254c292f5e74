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

        The page shows the curves, the settings, the checkpoints, the data and what the
        model wrote on the way. It needs no other file and no network. Of a run that
        still goes on, or was interrupted, it shows what is there. The run stays as it
        is.

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

        The defaults are those of the published recipe. A --config file can set every
        other flag, one a line.

        The run's folder gets config.json (these settings), data.json (which rows were
        used, and why others were not), metrics.jsonl and TensorBoard events,
        checkpoints/ and, at the end, adapter/: a PEFT folder that patron, peft and
        vLLM load. Ctrl-C saves the run and ends it. With --resume and the same
        settings, a run goes on after Ctrl-C or a crash. On a CPU it ends with the same
        bytes as a run without a break.

        Started by torchrun or srun, the processes share the work of each step
        (Guides/SeveralDevices.md):
        torchrun --no-python --nproc-per-node 8 patron train sft --device cuda …

        `patron train report` makes a page of a run. `patron data inspect` shows the
        rows as the model sees them.

        USAGE: patron train sft <options>

        MODEL:
        \#(HelpText.modelOptions)

        ROWS:
          --train <file>          Files of rows to learn, in JSON: articles with
                                  statements, statements with funders, or chats
                                  (messages). file@2 counts a file twice.
          --dev <file>            Files of rows to measure on, in the same forms. Each
                                  row counts once, and gets no noise.
          --dev-limit <n>         Most examples of --dev to measure on; chance picks
                                  them. (default: 200)
          --dev-written <n>       How many dev examples the model answers at each
                                  measurement, as many of each task. The answers go to
                                  samples.jsonl, and their scores are further figures.
                                  (default: 0)
          --constrain <mode>      What holds these answers to their form: none, json
                                  (they have the task's shape) or verbatim (and they
                                  copy what is to be copied), as in `patron extract`.
                                  Rows of token ids have no text to copy from. (values:
                                  none, json, verbatim; default: verbatim)
          --dev-tokens <n>        Most tokens of such an answer (default: 1024 for
                                  parse, else 512, as in `patron extract`).
          --tokenized <file>      Files of rows as token ids: JSON Lines with input_ids
                                  and labels (-100 where nothing is learnt), as `patron
                                  data tokenize` writes them.
          --dev-tokenized <file>  The same for rows to measure on.

        MAKING EXAMPLES OF ROWS:
        \#(HelpText.rowOptions)

        RECIPE:
          --rank <rank>           Rank of the adapter. (default: 64)
          --alpha <alpha>         Scale of the adapter: what it adds is multiplied by
                                  alpha / rank. (default: 128.0)
          --dropout <dropout>     Share of the adapter's inputs that training leaves
                                  out at random. (default: 0.05)
          --learning-rate <learning-rate>
                                  Highest learning rate. (default: 0.0001)
          --schedule <schedule>   The learning rate after its rise: linear or cosine
                                  (both fall to 0) or constant. (values: linear,
                                  cosine, constant; default: linear)
          --warmup-steps <n>      Steps over which the learning rate rises from 0.
                                  (default: 0)
          --warmup-ratio <share>  The same steps as a share of all, rounded up.
                                  (default: 0.0)
          --beta1 <beta1>         AdamW: decay of the mean of the gradients. (default:
                                  0.9)
          --beta2 <beta2>         AdamW: decay of the mean of the squared gradients.
                                  (default: 0.999)
          --adam-epsilon <adam-epsilon>
                                  AdamW: number added to the denominator. (default:
                                  1e-08)
          --weight-decay <weight-decay>
                                  AdamW: decoupled weight decay. (default: 0.0)
          --gradient-clip <gradient-clip>
                                  Largest norm of the gradients; 0 clips nothing.
                                  (default: 1.0)
          --micro-batch <micro-batch>
                                  Rows that go through the model together. (default: 2)
          --accumulation <accumulation>
                                  Micro-batches in each optimizer step. (default: 16)
          --epochs <epochs>       Passes over the rows. (default: 2.0)
          --max-steps <max-steps> End the run after so many steps.
          --no-shuffle            Keep one order of the examples: that of --data-seed
                                  for --train, that of the files for --tokenized.
                                  Otherwise each epoch shuffles them anew.
          --seed <seed>           Seed of the adapter's first values, of the order of
                                  the rows, and of dropout. (default: 0)
          --eval-every <eval-every>
                                  Steps between measurements on the dev rows. Each
                                  saves a checkpoint, which can be the best. 0: measure
                                  at the end only. (default: 50)
          --save-every <save-every>
                                  Steps between further checkpoints, to resume from. 0:
                                  save at the end only. (default: 50)
          --checkpointing         Keep only the input of each block and compute the
                                  rest again: a quarter more time, a fraction of the
                                  memory.
          --compute-dtype <type>  Type of the activations: float32 or bfloat16
                                  (default: that of the weights). (values: float32,
                                  bfloat16, float16)
          --adapter-dtype <type>  Type of the finished adapter's values: float32, or
                                  bfloat16 for half the size. (values: float32,
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
                                  way of the CPU, which CPUs always use. (values: nccl,
                                  gloo; default: nccl)

        OPTIONS:
          -o, --output <folder>   The run's folder; --dry-run needs none.
          --resume                Go on from the last checkpoint in the run's folder;
                                  without one, begin.
          --keep <n>              How many of the last checkpoints to keep, besides the
                                  best one. (default: 3)
          --best-by <figure>      The figure that picks the checkpoint for the adapter:
                                  dev/loss or, with --dev-written, dev/funder_f0.5 or
                                  dev/award_id_f0.5 (parse), dev/statement_f1
                                  (extract), dev/exact_answers (chats) or
                                  dev/whole_answers. Without dev rows, the last
                                  checkpoint is it. (default: dev/loss)
          --dry-run               Show the plan and stop: rows, steps, memory, and the
                                  time by a short measurement.
          --config <file>         Take settings from this file, YAML or JSON.
        \#(HelpText.messageOptions)
        \#(HelpText.commonOptions)


        """#)
  }
}
