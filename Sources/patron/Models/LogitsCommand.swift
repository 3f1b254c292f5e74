import ArgumentParser
import Foundation
import Generation
import JSON
import Llama
import ModelFiles
import Torch

/// `patron logits`: what a model computes for given token ids, so that other programs can compare. Not listed in the
/// help.
struct LogitsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits",
    abstract: "Writes the logits of token ids into a safetensors file.",
    discussion: """
      Standard input: one JSON list of token ids a line. The file holds the tensors 0, 1, ..., one a line: float32, \
      tokens by vocabulary. With --new-tokens, standard output gets what the model writes after each line's tokens: a \
      list of at most so many ids a line, each the most probable one, up to one that ends an answer.
      """,
    shouldDisplay: false)

  @OptionGroup var modelOptions: ModelOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
  var output: String

  @Option(name: .long, help: ArgumentHelp("Most tokens to write after each line's.", valueName: "n"))
  var newTokens = 0

  func run() async throws {
    let generator = try modelOptions.open()
    var prompts: [[Int]] = []
    while let line = readLine() {
      guard let ids = try JSON.parse(Array(line.utf8)).array?.compactMap(\.int), !ids.isEmpty else {
        throw ValidationError("found \(line.prefix(60)), expected a list of token ids")
      }
      prompts.append(ids)
    }
    let (path, rows) = (output, prompts)
    try await generator.onWorker { generator in
      let model = generator.model
      let writer = try SafetensorsWriter(
        URL(fileURLWithPath: path),
        tensors: rows.enumerated().map { index, ids in
          TensorDescription(
            name: String(index), dtype: .float32, shape: [ids.count, model.configuration.vocabularySize])
        })
      for ids in rows {
        let hidden = try model.forward([(ids, model.makeCache(capacity: ids.count))])
        let logits = try model.logits(hidden).to(.float32, device: .cpu).contiguous()
        try logits.withUnsafeBytes { try writer.write($0) }
      }
      try writer.finish()
    }
    guard newTokens > 0 else { return }
    for ids in rows {
      let request = CompletionRequest(prompt: .tokens(ids), maximumNewTokens: newTokens)
      let completion = try await generator.complete([request], onProgress: nil)[0]
      print(JSON.array(completion.tokens.map { .number($0.id) }).text())
    }
  }
}
