import Foundation
import Llama
import ModelFiles
import Torch

/// What a LoRA adapter is: W x becomes W x + alpha / rank · B A dropout(x) (Hu et al. 2021).
public struct LoRASettings: Sendable, Hashable {
  /// Rows of A and columns of B.
  public var rank: Int
  public var alpha: Double
  /// Probability that an element of the adapter's input is left out in training.
  public var dropout: Double

  public init(rank: Int = 64, alpha: Double = 128, dropout: Double = 0.05) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
  }

  public var scale: Double { alpha / Double(rank) }

  func check() throws {
    guard (1...65_536).contains(rank) else {
      throw TrainingError(.setting, "found rank \(rank), expected 1 ... 65536")
    }
    guard alpha.isFinite, alpha > 0 else { throw TrainingError(.setting, "found alpha \(alpha), expected more than 0") }
    guard (0..<1).contains(dropout) else {
      throw TrainingError(.setting, "found dropout \(dropout), expected 0 or more and less than 1")
    }
  }
}

/// Trainable factors for all linear layers of a model but the head.
///
/// All values stand in one float32 vector, and so do all gradients: an optimizer step, a norm or a checkpoint is one
/// operation, and the factors of a layer are views. Within a group of layers the A factors follow one another, so that
/// one product serves them all.
public final class LoRAAdapter: Sendable {
  /// The factors of one layer.
  public struct Module: Sendable {
    /// Such as `model.layers.0.self_attn.q_proj`.
    public let name: String
    /// [r, in], a view of the adapter's values
    public let a: Tensor
    /// [out, r], likewise
    public let b: Tensor
    /// Views of the adapter's gradients.
    public let gradientA: Tensor
    public let gradientB: Tensor
  }

  /// The factors of the layers of one group, in the dtype that products run in.
  struct Factors: Sendable {
    /// [layers · r, in]
    let a: Tensor
    /// [out, r] of each layer
    let b: [Tensor]
    let gradientA: Tensor
    let gradientB: [Tensor]
  }

  public let settings: LoRASettings
  public let configuration: LlamaConfiguration
  /// Every factor, [count] float32.
  public let values: Tensor
  /// Accumulated gradients, as `values`.
  public let gradients: Tensor
  /// Layer by layer, in the order of the blocks.
  public let modules: [Module]
  /// By layer and group.
  let factors: [[Factors]]
  /// The values in the dtype that products run in; `values` itself where that is float32.
  private let computed: Tensor

  /// Number of trainable values.
  public var count: Int { values.count }

  /// Fresh factors: A uniform in ±1/√in, which is what PEFT's Kaiming-uniform with a = √5 gives; B zero.
  public init(
    settings: LoRASettings, model: LlamaModel, computeDType: DType = .float32, seed: UInt64
  ) throws {
    try settings.check()
    let configuration = model.configuration
    self.settings = settings
    self.configuration = configuration
    let rank = settings.rank
    let count = configuration.linearLayers.reduce(0) { $0 + rank * ($1.inputs + $1.outputs) }
    let values = try Tensor.zeros([count], device: model.device)
    let gradients = try Tensor.zeros([count], device: model.device)
    let computed = computeDType == .float32 ? values : try values.to(computeDType)
    let generator = try Generator(seed: seed)
    var offset = 0
    func next(_ shape: [Int]) throws -> (value: Tensor, computed: Tensor, gradient: Tensor) {
      let range = offset..<offset + shape.reduce(1, *)
      offset = range.upperBound
      return (
        try values[range].reshaped(shape), try computed[range].reshaped(shape), try gradients[range].reshaped(shape)
      )
    }
    var modules: [Module] = []
    var factors: [[Factors]] = []
    for block in 0..<configuration.layerCount {
      var groups: [Factors] = []
      for group in LinearGroup.allCases {
        let layers = configuration.linearLayers(group, inBlock: block)
        let inputs = layers[0].inputs
        let a = try next([layers.count * rank, inputs])
        let bound = 1 / Double(inputs).squareRoot()
        for index in layers.indices {
          let uniform = try Tensor.random([rank, inputs], generator: generator)
          try uniform.multiply(2 * bound)
          try uniform.add(-bound)
          try a.value[index * rank..<(index + 1) * rank].copy(from: uniform)
        }
        let b = try layers.map { try next([$0.outputs, rank]) }
        for (index, layer) in layers.enumerated() {
          let rows = index * rank..<(index + 1) * rank
          modules.append(
            Module(
              name: layer.name, a: try a.value[rows], b: b[index].value, gradientA: try a.gradient[rows],
              gradientB: b[index].gradient))
        }
        groups.append(
          Factors(a: a.computed, b: b.map(\.computed), gradientA: a.gradient, gradientB: b.map(\.gradient)))
      }
      factors.append(groups)
    }
    self.values = values
    self.gradients = gradients
    self.computed = computed
    self.modules = modules
    self.factors = factors
    try valuesChanged()
  }

  /// Brings the copy that products use up to date; call it after the values were changed.
  public func valuesChanged() throws {
    if computed.dtype != values.dtype { try computed.copy(from: values) }
  }

  /// Zeros, also over what is not finite.
  public func clearGradients() throws { try gradients.copy(from: Tensor.zeros([1], device: gradients.device)) }
}
