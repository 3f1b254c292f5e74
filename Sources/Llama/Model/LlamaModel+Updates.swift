import ModelFiles
import Torch

extension LlamaModel {
  /// The same model with low-rank updates beside its weights. Weights and factors are shared, not copied: a model that
  /// is being trained writes with the values that the factors have at that moment.
  ///
  /// - Parameter updates: by layer, such as `model.layers.0.self_attn.q_proj`.
  package func adding(_ updates: [String: LowRankUpdate]) throws -> LlamaModel {
    var unused = Set(updates.keys)
    func linear(_ linear: Linear, _ layers: [LinearLayer]) -> Linear {
      let present = linear.updates.isEmpty ? layers.map { _ in [] } : linear.updates
      let joined = zip(present, layers).map { old, layer in
        unused.remove(layer.name)
        return old + (updates[layer.name].map { [$0] } ?? [])
      }
      return Linear(weights: linear.weights, widths: linear.widths, updates: joined)
    }
    let blocks = blocks.enumerated().map { index, block in
      Block(
        attentionScale: block.attention.scale, norm: block.norm,
        linear: { linear(block.linear($0), configuration.linearLayers($0, inBlock: index)) })
    }
    guard unused.isEmpty else {
      throw LlamaError(
        .adapter,
        "found updates of \(unused.count) layers that the model does not have, such as \(unused.sorted()[0])")
    }
    return try LlamaModel(
      configuration: configuration, dtype: dtype, device: device, embeddings: embeddings, blocks: blocks,
      finalNorm: finalNorm, head: head)
  }
}
