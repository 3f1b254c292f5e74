import Llama
import ModelFiles
import Torch

/// Rows of tokens as the model trains on them: one after the other in one matrix, without padding, each row seeing only
/// itself.
public struct TokenBatch: Sendable {
  /// The rows' tokens, [T] int64.
  let tokens: Tensor
  /// Row i is tokens bounds[i] ..< bounds[i + 1].
  let bounds: [Int]
  /// Rotary tables of each token's place in its row, [T, D/2] float32.
  let cosine: Tensor
  let sine: Tensor
  /// Places of the tokens whose successor the loss asks for, [n] int64.
  let predictors: Tensor
  /// Those successors, [n] int64.
  let targets: Tensor
  /// How many of the `n` losses belong to each row, in order.
  let targetCounts: [Int]

  /// Tokens that go through the model.
  public var tokenCount: Int { bounds.last ?? 0 }
  /// Tokens that the loss asks for.
  public var supervisedCount: Int { targetCounts.reduce(0, +) }

  /// - Throws: `TrainingError` for token ids outside the vocabulary, rows longer than the model's context, and when no
  ///   token of any row is supervised.
  public init(_ examples: [TrainingExample], model: LlamaModel) throws {
    let configuration = model.configuration
    var tokens: [Int64] = []
    var positions: [Int64] = []
    var predictors: [Int64] = []
    var targets: [Int64] = []
    var bounds = [0]
    var counts: [Int] = []
    for example in examples {
      guard example.tokens.count <= configuration.contextLength else {
        throw TrainingError(
          .data,
          "row \(example.id): found \(example.tokens.count) tokens, expected at most the model's context of "
            + "\(configuration.contextLength)")
      }
      if let wrong = example.tokens.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
        throw TrainingError(
          .data,
          "row \(example.id): found token \(wrong), expected ids below the vocabulary of "
            + "\(configuration.vocabularySize); was the row made with this model's tokenizer?")
      }
      // The last supervised token is only asked for; it and what follows need no computing.
      let end = example.isSupervised.lastIndex(of: true) ?? 0
      var count = 0
      for place in 0..<max(end, 0) where example.isSupervised[place + 1] {
        predictors.append(Int64(tokens.count + place))
        targets.append(Int64(example.tokens[place + 1]))
        count += 1
      }
      counts.append(count)
      guard count > 0 else { continue }
      tokens += example.tokens[..<end].map(Int64.init)
      positions += (0..<end).map(Int64.init)
      bounds.append(tokens.count)
    }
    guard !targets.isEmpty else {
      throw TrainingError(.data, "found \(examples.count) rows without any supervised token, expected at least one")
    }
    let tables = try model.rotary.tables(forPositions: Int(positions.max() ?? 0) + 1)
    let places = try Tensor(positions).to(device: model.device)
    self.tokens = try Tensor(tokens)
    self.bounds = bounds
    cosine = try tables.cosine.selecting(places)
    sine = try tables.sine.selecting(places)
    self.predictors = try Tensor(predictors).to(device: model.device)
    self.targets = try Tensor(targets).to(device: model.device)
    targetCounts = counts
  }
}
