import Foundation
import JSON
import TensorTestSupport
import TestSupport
import Testing
import Torch

@testable import Training

/// The objective on tokens and on logits, against SkyRL, verl and TRL.
@Suite(.needsGoldenVectors)
struct PolicyVectorTests {
  /// Rows of a padded matrix without what its mask leaves out. `places` are the tokens' numbers in the matrix.
  struct Masked {
    var rows: [PolicyRow] = []
    var places: [Int] = []
    var counts: PolicyCounts

    init(mask: [[Float]], advantages: [[Float]]) {
      counts = PolicyCounts(tokens: 0, rows: mask.count)
      for (index, (mask, advantages)) in zip(mask, advantages).enumerated() {
        let kept = mask.indices.filter { mask[$0] != 0 }
        guard let first = kept.first else { continue }
        #expect(kept.allSatisfy { advantages[$0] == advantages[first] })
        rows.append(
          PolicyRow(
            id: "\(index)", prompt: [0], response: kept.map { _ in 1 }, advantages: [advantages[first]]))
        places += kept.map { index * mask.count + $0 }
        counts.tokens += kept.count
      }
    }

    /// Of a padded matrix.
    func values(_ matrix: [[Float]]) -> [Float] {
      let flat = matrix.flatMap(\.self)
      return places.map { flat[$0] }
    }

    func weights(_ objective: PolicyObjective) throws -> Tensor {
      let all = rows.flatMap { row in
        row.response.flatMap { _ in objective.weights(of: row, counts: counts).floats }
      }
      return try Tensor(all, shape: [places.count, 4])
    }

    func sums(_ figures: [PolicyFigures], _ objective: PolicyObjective) -> PolicySums {
      var sums = PolicySums()
      var start = 0
      for row in rows {
        let part = Array(figures[start..<start + row.response.count])
        sums.add(row, objective.weights(of: row, counts: counts), part, objective)
        start += part.count
      }
      return sums
    }
  }

  static func matrix(_ json: JSON) -> [[Float]] { (json.array ?? []).map(\.floats) }

  static func isClose(_ found: Double, _ wanted: Double, _ relative: Double = 1e-5) -> Bool {
    abs(found - wanted) <= relative * max(1, abs(wanted))
  }

  func metric(_ sums: PolicySums, _ name: String, _ counts: PolicyCounts) throws -> Double {
    try #require(sums.metrics(counts).first { $0.name == name }?.value)
  }

