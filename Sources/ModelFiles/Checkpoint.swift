import Files

/// The weights of one model by Hugging Face name, from however many files of whichever format.
public struct Checkpoint: Sendable {
  public let tensors: [String: StoredTensor]
  /// Where the weights came from, for messages.
  public let origin: String

  public init(tensors: [String: StoredTensor], origin: String) {
    self.tensors = tensors
    self.origin = origin
  }

  /// The files that hold the weights, sorted by path.
  public var files: [MappedFile] {
    var files: [String: MappedFile] = [:]
    for tensor in tensors.values { files[tensor.file.path] = tensor.file }
    return files.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The tensor of this name, which must have this shape.
  public func tensor(_ name: String, shape: [Int]) throws -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw FileError(.mismatch, "\(origin): tensor \(quoted(name)) is missing")
    }
    guard tensor.shape == shape else {
      throw FileError(
        .mismatch, "\(origin): tensor \(quoted(name)) has shape \(tensor.shape), the configuration asks for \(shape)")
    }
    return tensor
  }

  /// Checks that the names and shapes are those that `configuration` asks for, no more and no less.
  ///
  /// Buffers that old checkpoints carry beside the weights (`rotary_emb.inv_freq`) are ignored, and so is a stored
  /// output head where the embeddings are tied.
  public func check(against configuration: LlamaConfiguration) throws {
    let expected = configuration.tensorShapes
    let missing = expected.map(\.name).filter { tensors[$0] == nil }
    guard missing.isEmpty else {
      throw FileError(
        .mismatch,
        "\(origin): \(missing.count) tensors are missing: \(firstNames(missing)); "
          + "found \(tensors.count) tensors such as \(firstNames(tensors.keys.sorted().prefix(5)))")
    }
    let wanted = Set(expected.map(\.name))
    let unknown = tensors.keys.filter {
      !wanted.contains($0) && !$0.hasSuffix(".rotary_emb.inv_freq")
        && !(configuration.tiesEmbeddings && $0 == "lm_head.weight")
    }
    guard unknown.isEmpty else {
      throw FileError(
        .mismatch,
        "\(origin): \(unknown.count) tensors that a Llama model does not have: \(firstNames(unknown.sorted()))")
    }
    for (name, shape) in expected { _ = try tensor(name, shape: shape) }
  }
}

extension LlamaConfiguration {
  /// Every weight of the model under its Hugging Face name, in the order in which the model uses them.
  public var tensorShapes: [(name: String, shape: [Int])] {
    var shapes: [(name: String, shape: [Int])] = [("model.embed_tokens.weight", [vocabularySize, hiddenSize])]
    for layer in 0..<layerCount {
      let prefix = "model.layers.\(layer)."
      shapes.append((prefix + "input_layernorm.weight", [hiddenSize]))
      for linear in linearLayers(inLayer: layer).prefix(4) {
        shapes.append((linear.name + ".weight", [linear.outputs, linear.inputs]))
      }
      shapes.append((prefix + "post_attention_layernorm.weight", [hiddenSize]))
      for linear in linearLayers(inLayer: layer).suffix(3) {
        shapes.append((linear.name + ".weight", [linear.outputs, linear.inputs]))
      }
    }
    shapes.append(("model.norm.weight", [hiddenSize]))
    if !tiesEmbeddings { shapes.append(("lm_head.weight", [vocabularySize, hiddenSize])) }
    return shapes
  }

  /// The linear layers inside the transformer blocks, which is what PEFT calls `all-linear`.
  public var linearLayers: [(name: String, outputs: Int, inputs: Int)] {
    (0..<layerCount).flatMap(linearLayers(inLayer:))
  }

  private func linearLayers(inLayer layer: Int) -> [(name: String, outputs: Int, inputs: Int)] {
    let attention = "model.layers.\(layer).self_attn."
    let feedForward = "model.layers.\(layer).mlp."
    let queries = headCount * headDimension
    let keys = keyValueHeadCount * headDimension
    return [
      (attention + "q_proj", queries, hiddenSize),
      (attention + "k_proj", keys, hiddenSize),
      (attention + "v_proj", keys, hiddenSize),
      (attention + "o_proj", hiddenSize, queries),
      (feedForward + "gate_proj", intermediateSize, hiddenSize),
      (feedForward + "up_proj", intermediateSize, hiddenSize),
      (feedForward + "down_proj", hiddenSize, intermediateSize),
    ]
  }
}
