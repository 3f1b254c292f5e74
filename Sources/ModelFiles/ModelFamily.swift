/// A family of models: how its files call it, and the table of its weights.
///
/// Loading, GGUF names, adapters, merging and the checks of files walk the table. Another family of this kind of block
/// is one file with a table, and a row in ``all``.
public struct ModelFamily: Sendable, Hashable {
  /// The families that can be read.
  public static let all: [ModelFamily] = [.llama]

  /// The class in `architectures` of a `config.json`.
  public let huggingFaceClass: String
  /// `model_type` of a `config.json`.
  public let huggingFaceType: String
  /// `general.architecture` of a GGUF file; also what its keys of metadata begin with.
  public let ggufName: String
  public let embeddings: WeightName
  public let finalNorm: WeightName
  /// The output head, which a model that ties its embeddings does not have.
  public let head: WeightName
  /// The weights of one block, in the order in which the block uses them.
  public let block: [BlockWeight]
}

/// What a weight is called, without `.weight` at the end.
public struct WeightName: Sendable, Hashable {
  public let huggingFace: String
  public let gguf: String

  public init(huggingFace: String, gguf: String) {
    self.huggingFace = huggingFace
    self.gguf = gguf
  }
}

/// A row of the table: one weight of a transformer block.
public struct BlockWeight: Sendable, Hashable {
  /// What the weight is for.
  public enum Role: Sendable, Hashable {
    case norm(BlockNorm)
    case linear(LinearGroup, outputs: BlockWidth, inputs: BlockWidth)
  }

  /// Names within the block, such as `self_attn.q_proj` and `attn_q`.
  public let name: WeightName
  public let role: Role
  /// Whether llama.cpp's converter stores the rows in its own order, see ``RowPermutation``.
  public let isPermutedInGGUF: Bool

  public static func norm(_ norm: BlockNorm, _ huggingFace: String, gguf: String) -> BlockWeight {
    BlockWeight(name: WeightName(huggingFace: huggingFace, gguf: gguf), role: .norm(norm), isPermutedInGGUF: false)
  }

  public static func linear(
    _ group: LinearGroup, _ huggingFace: String, gguf: String, outputs: BlockWidth, inputs: BlockWidth,
    isPermutedInGGUF: Bool = false
  ) -> BlockWeight {
    BlockWeight(
      name: WeightName(huggingFace: huggingFace, gguf: gguf),
      role: .linear(group, outputs: outputs, inputs: inputs), isPermutedInGGUF: isPermutedInGGUF)
  }
}

/// The norms of a block, by what reads their output.
public enum BlockNorm: Sendable, Hashable {
  case attention, feedForward
}

/// Linear layers of a block that read the same input, in the order in which the block runs them.
public enum LinearGroup: Int, CaseIterable, Sendable {
  case queryKeyValue, output, gateUp, down
}

/// The widths of a block's linear layers.
public enum BlockWidth: Sendable, Hashable {
  case hidden, intermediate
  /// All query heads, and all key or value heads.
  case queries, keys
}

// MARK: Names

extension ModelFamily {
  /// What stands before the names of a block's weights.
  static func huggingFacePrefix(ofBlock block: Int) -> String { "model.layers.\(block)." }

  /// The number in `model.layers.3.…`; nil for other names.
  static func block(ofHuggingFace name: String) -> Int? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 3, parts[0] == "model", parts[1] == "layers" else { return nil }
    return Int(parts[2])
  }

  /// `blk.3.attn_q.weight` → `model.layers.3.self_attn.q_proj.weight`; nil for names that the family does not have.
  /// - Returns: also whether the file's rows stand in llama.cpp's order.
  public func huggingFaceName(ofGGUF name: String) -> (name: String, isPermuted: Bool)? {
    for weight in [embeddings, finalNorm, head] where weight.gguf + ".weight" == name {
      return (weight.huggingFace + ".weight", false)
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", parts[3] == "weight", let index = Int(parts[1]), index >= 0,
      String(index) == parts[1], let weight = block.first(where: { $0.name.gguf == parts[2] })
    else { return nil }
    return (Self.huggingFacePrefix(ofBlock: index) + weight.name.huggingFace + ".weight", weight.isPermutedInGGUF)
  }

  /// The last parts of the names of the blocks' linear layers, such as `q_proj`, sorted: a PEFT configuration's
  /// targets.
  public var linearLayerSuffixes: [String] {
    block.compactMap { weight in
      guard case .linear = weight.role else { return nil }
      return weight.name.huggingFace.split(separator: ".").last.map(String.init)
    }.sorted()
  }
}
