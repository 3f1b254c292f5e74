import Torch

extension LlamaModel {
  /// The same model with low-rank updates beside its weights. Weights and factors are shared, not copied: a model that
  /// is being trained writes with the values that the factors have at that moment.
  ///
  /// - Parameter updates: by layer, such as `model.layers.0.self_attn.q_proj`.
  package func adding(_ updates: [String: LowRankUpdate]) throws -> LlamaModel {
    var unused = Set(updates.keys)
    func linear(_ linear: Linear, _ names: [String]) -> Linear {
      let present = linear.updates.isEmpty ? names.map { _ in [] } : linear.updates
      let joined = zip(present, names).map { old, name in
        unused.remove(name)
        return old + (updates[name].map { [$0] } ?? [])
      }
      return Linear(weights: linear.weights, widths: linear.widths, updates: joined)
    }
    let blocks = blocks.enumerated().map { layer, block in
      let prefix = "model.layers.\(layer)."
      return Block(
        attentionNorm: block.attentionNorm,
        attention: Attention(
          queryKeyValue: linear(
            block.attention.queryKeyValue, ["q_proj", "k_proj", "v_proj"].map { prefix + "self_attn." + $0 }),
          output: linear(block.attention.output, [prefix + "self_attn.o_proj"]), scale: block.attention.scale),
        feedForwardNorm: block.feedForwardNorm,
        feedForward: FeedForward(
          gateUp: linear(block.feedForward.gateUp, ["gate_proj", "up_proj"].map { prefix + "mlp." + $0 }),
          down: linear(block.feedForward.down, [prefix + "mlp.down_proj"])))
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
