import ModelFiles
import Torch

/// How weights lie in memory.
public enum WeightLayout: String, Sendable, CaseIterable {
  /// Packed where the processor gains by it, mapped otherwise.
  case auto
  /// Copied into the layout that the processor's matrix products read fastest (CPU only).
  case packed
  /// The mapped file itself: nothing is copied and the first token comes soonest, but each token takes longer.
  case mapped
}

/// Everything that decides how a model is loaded.
public struct LoadOptions: Sendable {
  public var adapters: [AdapterFolder]
  public var merge: MergePolicy
  /// nil: what the device computes fastest, see ``LoadOptions/defaultDType(on:)``.
  public var dtype: DType?
  public var device: Device
  public var layout: WeightLayout

  public init(
    adapters: [AdapterFolder] = [], merge: MergePolicy = .peft, dtype: DType? = nil, device: Device = .cpu,
    layout: WeightLayout = .auto
  ) {
    self.adapters = adapters
    self.merge = merge
    self.dtype = dtype
    self.device = device
    self.layout = layout
  }

  /// bfloat16 on GPUs and on processors that multiply it in hardware, else float32.
  public static func defaultDType(on device: Device) -> DType {
    device != .cpu || Runtime.cpuHasFastBFloat16 ? .bfloat16 : .float32
  }
}

extension LlamaModel {
  /// Loads a model from its mapped files.
  ///
  /// Memory: packed layout holds one copy of the weights; pages of the files are given back as soon as they are copied.
  ///
  /// - Parameter onProgress: called with the share of the layers that are loaded, 0 … 1.
  public static func load(
    _ checkpoint: Checkpoint, configuration: LlamaConfiguration, options: LoadOptions,
    onProgress: ((Double) -> Void)? = nil
  ) throws -> LlamaModel {
    try Runtime.checkVersion()
    if options.device != .cpu {
      try Runtime.loadCUDA()
      guard case .cuda(let index) = options.device, index < Runtime.cudaDeviceCount else {
        throw LlamaError(
          .option, "found \(Runtime.cudaDeviceCount) GPUs, expected one with the number of \(options.device)")
      }
    }
    let dtype = options.dtype ?? LoadOptions.defaultDType(on: options.device)
    guard dtype.isFloatingPoint else {
      throw LlamaError(.option, "found dtype \(dtype.rawValue), expected a floating-point one")
    }
    let canPack = options.device == .cpu && PackedLinear.isAvailable(for: dtype)
    if options.layout == .packed, !canPack {
      throw LlamaError(
        .option, "\(dtype.rawValue) weights cannot be packed on \(options.device) here; leave the layout to `auto`")
    }
    let reader = try WeightReader(
      checkpoint: checkpoint, configuration: configuration, adapters: options.adapters, policy: options.merge,
      dtype: dtype)
    let loader = LayerLoader(
      reader: reader, device: options.device, packs: canPack && options.layout != .mapped,
      mapsFiles: options.layout == .mapped && options.device == .cpu)
    return try withoutGradients {
      let blocks = try (0..<configuration.layerCount).map { layer in
        defer { onProgress?(Double(layer + 1) / Double(configuration.layerCount + 1)) }
        return try loader.block(layer)
      }
      let embeddings = try loader.vector("model.embed_tokens.weight")
      let head = try loader.linear(
        configuration.tiesEmbeddings ? ["model.embed_tokens"] : ["lm_head"], keepsSource: configuration.tiesEmbeddings)
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
  let packs: Bool
  let mapsFiles: Bool

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
    LlamaModel.Norm(weight: try vector(name), epsilon: reader.configuration.rmsNormEpsilon)
  }

  func vector(_ name: String) throws -> Tensor { try reader.weight(name).to(device: device) }

  /// - Parameter keepsSource: the weight is used elsewhere too, so that its pages stay.
  func linear(_ layers: [String], keepsSource: Bool = false) throws -> Linear {
    let names = layers.map { $0 + ".weight" }
    let weights = try names.map(reader.weight)
    let widths = weights.map { $0.size(0) }
    let updates = try layers.map { try reader.updates($0, device: device) }
    if mapsFiles { return Linear(storage: .separate(weights), widths: widths, updates: updates) }
    let joined = try (weights.count == 1 ? weights[0] : Tensor.concatenate(weights)).to(device: device)
    let linear = Linear(
      storage: packs ? .packed(try PackedLinear(joined)) : .fused(joined), widths: widths, updates: updates)
    if !keepsSource, packs || weights.count > 1 || device != .cpu { names.forEach(reader.release) }
    return linear
  }
}
