import Foundation
import JSON
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct OptimizerTests {
  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func schedulesAreThoseOfTransformers() throws {
    let reference = try Golden.json("sft/schedules.json")
    for schedule in try reference.at("schedules").array! {
      let name = try #require(schedule["name"]?.string)
      let made = LearningRateSchedule(
        shape: try #require(.init(rawValue: name.hasPrefix("constant") ? "constant" : name)),
        base: try #require(schedule["base_lr"]?.double),
        warmupSteps: name == "constant" ? 0 : try #require(schedule["warmup_steps"]?.int),
        totalSteps: try #require(schedule["total_steps"]?.int))
      for (step, rate) in try schedule.at("lr").array!.enumerated() {
        #expect(made.rate(atStep: step) == rate.double, "\(name) \(step)")
      }
    }
    for row in try reference.at("warmup_ratio_to_steps").array! {
      let steps = LearningRateSchedule.warmupSteps(
        ratio: try #require(row["warmup_ratio"]?.double), of: try #require(row["total_steps"]?.int))
      #expect(steps == row["warmup_steps"]?.int)
    }
  }

  /// By the formulas of the paper, in Double.
  @Test func adamWFollowsItsDefinition() throws {
    var settings = AdamW.Settings()
    settings.weightDecay = 0.1
    let values = try Tensor([1, -2, 0.5] as [Float])
    let optimizer = try AdamW(count: 3, device: .cpu, settings: settings)
    var theta = [1, -2, 0.5]
    var m = [0.0, 0, 0]
    var v = [0.0, 0, 0]
    for (step, gradient) in [[0.1, -3, 0], [0.2, 1, 1e-6], [-1, 0.5, 0]].enumerated() {
      try optimizer.step(values, gradients: Tensor(gradient.map { Float($0) }), learningRate: 0.01)
      for i in 0..<3 {
        theta[i] *= 1 - 0.01 * 0.1
        m[i] = 0.9 * m[i] + 0.1 * gradient[i]
        v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i]
        let mHat = m[i] / (1 - pow(0.9, Double(step + 1)))
        let vHat = v[i] / (1 - pow(0.999, Double(step + 1)))
        theta[i] -= 0.01 * mHat / (vHat.squareRoot() + 1e-8)
      }
    }
    for (found, wanted) in zip(try values.floats(), theta) { #expect(abs(Double(found) - wanted) < 1e-6) }
    #expect(optimizer.stepCount == 3)
  }

  @Test func clippingScalesToTheNorm() throws {
    let gradients = try Tensor([3, 4] as [Float])
    #expect(try clipNorm(of: gradients, to: 0) == 5)
    #expect(try gradients.floats() == [3, 4])
    #expect(try clipNorm(of: gradients, to: 10) == 5)
    #expect(try gradients.floats() == [3, 4])
    #expect(try clipNorm(of: gradients, to: 1) == 5)
    #expect(abs(try gradients.norm().item() - 1) < 1e-5)
    #expect(try !clipNorm(of: Tensor([1, .nan] as [Float]), to: 1).isFinite)
    #expect(try !clipNorm(of: Tensor([1, .infinity] as [Float]), to: 1).isFinite)
  }
}
