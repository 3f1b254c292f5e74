import Foundation
import Generation
import JSON
import ModelFiles
import Testing
import Torch

@testable import Llama

/// The reference values that stand beside the project, not in it.
enum Golden {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let vectors: URL = {
    if let shared = ProcessInfo.processInfo.environment["PATRON_SHARED"] {
      return URL(fileURLWithPath: shared).appendingPathComponent("vectors")
    }
    return root.deletingLastPathComponent().appendingPathComponent("shared/vectors")
  }()

  static let areHere = FileManager.default.fileExists(atPath: vectors.path)
  static let absence: Comment = "skipped: ../shared/vectors is not here (or set PATRON_SHARED)"

  static let defaultModel = root.appendingPathComponent(".deps/models/SmolLM2-135M-Instruct.Q4_1.gguf")
  static let hasDefaultModel = areHere && FileManager.default.fileExists(atPath: defaultModel.path)
  static let defaultModelAbsence: Comment = "skipped: ../shared/vectors or the default model (`make`) is not here"

  static func json(_ path: String) throws -> JSON {
    try JSON.parse([UInt8](Data(contentsOf: vectors.appendingPathComponent(path))))
  }

  static func lines(_ path: String) throws -> [JSON] {
    try Data(contentsOf: vectors.appendingPathComponent(path)).split(separator: UInt8(ascii: "\n")).map {
      try JSON.parse([UInt8]($0))
    }
  }

  static func tensors(_ path: String) throws -> [String: Tensor] {
    try SafetensorsFile(vectors.appendingPathComponent(path)).tensors.mapValues { try Tensor($0) }
  }

  static func adapter(_ name: String) throws -> AdapterFolder {
    try AdapterFolder(vectors.appendingPathComponent("peft/\(name)"))
  }

  static func tinyLlama(_ name: String, _ options: LoadOptions = LoadOptions(dtype: .float32)) throws -> LlamaModel {
    try load(vectors.appendingPathComponent("tiny_llama/\(name)"), options)
  }

  static func load(_ url: URL, _ options: LoadOptions) throws -> LlamaModel {
    let (configuration, checkpoint) = try ModelLocation(url).open()
    return try LlamaModel.load(checkpoint, configuration: configuration, options: options)
  }
}

extension JSON {
  var integers: [Int] { (array ?? []).compactMap(\.int) }
  var floats: [Float] { (array ?? []).compactMap { $0.double.map { Float($0) } } }
  /// A member that the file is known to have.
  func at(_ key: String) throws -> JSON { try #require(self[key]) }
}

/// Largest distance between two tensors; infinite where shapes differ or a value is not a number.
func distance(_ a: Tensor, _ b: Tensor) throws -> Float {
  guard a.shape == b.shape else { return .infinity }
  return zip(try a.floats(), try b.floats()).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
}

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
      abs(one.logProbability - other.logProbability),
      abs(one.constrainedLogProbability - other.constrainedLogProbability))
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

/// Logits of every position of a prompt.
func allLogits(_ model: LlamaModel, _ prompt: [Int]) throws -> Tensor {
  try withoutGradients {
    try model.logits(model.forward([(prompt, model.makeCache(capacity: prompt.count))]))
  }
}
