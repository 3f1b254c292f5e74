import Foundation
import ModelFiles
import Synchronization
import Torch

/// Cosines and sines of the rotary position embedding, computed once and as far as they are needed.
package final class RotaryEmbedding: Sendable {
  /// Angle per position of each pair of dimensions: [D/2] float32.
  let inverseFrequencies: Tensor
  private let device: Device
  private let tables: Mutex<Tables?>

  package struct Tables: Sendable {
    /// [positions, D/2] float32
    package let cosine: Tensor
    package let sine: Tensor
  }

  init(_ configuration: LlamaConfiguration, device: Device) throws {
    inverseFrequencies = try Self.inverseFrequencies(configuration)
    self.device = device
    tables = Mutex(nil)
  }

  /// θ^(-2i/D), changed by the model's scaling rule. In float32 throughout, as transformers computes them.
  static func inverseFrequencies(_ configuration: LlamaConfiguration) throws -> Tensor {
    let dimension = Double(configuration.headDimension)
    let exponents = try Tensor.range(to: dimension, by: 2) / dimension
    let base = try Tensor.full([configuration.headDimension / 2], configuration.ropeTheta)
    let plain = try base.power(exponents).power(-1).floats()
    switch configuration.ropeScaling {
    case nil:
      return try Tensor(plain)
    case .frequencyFactors(let factors):
      guard factors.count == plain.count else {
        throw LlamaError(
          .model, "found \(factors.count) rotary frequency factors, expected \(plain.count) (half the head dimension)")
      }
      return try Tensor(zip(plain, factors).map { $0 / $1 })
    case .llama3(let factor, let low, let high, let originalContextLength):
      let original = Float(originalContextLength)
      let scaled = plain.map { frequency -> Float in
        let wavelength = 2 * Float.pi / frequency
        if wavelength < original / Float(high) { return frequency }
        if wavelength > original / Float(low) { return frequency / Float(factor) }
        let smooth = (original / wavelength - Float(low)) / Float(high - low)
        return (1 - smooth) * frequency / Float(factor) + smooth * frequency
      }
      return try Tensor(scaled)
    }
  }

  /// Tables for at least `count` positions.
  package func tables(forPositions count: Int) throws -> Tables {
    try tables.withLock { tables in
      if let tables, tables.cosine.size(0) >= count { return tables }
      let rows = max(1024, count, 2 * (tables?.cosine.size(0) ?? 0))
      let angles = try Tensor.range(to: Double(rows)).unsqueezed(1) * inverseFrequencies.unsqueezed(0)
      let made = Tables(
        cosine: try angles.cos().to(device: device).contiguous(),
        sine: try angles.sin().to(device: device).contiguous())
      tables = made
      return made
    }
  }
}
