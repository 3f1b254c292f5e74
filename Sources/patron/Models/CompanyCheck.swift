import Foundation
import Llama
import ModelFiles
import Text
import Torch

/// Whether a row gets the same logits in the company of others as alone.
///
/// 64 sequences of different lengths are read in one step; in a second one some write a token and others read on. Then
/// each goes through the model by itself.
struct CompanyCheck: Sendable {
  static let sequenceCount = 64

  private(set) var rows = 0
  /// Rows of which some logit has other bits.
  private(set) var differingRows = 0
  /// Of two log-probabilities of the same token, in nats.
  private(set) var largestDifference = 0.0

  /// Whether rows must be equal in bits: where Patron's own loops do the work, in a type that they compute in.
  static func mustBeExact(_ model: LlamaModel) throws -> Bool {
    let paths = try ProcessorPaths.current()
    return model.device == .cpu && [.float32, .bfloat16].contains(model.dtype) && paths.rowKernels == .own
  }

  init(_ model: LlamaModel) throws {
    let sequences = Self.sequences(vocabularySize: model.configuration.vocabularySize)
    let together = try Self.lastLogits(model, sequences)
    for (index, sequence) in sequences.enumerated() {
      let alone = try Self.lastLogits(model, [sequence])
      for (steps, others) in zip(alone, together) { try compare(steps[0], others[index]) }
    }
  }

  /// Tokens of the two steps.
  private static func sequences(vocabularySize: Int) -> [[[Int]]] {
    var random = SplitMix64(state: 64)
    return (0..<sequenceCount).map { index in
      // 1 to 64 tokens, few of them many; then one token, or up to 32.
      let lengths = [
        Int(exp(log(65) * random.nextUniform())), index % 2 == 0 ? 1 : 1 + random.next(below: 32),
      ]
      return lengths.map { (0..<max($0, 1)).map { _ in random.next(below: vocabularySize) } }
    }
  }

  /// The logits of each sequence's last token in each step, float32 on the CPU: [steps][sequences], each [V].
  private static func lastLogits(_ model: LlamaModel, _ sequences: [[[Int]]]) throws -> [[Tensor]] {
    let caches = try model.makeCaches(capacities: sequences.map { $0.reduce(0) { $0 + $1.count } })
    return try (0..<2).map { step in
      let hidden = try model.forward(zip(sequences, caches).map { ($0[step], $1) })
      var end = 0
      let last = try Tensor.concatenate(
        sequences.map { sequence in
          end += sequence[step].count
          return try hidden.sliced(end - 1..<end)
        })
      let logits = try model.logits(last).to(.float32).to(device: .cpu)  // [sequences, V]
      return try (0..<sequences.count).map { try logits[$0] }
    }
  }

  private mutating func compare(_ a: Tensor, _ b: Tensor) throws {
    rows += 1
    let isEqual = try zip(a.floats(), b.floats()).allSatisfy { $0.bitPattern == $1.bitPattern }
    if isEqual { return }
    differingRows += 1
    for (p, q) in try zip(a.logSoftmax().floats(), b.logSoftmax().floats()) {
      let difference = Double(abs(p - q))
      largestDifference = max(largestDifference, difference.isNaN ? .infinity : difference)
    }
  }
}
