import Torch

@testable import Llama

/// Reads a prompt and continues it greedily, by the plainest loop.
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

/// Logits of every position of a prompt.
func allLogits(_ model: LlamaModel, _ prompt: [Int]) throws -> Tensor {
  try withoutGradients {
    try model.logits(model.forward([(prompt, model.makeCache(capacity: prompt.count))]))
  }
}
