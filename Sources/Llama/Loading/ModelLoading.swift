import ModelFiles
import Torch

/// Everything that decides how a model is loaded.
public struct LoadOptions: Sendable {
  public var adapters: [AdapterFolder]
  public var merge: MergePolicy
  /// nil: ``LoadOptions/defaultDType``.
  public var dtype: DType?
  public var device: Device

  public init(
    adapters: [AdapterFolder] = [], merge: MergePolicy = .peft, dtype: DType? = nil, device: Device = .cpu
  ) {
    self.adapters = adapters
    self.merge = merge
    self.dtype = dtype
    self.device = device
  }

  /// bfloat16: half the memory of float32, and faster wherever weights are streamed, which is what one-token steps wait
  /// for. Processors without bfloat16 instructions multiply in float32 and lose nothing on long prompts. float32 is for
  /// comparisons to the last digit.
  public static let defaultDType = DType.bfloat16
}

extension LlamaModel {
  /// Loads a model from its mapped files.
  ///
  /// On a CPU, weights that the file holds in the model's dtype are the mapped file itself: loading takes milliseconds
  /// and pages are read when they are first used. Others are converted, and the file's pages given back at once.
  ///
  /// - Parameter onProgress: called with the share of the layers that are loaded, 0 … 1.
  public static func load(
    _ checkpoint: Checkpoint, configuration: LlamaConfiguration, options: LoadOptions,
    onProgress: ((Double) -> Void)? = nil
  ) throws -> LlamaModel {
    try Runtime.checkVersion()
    _ = try ProcessorPaths.current()
    if options.device != .cpu {
      try Runtime.loadCUDA()
      guard case .cuda(let index) = options.device, index < Runtime.cudaDeviceCount else {
        throw LlamaError(
          .option, "found \(Runtime.cudaDeviceCount) GPUs, expected one with the number of \(options.device)")
      }
    }
    let dtype = options.dtype ?? LoadOptions.defaultDType
    guard dtype.isFloatingPoint else {
      throw LlamaError(.option, "found dtype \(dtype.rawValue), expected a floating-point one")
    }
    let reader = try WeightReader(
      checkpoint: checkpoint, configuration: configuration, adapters: options.adapters, policy: options.merge,
      dtype: dtype)
    let loader = LayerLoader(reader: reader, device: options.device)
    return try withoutGradients {
      let blocks = try (0..<configuration.layerCount).map { layer in
        defer { onProgress?(Double(layer + 1) / Double(configuration.layerCount + 1)) }
        return try loader.block(layer)
      }
      let embeddings = try loader.weight("model.embed_tokens.weight")
      let head =
        configuration.tiesEmbeddings
        ? Linear(weights: [embeddings], widths: [configuration.vocabularySize]) : try loader.linear(["lm_head"])
      let model = try LlamaModel(
        configuration: configuration, dtype: dtype, device: options.device, embeddings: embeddings, blocks: blocks,
        finalNorm: try loader.norm("model.norm.weight"), head: head)
      onProgress?(1)
      return model
    }
  }
}

/// Makes the parts of a model from its weights.
private struct LayerLoader {
  let reader: WeightReader
  let device: Device

  func block(_ layer: Int) throws -> LlamaModel.Block {
    let prefix = "model.layers.\(layer)."
    return LlamaModel.Block(
      attentionNorm: try norm(prefix + "input_layernorm.weight"),
      attention: LlamaModel.Attention(
        queryKeyValue: try linear(["q_proj", "k_proj", "v_proj"].map { prefix + "self_attn." + $0 }),
        output: try linear([prefix + "self_attn.o_proj"]),
        scale: 1 / Double(reader.configuration.headDimension).squareRoot()),
      feedForwardNorm: try norm(prefix + "post_attention_layernorm.weight"),
      feedForward: LlamaModel.FeedForward(
        gateUp: try linear(["gate_proj", "up_proj"].map { prefix + "mlp." + $0 }),
        down: try linear([prefix + "mlp.down_proj"])))
  }

  func norm(_ name: String) throws -> LlamaModel.Norm {
    LlamaModel.Norm(weight: try weight(name), epsilon: reader.configuration.rmsNormEpsilon)
  }

  func weight(_ name: String) throws -> Tensor { try reader.weight(name).to(device: device) }

  func linear(_ layers: [String]) throws -> Linear {
    let names = layers.map { $0 + ".weight" }
    var weights = try names.map(weight)
    let widths = weights.map { $0.size(0) }
    let updates = try layers.map { try reader.updates($0, device: device) }
    if device != .cpu, weights.count > 1 { weights = [try Tensor.concatenate(weights)] }
    for name in names where device != .cpu || !reader.isMapped(name) { reader.release(name) }
    return Linear(weights: weights, widths: widths, updates: updates)
  }
}
