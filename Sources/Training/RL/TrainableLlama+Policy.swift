import Llama
import Torch

extension TrainableLlama {
  /// Log-probabilities of the responses' tokens at a temperature, row by row.
  ///
  /// - Parameter isAdapted: false: those of the base model, which is the reference; its weights are the same ones.
  public func logProbabilities(
    _ batch: PolicyBatch, isAdapted: Bool = true, objective: PolicyObjective
  ) throws -> [[Float]] {
    let x = try infer(batch.tokens, isAdapted: isAdapted)
    var found: [Float] = []
    _ = try throughHead(x, batch.tokens, wantsGradient: false) { logits, rows in
      let figures = try logits.policyFigures(targets: batch.tokens.targets[rows], bounds: objective.bounds)
      found += try figures.selected(0, dimension: 1).floats()
    }
    return batch.byRow(found)
  }

  /// Adds the gradient of these rows' terms of the objective to the adapter's gradients.
  ///
  /// - Parameters:
  ///   - reference: ``logProbabilities(_:isAdapted:objective:)`` of the reference; nil only where the divergence has no
  ///     weight.
  ///   - old: the same of the policy before the update's batch; nil where this is the batch's first update: they are
  ///     then the policy's own, and all ratios are 1.
  ///   - counts: of the whole update.
  public func accumulatePolicyGradients(
    _ batch: PolicyBatch, reference: [[Float]]?, old: [[Float]]? = nil, objective: PolicyObjective,
    counts: PolicyCounts
  ) throws -> PolicyPass {
    guard reference != nil || objective.klWeight == 0 else {
      throw TrainingError(.setting, "found a KL weight of \(objective.klWeight) and no reference")
    }
    let own = PolicyRow.counts(of: batch.rows)
    guard own.tokens <= counts.tokens, own.rows <= counts.rows else {
      throw TrainingError(
        .setting,
        "found \(own.tokens) tokens in \(own.rows) rows of an update of \(counts.tokens) in \(counts.rows), expected "
          + "counts of the whole update")
    }
    let reference = try reference.map { try column($0, of: batch) }
    let old = try old.map { try column($0, of: batch) }
    let weights = batch.rows.map { objective.weights(of: $0, counts: counts) }
    let matrix = try Tensor(
      zip(batch.rows, weights).flatMap { row, weights in row.response.flatMap { _ in weights.floats } }
    )
    .reshaped([-1, 4]).to(device: base.device)

    let (x, tape) = try forward(batch.tokens, dropoutSeed: nil)
    var figures: [PolicyFigures] = []
    let gradient = try throughHead(x, batch.tokens, wantsGradient: true) { logits, rows in
      figures += PolicyFigures.rows(
        try logits.replaceByPolicyGradient(
          targets: batch.tokens.targets[rows], old: old.map { try $0[rows] }, reference: reference.map { try $0[rows] },
          weights: matrix[rows], bounds: objective.bounds
        ).floats())
    }
    if let gradient { try backward(gradient, tape) }
    return PolicyPass(batch, weights: weights, figures: batch.byRow(figures), objective: objective)
  }

  private func column(_ values: [[Float]], of batch: PolicyBatch) throws -> Tensor {
    guard values.map(\.count) == batch.rows.map(\.response.count) else {
      throw TrainingError(
        .data,
        "found log-probabilities of \(values.reduce(0) { $0 + $1.count }) tokens, expected those of the rows' own "
          + "\(batch.tokens.supervisedCount)")
    }
    return try Tensor(values.flatMap(\.self)).to(device: base.device)
  }
}

/// What a pass over some rows found.
public struct PolicyPass: Sendable {
  public var sums: PolicySums
  /// At the objective's temperature, of the responses' tokens, row by row.
  public var logProbabilities: [[Float]]

  init(
    _ batch: PolicyBatch, weights: [PolicyWeights], figures: [[PolicyFigures]], objective: PolicyObjective
  ) {
    logProbabilities = figures.map { $0.map(\.logProbability) }
    sums = PolicySums()
    for (row, (weights, figures)) in zip(batch.rows, zip(weights, figures)) {
      sums.add(row, weights, figures, objective)
    }
  }
}
