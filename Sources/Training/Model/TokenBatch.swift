import Llama
import ModelFiles
import Torch
import TrainingData

/// Rows of tokens as the model trains on them: one after the other in one matrix, without padding, each row seeing only
/// itself. What several rows begin with, such as the instructions of a task, stands and is computed once.
public struct TokenBatch: Sendable {
  /// The tokens, [T] int64.
  let tokens: Tensor
  /// Beginnings that rows share, and the rows or what is left of them.
  let segments: PackedAttention.Segments
  /// Rotary tables of each token's place in its row, [T, D/2] float32.
  let cosine: Tensor
  let sine: Tensor
  /// Places of the tokens whose successor the loss asks for, [n] int64, row by row.
  let predictors: Tensor
  /// Those successors, [n] int64.
  let targets: Tensor
  /// How many of the `n` losses belong to each row, in order.
  let targetCounts: [Int]

  /// Tokens that go through the model.
  public var tokenCount: Int { segments.bounds.last ?? 0 }
  /// Tokens that the loss asks for.
  public var supervisedCount: Int { targetCounts.reduce(0, +) }

  /// - Parameter sharesPrefixes: false: each row stands whole.
  /// - Throws: `TrainingError` for token ids outside the vocabulary, rows longer than the model's context, and when no
  ///   token of any row is supervised.
  public init(_ examples: [TrainingExample], model: LlamaModel, sharesPrefixes: Bool = true) throws {
    let configuration = model.configuration
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
    }
    let rows = examples.map(Row.init)
    targetCounts = rows.map(\.predictors.count)
    guard rows.contains(where: { !$0.predictors.isEmpty }) else {
      throw TrainingError(.data, "found \(examples.count) rows without any supervised token, expected at least one")
    }

    var layout = Layout(rowCount: rows.count)
    let groups =
      sharesPrefixes
      ? SharedPrefix.groups(of: rows)
      : rows.indices.filter { !rows[$0].predictors.isEmpty }.map { SharedPrefix(rows: [$0], length: 0) }
    for group in groups { layout.add(group, rows) }
    let places = try Tensor(layout.positions.map(Int64.init)).to(device: model.device)
    let tables = try model.rotary.tables(forPositions: (layout.positions.max() ?? 0) + 1)
    tokens = try Tensor(layout.tokens.map(Int64.init))
    segments = layout.segments
    cosine = try tables.cosine.selecting(places)
    sine = try tables.sine.selecting(places)
    let predictors = zip(rows, layout.offsets).flatMap { row, offset in row.predictors.map { Int64($0 + offset) } }
    self.predictors = try Tensor(predictors).to(device: model.device)
    targets = try Tensor(rows.flatMap { $0.targets.map(Int64.init) }).to(device: model.device)
  }
}

extension TokenBatch {
  /// What the model computes of an example.
  struct Row {
    /// Without the last supervised one, which is only asked for, and what follows it.
    let tokens: ArraySlice<Int>
    /// Places in the row of the tokens whose successor the loss asks for.
    let predictors: [Int]
    let targets: [Int]

    init(_ example: TrainingExample) {
      let end = example.isSupervised.lastIndex(of: true) ?? 0
      let places = (0..<end).filter { example.isSupervised[$0 + 1] }
      predictors = places
      targets = places.map { example.tokens[$0 + 1] }
      tokens = places.isEmpty ? [] : example.tokens[..<end]
    }
  }

  /// Rows that begin alike.
  struct SharedPrefix: Equatable {
    var rows: [Int]
    /// Tokens that stand once for all rows; 0 for a row of its own.
    var length: Int

    /// Shorter ones are not worth a segment of their own.
    static let minimumLength = 16

    /// Puts each row to the group where most tokens are saved by it: what it shares, less what the group's other rows
    /// share then no more. No predictor is part of what is shared, and each row keeps a token of its own.
    static func groups(of rows: [Row]) -> [SharedPrefix] {
      var groups: [SharedPrefix] = []
      for (index, row) in rows.enumerated() {
        guard let first = row.predictors.first else { continue }
        var best: (group: Int, length: Int, gain: Int)?
        for (number, group) in groups.enumerated() {
          let length = min(group.length, common(rows[group.rows[0]], row))
          let gain = length * group.rows.count - group.length * (group.rows.count - 1)
          if length >= minimumLength, gain > best?.gain ?? 0 { best = (number, length, gain) }
        }
        if let best {
          groups[best.group].rows.append(index)
          groups[best.group].length = best.length
        } else {
          groups.append(SharedPrefix(rows: [index], length: first))
        }
      }
      return groups.map { $0.rows.count > 1 ? $0 : SharedPrefix(rows: $0.rows, length: 0) }
    }

    private static func common(_ left: Row, _ right: Row) -> Int {
      let limit = min(left.predictors.first ?? 0, right.predictors.first ?? 0)
      return zip(left.tokens.prefix(limit), right.tokens.prefix(limit)).prefix { $0 == $1 }.count
    }
  }

  /// The rows of the matrix.
  struct Layout {
    var tokens: [Int] = []
    /// Of each token in its row.
    var positions: [Int] = []
    var segments = PackedAttention.Segments(bounds: [0])
    /// For each row what is added to a place in it, behind the shared beginning, to have its place in the matrix.
    var offsets: [Int]

    init(rowCount: Int) { offsets = Array(repeating: 0, count: rowCount) }

    mutating func add(_ group: SharedPrefix, _ rows: [Row]) {
      var prefix = -1
      if group.length > 0 {
        prefix = segments.prefixes.count
        addSegment(rows[group.rows[0]].tokens.prefix(group.length), from: 0, continuing: -1)
      }
      for row in group.rows {
        offsets[row] = tokens.count - group.length
        addSegment(rows[row].tokens.dropFirst(group.length), from: group.length, continuing: prefix)
      }
    }

    private mutating func addSegment(_ part: ArraySlice<Int>, from position: Int, continuing prefix: Int) {
      tokens += part
      positions += position..<position + part.count
      segments.bounds.append(tokens.count)
      segments.prefixes.append(prefix)
    }
  }
}
