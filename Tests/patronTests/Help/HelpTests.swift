import ArgumentParser
import Runs
import Testing
import Text

@testable import patron

/// Whole help texts, byte for byte: a change of what users read is one that somebody meant.
@Suite struct HelpTests {
  @Test func root() {
    #expect(
      HelpText.of(Patron.self) == #"""
        OVERVIEW: Reads research articles and says who funded them.

        Data goes to standard output; messages go to standard error.

        Exit status: 0 all went well; 1 one or more inputs failed and the others are in
        the output; 2 nothing could be done (no such model, output not writable, ...);
        64 the command line was not understood; 130 interrupted.

        USAGE: patron <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          extract                 Finds funding statements and funders in articles.
          evaluate                Measures predictions against gold annotations.
          reward                  Computes the reward of predictions, and measures how
                                  fast that is.
          calibrate               Fits probabilities to the model's confidence in its
                                  values.
          train                   Trains a LoRA adapter.
          data                    Shows, checks and makes training data.
          merge                   Writes a model with its adapters merged as a Hugging
                                  Face folder.
          models                  Lists and checks the models on this machine.
          bench                   Measures models, tokenizers and constraints on this
                                  machine.
          check                   Compares a device and dtype with float32 on the CPU.

          See 'patron help <subcommand>' for detailed help.

        """#)
  }

  @Test func extract() {
    #expect(
      HelpText.of(ExtractCommand.self) == #"""
        OVERVIEW: Finds funding statements and funders in articles.

        Reads text files in UTF-8 (Markdown, plain text). The first stage copies the
        funding statements out of an article, the second reads the funders and their
        awards from them. Each result says where it stands in the file.

        From folders, files that end in .md, .markdown, .txt or .text are taken, in
        subfolders too, sorted by name; hidden ones are left out. An input that cannot
        be read is named on standard error and in the output (not in csv); the rest
        goes on, and the exit status is 1.

        With --stage parse the inputs hold funding statements instead: one per line, or
        rows of JSON (JSON Lines, an array, or objects one behind another). A row has a
        statement in "statement", "funding_statement" or "text", or the list of an
        article's statements in "statements", "predicted_statements" or
        "funding_statements". The statements of a list are read together and give one
        result. Records of --stage statements are such rows.

        Articles can be rows, too, with the text in "article", "text", "full_text",
        "markdown" or "content". A row is named by its "id", else by "filename",
        "arxiv_id" or "doi", else by its file and line.

        USAGE: patron extract [<options>] <inputs> ...

        ARGUMENTS:
          <inputs>                Files, folders, or - for standard input.

        TASK:
          -s, --stage <stage>     What to do: statements, parse (input: statements) or
                                  both. (values: statements, parse, both; default: both)
          -f, --format <format>   text (for people), json (an array of records), jsonl
                                  (a record a line) or csv (a row per award). (values:
                                  text, json, jsonl, csv; default: text)
          -o, --output <file>     File to write to (default: standard output). It
                                  appears when all is done; jsonl is written record by
                                  record.

        MODEL:
        \#(HelpText.modelOptions)
          --no-adapter            Use the model as it is; otherwise the default model
                                  comes with its adapter, if that is installed.

        READING:
          --chunk-tokens <n>      Most tokens of an article that the model reads at
                                  once; fewer if its context is smaller (default: as
                                  the adapter was trained, else 7500).
          --chunking <how>        How an article is cut: paragraphs (whole ones, a
                                  heading with what it stands above) or overlapping (at
                                  a number of tokens) (default: as the adapter was
                                  trained, else paragraphs). (values: paragraphs,
                                  overlapping)
          --overlap-tokens <n>    Tokens that neighbouring chunks share; with
                                  paragraphs only those of a paragraph too long for the
                                  model (default: as the adapter was trained, else
                                  1024).
          --chunks <which>        Which chunks the model reads: all, or likely ones,
                                  those that hold a word of funding, support or thanks,
                                  which is several times faster (default: as the
                                  adapter was trained, else all). (values: all, likely)
          --statement-words <which>
                                  Which statements are kept: any, or those that hold a
                                  word of funding, support or thanks or stand under a
                                  heading with one (funding). The record warns of the
                                  others. (values: any, funding; default: funding)
          --statement-tokens <n>  Most tokens written for the statements of a chunk.
                                  (default: 512)
          --funder-tokens <n>     Most tokens written for the funders of an article.
                                  (default: 1024)
          --in-flight <n>         Articles read at once, chunks and funders side by
                                  side: 1 is slower and needs less memory (default: 16,
                                  on a GPU 64).
          --special-tokens-in-text <policy>
                                  What <|eot_id|> and the like mean inside an article:
                                  plain (ordinary text) or parse (special tokens, as in
                                  transformers; an article can then end its own
                                  message). (values: plain, parse; default: plain)
          --no-evidence           Leave out the places of values and the model's raw
                                  output.
          --max-file-size <mib>   Largest input in MiB. (default: 64)

        CONSTRAINT:
          --constrain <mode>      none (the output is free), json (it has the stage's
                                  shape) or verbatim (and what is to be copied is
                                  copied, character by character). (values: none, json,
                                  verbatim; default: verbatim)
          --verbatim <which>      With verbatim, the second stage copies award ids
                                  (ids), also names, schemes and titles (values), or
                                  none. (values: ids, values, none; default: values)
          --statement-edges <places>
                                  Where a copied statement may begin and end: anywhere,
                                  at words, at sentences and lines, or at lines.
                                  (values: anywhere, words, sentences, lines; default:
                                  sentences)
          --fold-lines/--no-fold-lines
                                  Let copies read as if the text had no line breaks in
                                  its paragraphs, nor hyphens at them. (default:
                                  --fold-lines)
          --least-statement-probability <probability>
                                  Leave out copied statements to whose tokens the model
                                  itself gave a smaller probability in the mean: the
                                  constraint wrote them. 0 keeps all. (default: 0.5)
          --least-value-probability <probability>
                                  The same for copied names, award ids, schemes and
                                  titles; a funder without its name goes with its
                                  awards. `patron calibrate` shows what each value
                                  would do. (default: 0.5)
          --calibration <file>    Turn the model's confidence into probabilities by
                                  this file, which `patron calibrate` wrote (default:
                                  as the adapter's patron.json says).

        SAMPLING:
          --temperature <t>       0 takes the most probable token; above 0 tokens are
                                  drawn. (default: 0.0)
          --top-p <p>             Draw from the most probable tokens that reach this
                                  share together. (default: 1.0)
          --top-k <k>             Draw from so many of the most probable tokens; 0:
                                  from all. (default: 0)
          --seed <n>              Seed of the draw; the same seed gives the same result
                                  on the same machine. (default: 0)

        MESSAGES:
        \#(HelpText.messageOptions)

        OPTIONS:
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func merge() {
    #expect(
      HelpText.of(MergeCommand.self) == #"""
        OVERVIEW: Writes a model with its adapters merged as a Hugging Face folder.

        The folder loads in transformers, vLLM and here (--model DIR). From a GGUF
        file, its weights are decoded, and the configuration, tokenizer and chat
        template are written as Hugging Face's files. Tokenizer, chat template and
        generation_config.json of an adapter's folder go before the model's. A weight
        that the type cannot hold is an error. The folder appears under its name only
        when it is complete. What it was made from (base, adapters in order with their
        SHA-256, policy, version) stands in the metadata of each safetensors file.

        Memory: one tensor and the adapters, however large the model.

        USAGE: patron merge --model <model> --adapter <folder> ... --output <folder> [--merge <policy>] [--dtype <type>] [--shard-size <size>] [--chat-template <template>] [--chat-date <date>] [--force] [--quiet] [--verbose]

        OPTIONS:
          -m, --model <model>     The base model: a name that `patron models list`
                                  shows, a Hugging Face folder, or a .gguf file.
          --adapter <folder>      A PEFT adapter folder; repeat it for several, merged
                                  in the order given (SFT first, then DAPO).
          -o, --output <folder>   The folder to write.
          --merge <policy>        peft (round after each adapter, as PEFT does) or fp32
                                  (add all in float32, round once). (values: peft,
                                  fp32; default: peft)
          --dtype <type>          Type of the weights (default: each as the base stores
                                  it; bfloat16 where it is quantised). (values:
                                  float32, bfloat16, float16)
          --shard-size <size>     Largest weight file, such as 5GB or 800MB. (default:
                                  5GB)
        \#(HelpText.chatOptions)
          --force                 Replace the output folder if it exists.
        \#(HelpText.messageOptions)
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func calibrate() {
    #expect(
      HelpText.of(CalibrateCommand.self) == #"""
        OVERVIEW: Fits probabilities to the model's confidence in its values.

        Predictions are the records of `patron extract --format jsonl` or json. Gold
        rows have "statements", "funders" or both, and an "id". They are joined as in
        `patron evaluate`: the id is that of the record, or the name of its file, with
        or without the extension.

        For each kind of value (statement, funder name, award id, scheme, title) the
        command fits the probability that a value is right to the mean probability of
        its tokens (Platt scaling). It shows how far these probabilities are from the
        share of values that are right: the expected calibration error (ECE) and a
        reliability table, raw and calibrated. The calibrated figures are
        cross-validated.

        A last table shows what `patron extract --least-value-probability` would do to
        the scores of the funders. "best" is where the mean of the F0.5 of funders and
        award ids is largest; the cross-validated row judges each document by the best
        one of other documents. The predictions must have been made with
        --least-value-probability 0.

        `patron extract --calibration` uses the file that --output names. With
        --adapter the calibration becomes part of the adapter, and every extraction
        with that adapter uses it.

        USAGE: patron calibrate --predictions <file> --gold <file> [--output <file>] [--adapter <folder>] [--json] [--quiet] [--verbose]

        MESSAGES:
        \#(HelpText.messageOptions)

        OPTIONS:
          -p, --predictions <file>
                                  Records of an extraction.
          -g, --gold <file>       Gold annotations.
          -o, --output <file>     Where to write the calibration.
          --adapter <folder>      Adapter folder that the predictions were made with;
                                  the calibration is put into its patron.json.
          --json                  Print JSON.
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func models() {
    #expect(
      HelpText.of(ModelsCommand.self) == #"""
        OVERVIEW: Lists and checks the models on this machine.

        Models are looked for in the folder that PATRON_MODELS names, in
        share/patron/models beside the installed binary, and in .deps/models of the
        checkout.

        USAGE: patron models <subcommand>

        OPTIONS:
        \#(HelpText.commonOptions)

        SUBCOMMANDS:
          list (default)          Shows the models that can be used, and where they are.
          verify                  Opens models and adapters and checks all that can be
                                  checked without running them.

          See 'patron help models <subcommand>' for detailed help.

        """#)
  }

  @Test func modelsList() {
    #expect(
      HelpText.of(ModelsCommand.List.self) == #"""
        OVERVIEW: Shows the models that can be used, and where they are.

        USAGE: patron models list

        OPTIONS:
        \#(HelpText.commonOptions)


        """#)
  }

  @Test func modelsVerify() {
    #expect(
      HelpText.of(ModelsCommand.Verify.self) == #"""
        OVERVIEW: Opens models and adapters and checks all that can be checked without
        running them.

        Checked are the headers, that every tensor is there with its shape, the
        tokenizer and the chat template, and for models known by name the SHA-256 of
        the file. One line per model; the exit status is 1 if one fails.

        USAGE: patron models verify [<models> ...]

        ARGUMENTS:
          <models>                Names, model folders, .gguf files or adapter folders
                                  (default: all that `patron models list` shows).

        OPTIONS:
        \#(HelpText.commonOptions)


        """#)
  }
}
