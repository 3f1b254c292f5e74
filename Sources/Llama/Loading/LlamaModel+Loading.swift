import ModelFiles
import Torch

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
    try options.weights.check(device: options.device, dtype: dtype)
    let reader = try WeightReader(
      checkpoint: checkpoint, configuration: configuration, adapters: options.adapters, policy: options.merge,
      dtype: dtype)
    let loader = LayerLoader(reader: reader, device: options.device, format: options.weights.resolved)
    return try withoutGradients {
      let blocks = try (0..<configuration.layerCount).map { layer in
        defer { onProgress?(Double(layer + 1) / Double(configuration.layerCount + 1)) }
        return try loader.block(layer)
      }
      let embeddings = try loader.embeddings()
      let head =
        configuration.tiesEmbeddings
        ? Linear(weights: [try loader.tiedHead(embeddings)], widths: [configuration.vocabularySize])
        : try loader.linear([configuration.head])
      let model = try LlamaModel(
        configuration: configuration, dtype: dtype, device: options.device, embeddings: embeddings, blocks: blocks,
        finalNorm: try loader.norm(configuration.finalNormName), head: head)
      onProgress?(1)
      return model
    }
  }
}

/// Makes the parts of a model from its weights.
private struct LayerLoader {
  let reader: WeightReader
  let device: Device
  let format: WeightFormat

  func block(_ layer: Int) throws -> LlamaModel.Block {
    try LlamaModel.Block(
      attentionScale: 1 / Double(reader.configuration.headDimension).squareRoot(),
      norm: { try norm(reader.normName($0, inBlock: layer)) },
      linear: { try linear(reader.configuration.linearLayers($0, inBlock: layer)) })
  }

  func norm(_ name: String) throws -> LlamaModel.Norm {
    LlamaModel.Norm(weight: try weight(name), epsilon: reader.configuration.rmsNormEpsilon)
  }

  func weight(_ name: String) throws -> Tensor { try reader.weight(name).to(device: device) }

  func linear(_ layers: [LinearLayer]) throws -> Linear {
    let names = layers.map(\.weightName)
    let updates = try layers.map { try reader.updates($0.name, device: device) }
    guard device == .cpu else {
      let weights = try names.map(weight)
      for name in names { reader.release(name) }
      return Linear(
        weights: [Weight(weights.count == 1 ? weights[0] : try Tensor.concatenate(weights))],
        widths: weights.map { $0.size(0) }, updates: updates)
    }
    let weights = try names.map { name in
      let (weight, isMapped) = try reader.weight(name, as: format)
      if !isMapped { reader.release(name) }
      return weight
    }
    return Linear(weights: weights, widths: weights.map(\.outputs), updates: updates)
  }

  /// The table of embeddings. Beside small weights it is the mapped file in whatever form that has: few of its rows are
  /// read.
  func embeddings() throws -> Weight {
    let name = reader.configuration.embeddingsName
    return format == .plain ? Weight(try weight(name)) : try reader.source(name).weight
  }

  /// The head where it is the table of embeddings.
  func tiedHead(_ embeddings: Weight) throws -> Weight {
    let name = reader.configuration.embeddingsName
    guard format != .plain else { return embeddings }
    let (weight, isMapped) = try reader.weight(name, as: format)
    if !isMapped { reader.release(name) }
    return weight
  }
}
