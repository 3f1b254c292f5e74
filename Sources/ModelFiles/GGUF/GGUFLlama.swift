import Files

// What a GGUF file of architecture `llama` says about the model, in Hugging Face's terms.

extension GGUFFile {
  /// The model's configuration.
  /// - Throws: `FileError` for another architecture, a missing or absurd value, or an extension of the
  ///   architecture that is not implemented (mixture of experts, other kinds of rope scaling).
  public func llamaConfiguration() throws -> LlamaConfiguration {
    let architecture = metadata["general.architecture"]?.string ?? "none"
    guard architecture == "llama" else {
      throw FileError(
        .unsupported, "\(file.path): architecture \(quoted(architecture)), only \"llama\" is supported")
    }
    if let experts = try integer("llama.expert_count", in: 0...Limits.count), experts > 0 {
      throw FileError(.unsupported, "\(file.path): a mixture of \(experts) experts is not supported")
    }

    let hiddenSize = try required("llama.embedding_length", in: 1...Limits.width)
    let headCount = try required("llama.attention.head_count", in: 1...Limits.count)
    let keyValueHeads = try integer("llama.attention.head_count_kv", in: 1...Limits.count) ?? headCount
    guard headCount % keyValueHeads == 0 else {
      throw FileError(
        .malformed, "\(file.path): \(headCount) heads are not a multiple of \(keyValueHeads) key-value heads")
    }
    let headDimension = try headDimension(hiddenSize: hiddenSize, headCount: headCount)
    guard let embedding = tensors.first(where: { $0.name == "token_embd.weight" }) else {
      throw FileError(.malformed, "\(file.path): tensor \"token_embd.weight\" is missing")
    }
    let vocabularySize = embedding.rowCount
    if let stated = try integer("llama.vocab_size", in: 1...Limits.width), stated != vocabularySize {
      throw FileError(
        .mismatch,
        "\(file.path): \"llama.vocab_size\" is \(stated), \"token_embd.weight\" has \(vocabularySize) rows")
    }
    guard vocabularySize <= Limits.width else {
      throw FileError(.malformed, "\(file.path): a vocabulary of \(vocabularySize) tokens")
    }
    let tokenIDs = 0...(vocabularySize - 1)
    let epsilon = try positive("llama.attention.layer_norm_rms_epsilon")
    guard let epsilon else { throw missing("llama.attention.layer_norm_rms_epsilon") }

    var ends: [Int] = []
    for key in ["eos", "eot", "eom"] {
      if let id = try integer("tokenizer.ggml.\(key)_token_id", in: tokenIDs), !ends.contains(id) { ends.append(id) }
    }
    return LlamaConfiguration(
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      intermediateSize: try required("llama.feed_forward_length", in: 1...Limits.width),
      layerCount: try required("llama.block_count", in: 1...Limits.layers),
      headCount: headCount,
      keyValueHeadCount: keyValueHeads,
      headDimension: headDimension,
      rmsNormEpsilon: epsilon,
      ropeTheta: try positive("llama.rope.freq_base") ?? 10000,
      ropeScaling: try ropeScaling(headDimension: headDimension),
      contextLength: try required("llama.context_length", in: 1...Limits.context),
      tiesEmbeddings: !tensors.contains { $0.name == "output.weight" },
      bosTokenID: try integer("tokenizer.ggml.bos_token_id", in: tokenIDs),
      eosTokenIDs: ends,
      storedDType: storedDType
    )
  }

  /// The weights under their Hugging Face names. The rows of the query and key projections carry the permutation that
  /// undoes llama.cpp's interleaving. Tensors without a Hugging Face counterpart keep their own name.
  public func checkpoint(for configuration: LlamaConfiguration) -> Checkpoint {
    var named: [String: StoredTensor] = [:]
    for tensor in tensors where tensor.name != Self.ropeFactorsName {
      let name = Self.huggingFaceName(of: tensor.name) ?? tensor.name
      let isRotated = name.hasSuffix(".self_attn.q_proj.weight") || name.hasSuffix(".self_attn.k_proj.weight")
      named[name] = StoredTensor(
        name: name, encoding: tensor.encoding, shape: tensor.shape, fileOffset: tensor.fileOffset,
        byteCount: tensor.byteCount, file: tensor.file,
        // A row count that is no multiple of the head is refused by the shape check; do not index past it before that.
        rowPermutation: isRotated && tensor.rowCount % configuration.headDimension == 0
          ? RowPermutation(headDimension: configuration.headDimension) : nil)
    }
    return Checkpoint(tensors: named, origin: file.path)
  }

