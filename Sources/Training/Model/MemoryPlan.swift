import TrainingData
import Llama
import ModelFiles
import Torch

/// What training takes in memory, by part; an estimate from shapes.
public struct MemoryPlan: Sendable {
  public struct Part: Sendable {
    public let name: String
    public let byteCount: Int
  }

  public let parts: [Part]
  public var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

  /// - Parameter tokens: of the largest micro-batch; `longestRow` those of its longest row.
  init(_ model: TrainableLlama, tokens: Int, longestRow: Int) {
    let c = model.base.configuration
    let width = model.dtype.byteWidth
    let rank = model.adapter.settings.rank
    let rankWidth = TrainableLlama.adapterComputeDType(for: model.dtype, on: model.base.device).byteWidth
    let queries = c.headCount * c.headDimension
    let packed = queries + 2 * c.keyValueHeadCount * c.headDimension
    // What a block keeps of each token (`TrainableBlock.Saved`), and what its backward pass needs beside it.
    let kept =
      (2 * c.hiddenSize + packed + queries + 2 * c.intermediateSize) * width + 7 * rank * rankWidth
      + 4 * c.headCount
    let working = (4 * c.intermediateSize + 4 * c.hiddenSize + packed) * width
    let blockRows = 128
    let scores = 2 * c.headCount * blockRows * min(longestRow, (8 << 20) / (c.headCount * 4 * 64)) * 4
    let activations =
      model.checkpointing
      ? tokens * (c.hiddenSize * width * c.layerCount + kept) : tokens * kept * c.layerCount
    let logits = min(model.logitRows, tokens) * c.vocabularySize * 4
    parts = [
      Part(name: "base weights", byteCount: Self.weights(model.base)),
      Part(name: "adapter", byteCount: 4 * model.adapter.count),
      Part(name: "gradients", byteCount: 4 * model.adapter.count),
      Part(name: "AdamW moments", byteCount: 8 * model.adapter.count),
      Part(name: model.checkpointing ? "inputs of the blocks" : "kept activations", byteCount: activations),
      Part(name: "working space", byteCount: max(tokens * working + scores, logits)),
    ]
  }

  private static func weights(_ model: LlamaModel) -> Int {
    model.weightByteCount + (model.configuration.tiesEmbeddings ? 0 : model.embeddings.byteCount)
  }
}

extension SFTTrainer {
  /// Memory at the largest micro-batch there can be.
  public var memoryPlan: MemoryPlan {
    let lengths = rows.map(\.tokens.count).sorted(by: >)
    return MemoryPlan(
      model, tokens: lengths.prefix(settings.microBatch).reduce(0, +), longestRow: lengths.first ?? 0)
  }

  /// Speed of forward and backward on a few micro-batches, tokens per second. Nothing is changed but gradients.
  public func measure(onProgress: ((_ done: Int, _ total: Int) throws -> Void)? = nil) throws -> Double {
    let count = min(4, (rows.count + settings.microBatch - 1) / settings.microBatch)
    var tokens = 0
    var seconds = 0.0
    for index in 0..<count {
      try onProgress?(index, count)
      // Rows from all over the file; the first micro-batch warms up and does not count unless it is the only one.
      let batch = (0..<settings.microBatch).map {
        rows[(index * settings.microBatch + $0) * 7919 % rows.count]
      }
      let start = ContinuousClock.now
      _ = try model.accumulateGradients(
        TokenBatch(batch, model: model.base), scale: 0, dropoutSeed: settings.lora.dropout > 0 ? UInt64(index) : nil)
      if index > 0 || count == 1 {
        seconds += (ContinuousClock.now - start) / .seconds(1)
        tokens += batch.reduce(0) { $0 + $1.tokens.count }
      }
    }
    return Double(tokens) / max(seconds, 1e-9)
  }
}