  /// Log-probabilities are given; logits of two tokens have them, moved by what makes them negative: only differences
  /// matter.
  @Test(arguments: PolicyObjective.Clipping.allCases)
  func policyLoss(_ clipping: PolicyObjective.Clipping) throws {
    var differences = Differences()
    let rows = try Golden.rows("dapo/policy_loss.jsonl")
    for (number, row) in rows.enumerated() {
      func matrix(_ key: String) throws -> [[Float]] { Self.matrix(try row.at(key)) }
      let masked = try Masked(mask: matrix("mask"), advantages: matrix("advantages"))
      guard masked.counts.tokens > 0 else { continue }  // no token, no loss
      guard let verl = row["verl"], let skyrl = row["skyrl"] else { continue }
      var objective = PolicyObjective()
      objective.temperature = 1
      objective.clipping = clipping
      objective.clipLow = try row.at("params").number("eps_clip_low")
      objective.clipHigh = try row.at("params").number("eps_clip_high")
      objective.klWeight = try row.at("params").number("kl_loss_coef")
      objective.entropyWeight = try row.at("params").number("entropy_loss_coef")
      let new = masked.values(try matrix("new")).map(Double.init)
      let old = masked.values(try matrix("old")).map(Double.init)
      let reference = masked.values(try matrix("ref")).map(Double.init)
      let entropy = masked.values(try matrix("entropy")).map(Double.init)
      let chosen = -0.5
      func moved(_ values: [Double]) throws -> Tensor {
        try Tensor(zip(values, new).map { Float(chosen + ($0 - $1)) })
      }
      let logits = try Tensor(
        new.flatMap { _ in [Float(chosen), Float(log(1 - exp(chosen)))] }, shape: [new.count, 2])
      let tokens = try PolicyFigures.rows(
        logits.replaceByPolicyGradient(
          targets: Tensor(new.map { _ in Int64(0) }), old: moved(old), reference: moved(reference),
          weights: masked.weights(without(entropyOf: objective)), bounds: objective.bounds
        ).floats())
      var given = tokens
      for index in given.indices { given[index].entropy = Float(entropy[index]) }
      let sums = masked.sums(given, objective)
      // Whether a ratio on a bound counts as beyond it is a matter of its last bit.
      let edges = [1 - objective.clipLow, 1 + objective.clipHigh, PolicyObjective.dualClipRatio]
      let isOnEdge = zip(new, old).contains { new, old in
        edges.contains { abs(exp(new - old) / $0 - 1) < 1e-5 }
      }
      let name = "row \(number) \(row.text("tag"))"
      func expect(_ found: Double, _ wanted: Double, _ what: String, _ relative: Double = 1e-5) {
        differences.expectEqual(found, wanted, within: relative * max(1, abs(wanted)), "\(name) \(what)")
      }
      let policyWanted = clipping == .clip ? skyrl.number("policy_loss") : verl.number("policy_loss")
      // Ratios reach e^20; a difference of log-probabilities is off by 2⁻²⁴ of some tens.
      expect(sums.policyLoss, policyWanted, "policy", 1e-4)
      if !isOnEdge {
        let share = try clippedShare(row, clipping)
        expect(try metric(sums, PolicyMetric.clipRatio, masked.counts), share, "clipped")
      }
      let kl = try metric(sums, PolicyMetric.kl, masked.counts)
      expect(kl, skyrl.number("policy_kl"), "KL", 1e-4)
      expect(sums.divergence / sums.tokens, verl.number("kl_loss_token_mean"), "token KL", 1e-4)
      expect(try metric(sums, PolicyMetric.entropy, masked.counts), skyrl.number("policy_entropy"), "entropy")
      if clipping == .clip {
        expect(sums.total, skyrl.number("total"), "total", 1e-4)
        if !isOnEdge, let trl = row["trl"] {
          expect(try metric(sums, PolicyMetric.clipLow, masked.counts), trl.number("clip_low_mean"), "low")
          expect(try metric(sums, PolicyMetric.clipHigh, masked.counts), trl.number("clip_high_mean"), "high")
        }
        // The other token's logit has the gradient −c · p.
        let slopes = try logits.floats()
        for (index, wanted) in masked.values(Self.matrix(try skyrl.at("grad_total"))).enumerated()
        where !isOnEdge {
          expect(-Double(slopes[2 * index + 1]) / (1 - exp(chosen)), Double(wanted), "gradient \(index)", 1e-4)
        }
        for (index, wanted) in masked.values(Self.matrix(try skyrl.at("kl_token"))).enumerated() {
          expect(Double(tokens[index].divergence), Double(wanted), "k3 \(index)", 1e-4)
        }
        for (row, wanted) in zip(masked.rows, grouped(masked, Self.matrix(try skyrl.at("grad_entropy_input")))) {
          let weight = objective.weights(of: row, counts: masked.counts).entropy
          for wanted in wanted { expect(-weight, Double(wanted), "weight of the entropy", 1e-6) }
        }
      }
    }
    differences.expectNone(of: rows.count { $0["verl"] != nil })
  }

  private func grouped(_ masked: Masked, _ matrix: [[Float]]) -> [[Float]] {
    var values = masked.values(matrix)[...]
    return masked.rows.map { row in
      defer { values = values.dropFirst(row.response.count) }
      return Array(values.prefix(row.response.count))
    }
  }

