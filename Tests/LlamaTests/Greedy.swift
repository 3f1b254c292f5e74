import Generation
import Testing
import Torch

@testable import Llama

/// Reads a prompt and continues it greedily, by the plainest loop. The reference's tokens can be asked for exactly:
/// between its best two lie 3e-3 at least, and logits agree to 1e-3.
func greedy(
  _ model: LlamaModel, _ prompt: [Int], _ count: Int, stop: Set<Int> = []
) throws -> (tokens: [Int], logProbabilities: [Float]) {
  try withoutGradients {
    let cache = try model.makeCache(capacity: 1)
    var next = prompt
    var tokens: [Int] = []
    var logProbabilities: [Float] = []
    while tokens.count < count {
      let hidden = try model.forward([(next, cache)])
      let row = try model.logits(hidden.sliced(next.count - 1..<next.count)).to(.float32).logSoftmax()[0]
      let token = Int(try row.argmax().item())
      tokens.append(token)
      logProbabilities.append(Float(try row.selected(token).item()))
      if stop.contains(token) { break }
      next = [token]
    }
    return (tokens, logProbabilities)
  }
}

/// Greedy completions of one prompt that were computed in different ways are the same text, up to a step where two
/// tokens are as good as each other: there rounding decides, and what follows is another text.
func expectSameGreedyText(
  _ a: Completion, _ b: Completion, tolerance: Float = 1e-2, sourceLocation: SourceLocation = #_sourceLocation
) {
  for (index, (one, other)) in zip(a.tokens, b.tokens).enumerated() {
    let distance = max(
      distance(one.logProbability, other.logProbability),
      distance(one.constrainedLogProbability, other.constrainedLogProbability))
    #expect(distance < tolerance, "token \(index): \(one) and \(other)", sourceLocation: sourceLocation)
    // The most probable token of each: as probable as that of the other, or it is a mistake.
    if one.id != other.id {
      #expect(distance < 1e-3, "token \(index): \(one) and \(other)", sourceLocation: sourceLocation)
      return
    }
  }
  #expect(a.text == b.text && a.tokens.count == b.tokens.count, sourceLocation: sourceLocation)
  #expect(a.finishReason == b.finishReason && a.closedAtLimit == b.closedAtLimit, sourceLocation: sourceLocation)
}

/// Infinite where one of the two is not known or not a number.
func distance(_ a: Float?, _ b: Float?) -> Float {
  guard let a, let b, !(a - b).isNaN else { return .infinity }
  return abs(a - b)
}

/// Logits of every position of a prompt.
func allLogits(_ model: LlamaModel, _ prompt: [Int]) throws -> Tensor {
  try withoutGradients {
    try model.logits(model.forward([(prompt, model.makeCache(capacity: prompt.count))]))
  }
}
