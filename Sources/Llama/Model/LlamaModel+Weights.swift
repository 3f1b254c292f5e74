import Torch

extension LlamaModel {
  /// The matrices that a step reads, with the head.
  private var weights: [Weight] {
    blocks.flatMap { block in
      block.attention.queryKeyValue.weights + block.attention.output.weights + block.feedForward.gateUp.weights
        + block.feedForward.down.weights
    } + head.weights
  }

  /// How the matrices are held, such as "bfloat16", "int8" or "Q4_1, Q8_0": the formats that there are.
  public var weightFormats: String {
    Set(weights.map { $0.format == .plain ? dtype.rawValue : $0.format.rawValue }).sorted().joined(separator: ", ")
  }

  /// Whether all matrices, and the table of embeddings, are of the model's dtype.
  package var hasPlainWeights: Bool {
    (weights + [embeddings]).allSatisfy { $0.format == .plain && $0.values.dtype == dtype }
  }

  /// Bytes of the matrices; a table of embeddings that is not the head comes besides.
  public var weightByteCount: Int { weights.reduce(0) { $0 + $1.byteCount } }
}
