/// A linear layer of a model: y = W x, W of `outputs` rows and `inputs` columns.
public struct LinearLayer: Sendable, Hashable {
  /// The Hugging Face name, such as `model.layers.0.self_attn.q_proj`.
  public let name: String
  public let outputs: Int
  public let inputs: Int

  /// The name of its weight.
  public var weightName: String { name + ".weight" }
}

// The family's table with this model's sizes and numbers of blocks.
extension LlamaConfiguration {
  /// Every weight of the model under its Hugging Face name, in the order in which the model uses them.
  public var tensorShapes: [(name: String, shape: [Int])] {
    var shapes = [(name: embeddingsName, shape: [vocabularySize, hiddenSize])]
    for block in 0..<layerCount {
      for weight in family.block {
        let shape =
          switch weight.role {
          case .norm: [hiddenSize]
          case .linear(_, let outputs, let inputs): [width(outputs), width(inputs)]
          }
        shapes.append((name(weight, inBlock: block) + ".weight", shape))
      }
    }
    shapes.append((finalNormName, [hiddenSize]))
    if !tiesEmbeddings { shapes.append((head.weightName, [head.outputs, head.inputs])) }
    return shapes
  }

  /// Names of the weights outside of the blocks.
  public var embeddingsName: String { family.embeddings.huggingFace + ".weight" }
  var embeddingsModuleName: String { family.embeddings.huggingFace }
  public var finalNormName: String { family.finalNorm.huggingFace + ".weight" }

  /// The output head, which is the embedding table where the model ties them.
  public var head: LinearLayer {
    LinearLayer(name: family.head.huggingFace, outputs: vocabularySize, inputs: hiddenSize)
  }

  /// The names of all modules: those that have weights, and those that they are in, such as `model.layers.0.mlp`.
  var moduleNames: [String] {
    var names: [String] = []
    var seen: Set<String> = []
    for weight in tensorShapes.map(\.name) + [head.weightName] {
      var name = weight.dropLast(".weight".count)
      while !name.isEmpty, seen.insert(String(name)).inserted {
        names.append(String(name))
        name = name[..<(name.lastIndex(of: ".") ?? name.startIndex)]
      }
    }
    return names
  }

  /// The linear layers inside the transformer blocks, which is what PEFT calls `all-linear`.
  public var linearLayers: [LinearLayer] {
    (0..<layerCount).flatMap { block in LinearGroup.allCases.flatMap { linearLayers($0, inBlock: block) } }
  }

  /// The linear layers of one group, in the order of the family's table.
  public func linearLayers(_ group: LinearGroup, inBlock block: Int) -> [LinearLayer] {
    family.block.compactMap { weight in
      guard case .linear(group, let outputs, let inputs) = weight.role else { return nil }
      return LinearLayer(name: name(weight, inBlock: block), outputs: width(outputs), inputs: width(inputs))
    }
  }

  /// The name of a norm's weight; nil where the family's blocks have no such norm.
  public func normName(_ norm: BlockNorm, inBlock block: Int) -> String? {
    family.block.first { $0.role == .norm(norm) }.map { name($0, inBlock: block) + ".weight" }
  }

  private func name(_ weight: BlockWeight, inBlock block: Int) -> String {
    ModelFamily.huggingFacePrefix(ofBlock: block) + weight.name.huggingFace
  }

  private func width(_ width: BlockWidth) -> Int {
    switch width {
    case .hidden: hiddenSize
    case .intermediate: intermediateSize
    case .queries: headCount * headDimension
    case .keys: keyValueHeadCount * headDimension
    }
  }
}