  /// `blk.3.attn_q.weight` → `model.layers.3.self_attn.q_proj.weight`; nil for names that Llama models do not have.
  public static func huggingFaceName(of name: String) -> String? {
    switch name {
    case "token_embd.weight": return "model.embed_tokens.weight"
    case "output_norm.weight": return "model.norm.weight"
    case "output.weight": return "lm_head.weight"
    default: break
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", parts[3] == "weight", let layer = Int(parts[1]), layer >= 0,
      String(layer) == parts[1], let module = blockNames[String(parts[2])]
    else { return nil }
    return "model.layers.\(layer).\(module).weight"
  }

  private static let blockNames = [
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
  ]

  private static let ropeFactorsName = "rope_freqs.weight"

  // MARK: Parts of the configuration

  private func headDimension(hiddenSize: Int, headCount: Int) throws -> Int {
    let key = try integer("llama.attention.key_length", in: 2...Limits.width)
    let value = try integer("llama.attention.value_length", in: 2...Limits.width)
    guard key != nil || hiddenSize % headCount == 0 else {
      throw FileError(
        .malformed, "\(file.path): the width \(hiddenSize) does not divide into \(headCount) heads")
    }
    let dimension = key ?? hiddenSize / headCount
    let rotated = try integer("llama.rope.dimension_count", in: 2...Limits.width) ?? dimension
    guard value ?? dimension == dimension, rotated == dimension, dimension % 2 == 0 else {
      throw FileError(
        .unsupported,
        "\(file.path): heads of \(dimension) with values of \(value ?? dimension) and \(rotated) rotated dimensions; "
          + "supported are heads where the three are equal and even")
    }
    return dimension
  }

  /// Llama 3.1's scaling is stored as one factor per frequency; `linear` becomes the same factor for all.
  private func ropeScaling(headDimension: Int) throws -> RopeScaling? {
    let half = headDimension / 2
    if let tensor = tensors.first(where: { $0.name == Self.ropeFactorsName }) {
      guard tensor.shape == [half], tensor.encoding == .plain(.float32) else {
        throw FileError(
          .malformed,
          "\(file.path): tensor \"\(Self.ropeFactorsName)\" is \(tensor.encoding.name) \(tensor.shape), "
            + "expected F32 [\(half)]")
      }
      let factors = try tensor.floats()
      guard factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw FileError(
          .malformed, "\(file.path): tensor \"\(Self.ropeFactorsName)\" holds a factor that is not a number above 0")
      }
      return .frequencyFactors(factors)
    }
    switch metadata["llama.rope.scaling.type"]?.string ?? "none" {
    case "none": return nil
    case "linear":
      let factor = Float(try positive("llama.rope.scaling.factor") ?? 1)
      return factor == 1 ? nil : .frequencyFactors([Float](repeating: factor, count: half))
    case let type:
      throw FileError(.unsupported, "\(file.path): rope scaling of type \(quoted(type)) is not supported")
    }
  }

  private var storedDType: TensorDType? {
    let encodings = Set(tensors.filter { $0.shape.count > 1 }.map(\.encoding))
    guard encodings.count == 1, case .plain(let type)? = encodings.first else { return nil }
    return type
  }

  // MARK: Typed metadata

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = metadata[key] else { return nil }
    guard let integer = value.int, range.contains(integer) else {
      throw FileError(
        .malformed,
        "\(file.path): \(quoted(key)) is \(value.int.map(String.init) ?? value.kindDescription), expected an integer in "
          + "\(range.lowerBound)...\(range.upperBound)")
    }
    return integer
  }

  private func required(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let value = try integer(key, in: range) else { throw missing(key) }
    return value
  }

  private func positive(_ key: String) throws -> Double? {
    guard let value = metadata[key] else { return nil }
    guard let number = value.double, number.isFinite, number > 0 else {
      throw FileError(
        .malformed,
        "\(file.path): \(quoted(key)) is \(value.double.map { "\($0)" } ?? value.kindDescription), expected a number above 0"
      )
    }
    return number
  }

  private func missing(_ key: String) -> FileError {
    FileError(.malformed, "\(file.path): metadata key \(quoted(key)) is missing")
  }
}

/// Bounds on what configurations may say: far above every published model, low enough that products of two stay in
/// range.
enum Limits {
  static let width = 1 << 24
  static let count = 1 << 16
  static let layers = 1 << 12
  static let context = 1 << 30
}
