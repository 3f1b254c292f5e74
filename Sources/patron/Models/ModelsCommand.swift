import ArgumentParser
import Files
import Foundation
import Llama
import ModelFiles
import PatronKit
import Runs
import Text
import Tokenizer

/// `patron models`: what models are there.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists and checks the models on this machine.",
    discussion: """
      Models are looked for in the folder that PATRON_MODELS names, in share/patron/models beside the installed binary, \
      and in .deps/models of the checkout.
      """,
    subcommands: [List.self, Verify.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the models that can be used, and where they are.")

    func run() throws {
      let models = ModelCatalog.models()
      let header = ["NAME", "SIZE", "FORMAT", "DTYPE", "CONTEXT", "WHERE"]
      var rows = models.map { model -> [String] in
        guard let url = model.url else {
          return [model.name, "-", "-", "-", "-", "not here: \(ModelCatalog.howToGet)"]
        }
        do {
          let summary = try ModelSummary(ModelLocation(url))
          return [
            model.name, NumberText.fileSize(summary.byteCount), summary.format, summary.encoding,
            String(summary.contextLength), url.path,
          ]
        } catch {
          return [model.name, "-", "-", "-", "-", "unusable: \(ErrorMessage.text(of: error))"]
        }
      }
      rows.insert(header, at: 0)
      let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
      let lines = rows.map { row in
        zip(row, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
          .joined(separator: "  ")
      }
      for line in lines {
        try OutputFile().write(Console.printable(String(line.reversed().drop { $0 == " " }.reversed())) + "\n")
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Opens models and adapters and checks all that can be checked without running them.",
      discussion: """
        Checked are the headers, that every tensor is there with its shape, the tokenizer and the chat template, and for \
        models known by name the SHA-256 of the file. One line per model; the exit status is 1 if one fails.
        """)

    @Argument(
      help: "Names, model folders, .gguf files or adapter folders (default: all that `patron models list` shows).",
      completion: .file())
    var models: [String] = []

    func run() throws {
      let found = ModelCatalog.models().filter { $0.url != nil }.map(\.name)
      if models.isEmpty, found.isEmpty { throw FileError(.notFound, "no model is here: \(ModelCatalog.howToGet)") }
      let output = OutputFile()
      var isSound = true
      for model in models.isEmpty ? found : models {
        do {
          try output.write(Console.printable("\(model): ok, \(try Self.verify(model))") + "\n")
        } catch let error as OutputError {
          throw error
        } catch {
          isSound = false
          try output.write(Console.printable("\(model): FAILED: \(ErrorMessage.text(of: error))") + "\n")
        }
      }
      if !isSound { throw ExitStatus.someFailed }
    }

    /// - Returns: what was found, in words.
    static func verify(_ model: String) throws -> String {
      let url = try ModelCatalog.url(of: model)
      if FileManager.default.fileExists(atPath: url.appendingPathComponent("adapter_config.json").path) {
        let adapter = try AdapterFolder(url)
        let card = try AdapterCard(folder: url)
        return "an adapter of \(adapter.modules.count) layers for "
          + (card?.baseModel.name ?? adapter.configuration.baseModel ?? "an unnamed model")
          + (card.map {
            ", \($0.readsLikelyChunks ? "likely " : "")chunks of \($0.chunkTokens) tokens, overlap \($0.overlapTokens)"
          } ?? "")
          + (try adapter.chat.jinja().map { jinja in
            ", chat template \(try ChatTemplate(jinja: jinja, tokens: adapter.chat.specialTokens))"
          } ?? "")
          + ", SHA-256 \(try adapter.hash())"
      }
      let location = try ModelLocation(url)
      let summary = try ModelSummary(location)
      let chat = try ModelChat(location).open()
      let tokenizer = chat.tokenizer
      guard tokenizer.vocabularySize <= summary.vocabularySize else {
        throw FileError(
          .mismatch,
          "found a tokenizer of \(tokenizer.vocabularySize) tokens for a model of \(summary.vocabularySize)")
      }
      var text =
        "\(summary.format), \(summary.encoding), \(summary.tensorCount) tensors, \(summary.parameterCount) parameters, "
        + "\(tokenizer.vocabularySize) tokens, chat template \(chat.template)"
      if let entry = ModelCatalog.entries.first(where: { $0.name == model }) {
        let sum = try FileHash.sha256(of: url)
        guard sum == entry.sha256 else {
          throw FileError(
            .mismatch,
            "\(url.path): found SHA-256 \(sum), expected \(entry.sha256): the file is damaged or another one; delete it "
              + "and run `make setup`")
        }
        text += ", SHA-256 as published"
      }
      return ([text] + summary.warnings).joined(separator: "; ")
    }
  }
}
