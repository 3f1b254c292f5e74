import Llama
import ModelFiles
import Torch

/// What a model's work costs at least: bytes that are read and operations that are computed.
struct ModelCost {
  /// Of all linear layers of the blocks, and of the output head.
  let blockWeights: Int
  let headWeights: Int
  /// As they are read: this is where types other than the model's dtype are to be told.
  let bytesPerWeight: Double
  /// Keys and values of a position, all layers together.
  let keyValueBytes: Int

  init(_ model: LlamaModel) {
    self.init(model.configuration, byteWidth: model.dtype.byteWidth)
  }

  init(_ configuration: LlamaConfiguration, byteWidth: Int) {
    blockWeights = configuration.linearLayers.reduce(0) { $0 + $1.outputs * $1.inputs }
    headWeights = configuration.vocabularySize * configuration.hiddenSize
    bytesPerWeight = Double(byteWidth)
    keyValueBytes =
      2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headDimension * byteWidth
  }

  var weightBytes: Double { Double(blockWeights + headWeights) * bytesPerWeight }
}

/// How fast this machine reads memory and multiplies, and so the most that it can do with a model.
struct MachineBounds {
  let gigabytesPerSecond: Double
  let gigaflopsPerSecond: Double

  /// Tokens a second of a prompt: two operations for each weight of the blocks. Attention is left out.
  func prefill(_ cost: ModelCost) -> Double { gigaflopsPerSecond * 1e9 / (2 * Double(cost.blockWeights)) }

  /// Tokens a second of `batch` sequences side by side, after `context` tokens each: a step takes the longer of reading
  /// all weights, keys and values, and of two operations for each weight, the head's among them, and sequence.
  func decode(_ cost: ModelCost, batch: Int, context: Double) -> Double {
    let bytes = cost.weightBytes + Double(batch) * context * Double(cost.keyValueBytes)
    let operations = 2 * Double(batch) * Double(cost.blockWeights + cost.headWeights)
    return Double(batch) / max(bytes / (gigabytesPerSecond * 1e9), operations / (gigaflopsPerSecond * 1e9))
  }
}
