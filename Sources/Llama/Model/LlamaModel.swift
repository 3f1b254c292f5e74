import ModelFiles
import Torch

/// A Llama decoder: grouped-query attention, rotary embedding, RMSNorm, SwiGLU.
///
/// Several sequences of different lengths run side by side without padding: their new tokens stand one after the other
/// in one matrix, and only attention looks at each sequence by itself. A sequence therefore gets the same result alone
/// and in company.
public final class LlamaModel: Sendable {
  public let configuration: LlamaConfiguration
  public let dtype: DType
  public let device: Device
  package let embeddings: Tensor  // [V, H]
  package let blocks: [Block]
  package let finalNorm: Norm
  package let head: Linear
  package let rotary: RotaryEmbedding

  init(
    configuration: LlamaConfiguration, dtype: DType, device: Device, embeddings: Tensor, blocks: [Block],
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

  /// A part of the step's rows that belongs to one sequence.
  struct Segment {
    let cache: KVCache
    let rows: Range<Int>
    let rotary: RotaryEmbedding.Tables
  }

  public func makeCache(capacity: Int) throws -> KVCache {
    try KVCache(configuration, capacity: capacity, dtype: dtype, device: device)
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
      segments.append(
        Segment(
          cache: cache, rows: ids.count..<ids.count + tokens.count,
          rotary: try rotary.tables(forPositions: cache.length + tokens.count)))
      ids.append(contentsOf: tokens.map(Int64.init))
    }
    var x = try embeddings.embedding(Tensor(ids).to(device: embeddings.device)).to(dtype, device: device)  // [T, H]
    for (layer, block) in blocks.enumerated() {
      x = try block(x, layer: layer, segments: segments)
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

    func callAsFunction(_ x: Tensor, layer: Int, segments: [Segment]) throws -> Tensor {
      let h = try attention(attentionNorm(x), adding: x, layer: layer, segments: segments)
      return try feedForward(feedForwardNorm(h), adding: h)
    }
  }

  package struct Attention: Sendable {
    package let queryKeyValue: Linear
    package let output: Linear
    package let scale: Double

    /// x [T, H] -> residual + attention, [T, H]
    func callAsFunction(_ x: Tensor, adding residual: Tensor, layer: Int, segments: [Segment]) throws -> Tensor {
      let parts = try queryKeyValue.parts(x)  // [T, Hq·D], [T, Hkv·D], [T, Hkv·D]
      let mixed = try segments.map { segment -> Tensor in
        let rows = segments.count == 1 ? parts : try parts.map { try $0[segment.rows] }
        let cache = segment.cache
        let queries = try Tensor.rotateAndCache(
          queries: rows[0], keys: rows[1], values: rows[2], cosine: segment.rotary.cosine, sine: segment.rotary.sine,
          start: cache.length, keyCache: cache.keys[layer], valueCache: cache.values[layer])  // [Hq, T, D]
        return try queries.cachedAttention(
          keyCache: cache.keys[layer], valueCache: cache.values[layer], length: cache.length + segment.rows.count,
          scale: scale)  // [T, Hq·D]
      }
      return try output(mixed.count == 1 ? mixed[0] : Tensor.concatenate(mixed), adding: residual)
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
