import Generation
import Llama
import ModelFiles
import TensorTestSupport
import TestSupport
import Testing
import Torch
import TrainingData

@testable import Training

@Suite struct SharedPrefixTests {
  /// A row of which all but the first tokens are asked for.
  private func row(_ tokens: [Int], from first: Int) -> TokenBatch.Row {
    TokenBatch.Row(
      TrainingExample(id: "", task: nil, tokens: tokens, isSupervised: tokens.indices.map { $0 >= first }))
  }

  private func groups(_ rows: [TokenBatch.Row]) -> [TokenBatch.SharedPrefix] {
    TokenBatch.SharedPrefix.groups(of: rows)
  }

  @Test func rowsThatBeginAlikeAreGrouped() {
    let one = Array(0..<50)
    let other = Array(100..<150)
    let rows = [
      row(one + [1, 2, 3], from: 51), row(other + [1, 2], from: 51), row(one + [7, 7, 7, 7], from: 52),
      row(Array(one.prefix(30)) + [9, 9, 9], from: 31), row([5, 5, 5], from: 2), row(other + [1, 2], from: 51),
      row([5, 5, 5], from: 3),
    ]
    #expect(
      groups(rows) == [
        .init(rows: [0, 2, 3], length: 30), .init(rows: [1, 5], length: 50), .init(rows: [4], length: 0),
      ])
  }

  /// A long beginning of many rows is not given up for a short one of all.
  @Test func rowsJoinWhereTokensAreSaved() {
    let instructions = Array(0..<20)
    let (one, other) = (instructions + Array(100..<180), instructions + Array(200..<280))
    let rows = [one, one, other, other, one, instructions + [7, 8, 9]].map { row($0 + [1, 2, 3], from: $0.count + 1) }
    #expect(
      groups(rows) == [
        .init(rows: [0, 1, 4], length: 100), .init(rows: [2, 3], length: 100), .init(rows: [5], length: 0),
      ])
  }

  /// The last token of a prompt predicts the first of the answer and belongs to its row, even where all is the same.
  @Test func noPredictorIsShared() {
    let same = row(Array(0..<40), from: 20)
    #expect(groups([same, same]) == [.init(rows: [0, 1], length: 19)])
    var layout = TokenBatch.Layout(rowCount: 2)
    layout.add(groups([same, same])[0], [same, same])
    #expect(layout.tokens == Array(0..<19) + Array(19..<39) + Array(19..<39))
    #expect(layout.positions == layout.tokens)
    #expect(layout.segments == .init(bounds: [0, 19, 39, 59], prefixes: [-1, 0, 0]))
    #expect(layout.offsets.map { $0 + same.predictors[0] } == [19, 39])
  }
}

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct SharedPrefixTrainingTests {
  /// Losses and gradients are those of the rows one by one, with two groups and a row beside them.
  @Test(arguments: [false, true])
  func sharingChangesNothing(_ checkpointing: Bool) throws {
    let base = try Golden.tinyLlama("untied")
    let adapter = try LoRAAdapter(settings: LoRASettings(rank: 4, alpha: 8, dropout: 0), model: base, seed: 3)
    try adapter.values.copy(from: adapter.values + 0.02)
    try adapter.valuesChanged()
    let model = try TrainableLlama(base: base, adapter: adapter, checkpointing: checkpointing)
    func example(_ id: Int, beginning: Int, _ length: Int) -> TrainingExample {
      let tokens = (0..<length).map { ($0 < 60 ? $0 * beginning : $0 * (id + 3)) % 200 }
      return TrainingExample(
        id: "\(id)", task: nil, tokens: tokens, isSupervised: (0..<length).map { $0 > 65 + id || $0 == 63 })
    }
    let rows = [
      example(0, beginning: 7, 80), example(1, beginning: 11, 170), example(2, beginning: 7, 90),
      example(3, beginning: 13, 75), example(4, beginning: 11, 100),
    ]
    let batch = try TokenBatch(rows, model: base)
    #expect(batch.tokenCount < rows.reduce(0) { $0 + $1.tokens.count } - 2 * 59)
    let losses = try model.accumulateGradients(batch, scale: 0.01, dropoutSeed: nil)
    let together = try adapter.gradients.clone()

    try adapter.clearGradients()
    let single = try rows.flatMap {
      try model.accumulateGradients(TokenBatch([$0], model: base), scale: 0.01, dropoutSeed: nil)
    }
    #expect(losses.count == single.count && batch.targetCounts.reduce(0, +) == single.count)
    #expect(zip(losses, single).allSatisfy { abs($0 - $1) < 1e-4 })
    let distance: Double = try (together - adapter.gradients).norm().item() / adapter.gradients.norm().item()
    #expect(distance < 1e-5)
  }
}