  private func without(entropyOf objective: PolicyObjective) -> PolicyObjective {
    var objective = objective
    objective.entropyWeight = 0
    return objective
  }

  /// SkyRL's share; verl's are two, of which the second is what the dual clip holds.
  private func clippedShare(_ row: JSON, _ clipping: PolicyObjective.Clipping) throws -> Double {
    switch clipping {
    case .clip: try row.at("skyrl").number("clip_ratio")
    case .dualClip: try row.at("verl").number("pg_clipfrac") + row.at("verl").number("pg_clipfrac_lower")
    }
  }

  @Test(arguments: ProcessorPaths.runnable)
  func logits(_ paths: ProcessorPaths) throws {
    let cases = try #require(try Golden.json("dapo/logits_cases.json").array)
    let tensors = try Golden.tensors("dapo/logits_cases.safetensors")
    for (number, expected) in cases.enumerated() {
      let key = expected["case"]?.int ?? number
      func tensor(_ name: String) throws -> Tensor { try #require(tensors["\(key).\(name)"]) }
      func matrix(_ name: String) throws -> [[Float]] {
        let tensor = try tensor(name)
        return try (0..<tensor.size(0)).map { try tensor[$0].floats() }
      }
      let masked = try Masked(mask: matrix("mask"), advantages: matrix("advantages"))
      var objective = PolicyObjective()
      objective.temperature = expected.number("temperature")
      let all = try tensor("logits")  // [rows, tokens, V]
      let width = all.size(2)
      let flat = try all.reshaped([-1, width])
      let places = try Tensor(masked.places.map { Int64($0) })
      let logits = try flat.selecting(places)
      let figures = try withProcessorPaths(paths) {
        try PolicyFigures.rows(
          logits.replaceByPolicyGradient(
            targets: tensor("labels").reshaped([-1]).selecting(places), old: Tensor(masked.values(matrix("old"))),
            reference: Tensor(masked.values(matrix("ref"))), weights: masked.weights(objective),
            bounds: objective.bounds
          ).floats())
      }
      let gradient = try Tensor.zeros(flat.shape)
      try gradient.setRows(logits, at: places)
      let wanted = try tensor("grad_logits").reshaped([-1, width])
      #expect(try distance(gradient, wanted) < 1e-5 * Float(wanted.magnitude().maximum().item()))
      for (found, wanted) in zip(figures.map(\.logProbability), masked.values(try matrix("logprobs"))) {
        #expect(abs(found - wanted) < 1e-5)
      }
      for (found, wanted) in zip(figures.map(\.entropy), masked.values(try matrix("entropy"))) {
        #expect(abs(found - wanted) < 1e-5)
      }
      let sums = masked.sums(figures, objective)
      #expect(Self.isClose(sums.policyLoss, expected.number("policy_loss")))
      #expect(Self.isClose(sums.total, expected.number("total")))
      for (name, key) in [
        (PolicyMetric.kl, "kl"), (PolicyMetric.entropy, "entropy"), (PolicyMetric.clipRatio, "clip_ratio"),
      ] {
        #expect(Self.isClose(try metric(sums, name, masked.counts), expected.number(key)), "\(key)")
      }
    }
  }

  /// What is built of SkyRL's reductions: the token mean over the whole mini-batch.
  @Test func lossReduction() throws {
    let objective = PolicyObjective()
    var count = 0
    for row in try Golden.rows("dapo/loss_reduction.jsonl") where row.text("loss_reduction") == "token_mean" {
      count += 1
      let masked = try Masked(
        mask: Self.matrix(row.at("mask")), advantages: Self.matrix(row.at("advantages")))
      let scaled = grouped(masked, Self.matrix(try row.at("scaled")))
      for (row, scaled) in zip(masked.rows, scaled) {
        let weights = objective.weights(of: row, counts: masked.counts)
        for scaled in scaled { #expect(Self.isClose(weights.gain - weights.loss, Double(scaled), 1e-7)) }
      }
    }
    #expect(count > 0)
  }
}
