import ModelFiles
import Torch

/// A Llama decoder: grouped-query attention, rotary embedding, RMSNorm, SwiGLU.
///
/// Several sequences of different lengths run side by side without padding: their new tokens stand one after the other
/// in one matrix, and attention mixes no two of them. On a CPU, in float32 and bfloat16, what a token gets is then bit
/// for bit a function of the tokens before it, whatever stands beside it.
public final class LlamaModel: Sendable {
  public let configuration: LlamaConfiguration
  public let dtype: DType
  public let device: Device
  package let embeddings: Weight  // [V, H]
  package let blocks: [Block]
  package let finalNorm: Norm
  package let head: Linear
  package let rotary: RotaryEmbedding

  init(
    configuration: LlamaConfiguration, dtype: DType, device: Device, embeddings: Weight, blocks: [Block],
    finalNorm: Norm, head: Linear
  ) throws {
    self.configuration = configuration
    self.dtype = dtype
    self.device = device
    self.embeddings = embeddings
    self.blocks = blocks
    self.finalNorm = finalNorm
    self.head = head
    rotary = try RotaryEmbedding(configuration, device: device)
  }

  /// A cache of its own store.
  public func makeCache(capacity: Int) throws -> KVCache { try makeCaches(capacities: [capacity])[0] }

  /// Caches of sequences that run side by side in one store, which stays until none of them is used.
  public func makeCaches(capacities: [Int]) throws -> [KVCache] {
    try makeCaches(capacities: capacities, pooled: device != .cpu)
  }

  /// - Parameter pooled: true on a CPU is for tests.
  func makeCaches(capacities: [Int], pooled: Bool) throws -> [KVCache] {
    guard pooled else {
      let counts = capacities.map(KVBlocks.count(forPositions:))
      let store = try KVBlocks(configuration, capacity: counts.reduce(0, +), grows: true, dtype: dtype)
      return capacities.map { _ in KVCache(.blocks(store, [])) }
    }
    let pool = try KVPool(configuration, rows: capacities.reduce(0, +), dtype: dtype, device: device)
    var start = 0
    return capacities.map { capacity in
      defer { start += capacity }
      return KVCache(.pooled(pool, rows: start..<start + capacity))
    }
  }

  /// Runs new tokens of one or several sequences, each after what its cache holds, and extends the caches.
  ///
  /// - Returns: the hidden states before the output head, normalised: [T, H], the sequences one after the other.
  public func forward(_ sequences: [(tokens: [Int], cache: KVCache)]) throws -> Tensor {
    var segments: [Segment] = []
    var ids: [Int64] = []
    for (tokens, cache) in sequences {
      guard !tokens.isEmpty, tokens.allSatisfy({ (0..<configuration.vocabularySize).contains($0) }) else {
        throw LlamaError(
          .prompt, "found no tokens or ids outside the model's vocabulary of \(configuration.vocabularySize)")
      }
      try cache.reserve(tokens.count)
      segments.append(Segment(cache: cache, rows: ids.count..<ids.count + tokens.count))
      ids.append(contentsOf: tokens.map(Int64.init))
    }
    let step = try Step(segments, rotary: rotary, device: device)
    var x = try embeddings.embedding(Tensor(ids), dtype: dtype).to(device: device)  // [T, H]
    for (layer, block) in blocks.enumerated() {
      x = try block(x, layer: layer, step: step)
    }
    for segment in segments { segment.cache.advance(segment.rows.count) }
    return try finalNorm(x)
  }

  /// Logits of hidden states: [T, H] -> [T, V], in the model's dtype.
  public func logits(_ hidden: Tensor) throws -> Tensor { try head(hidden) }

  /// Transformer block.
  package struct Block: Sendable {
    package let attentionNorm: Norm
    package let attention: Attention
    package let feedForwardNorm: Norm
    package let feedForward: FeedForward

    /// Makes a block from its family's table: of a norm and the linear layers of a group.
    init(
      attentionScale: Double, norm: (BlockNorm) throws -> Norm, linear: (LinearGroup) throws -> Linear
    ) rethrows {
      attentionNorm = try norm(.attention)
      attention = Attention(
        queryKeyValue: try linear(.queryKeyValue), output: try linear(.output), scale: attentionScale)
      feedForwardNorm = try norm(.feedForward)
      feedForward = FeedForward(gateUp: try linear(.gateUp), down: try linear(.down))
    }

    package func norm(_ norm: BlockNorm) -> Norm {
      switch norm {
      case .attention: attentionNorm
      case .feedForward: feedForwardNorm
      }
    }

    package func linear(_ group: LinearGroup) -> Linear {
      switch group {
      case .queryKeyValue: attention.queryKeyValue
      case .output: attention.output
      case .gateUp: feedForward.gateUp
      case .down: feedForward.down
      }
    }

    func callAsFunction(_ x: Tensor, layer: Int, step: Step) throws -> Tensor {
      let h = try attention(attentionNorm(x), adding: x, layer: layer, step: step)
      return try feedForward(feedForwardNorm(h), adding: h)
    }
  }

  package struct Attention: Sendable {
    package let queryKeyValue: Linear
    package let output: Linear
    package let scale: Double

    /// x [T, H] -> residual + attention, [T, H]
    func callAsFunction(_ x: Tensor, adding residual: Tensor, layer: Int, step: Step) throws -> Tensor {
      let mixed = try step.attention(queryKeyValue.joined(x), layer: layer, scale: scale)
      return try output(mixed, adding: residual)
    }
  }

  /// SwiGLU: down(silu(gate(x)) · up(x))
  package struct FeedForward: Sendable {
    package let gateUp: Linear
    package let down: Linear

    func callAsFunction(_ x: Tensor, adding residual: Tensor) throws -> Tensor {
      let parts = try gateUp.parts(x)  // 2 × [T, F]
      return try down(parts[0].siluMultiply(parts[1]), adding: residual)
    }
  }

  package struct Norm: Sendable {
    package let weight: Tensor  // [H]
    package let epsilon: Double

    package init(weight: Tensor, epsilon: Double) {
      self.weight = weight
      self.epsilon = epsilon
    }

    package func callAsFunction(_ x: Tensor) throws -> Tensor { try x.rmsNorm(weight: weight, epsilon: epsilon) }
  }
}
