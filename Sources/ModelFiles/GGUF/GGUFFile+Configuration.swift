import Files

// What a GGUF file of a known family says about the model, in Hugging Face's terms.

extension GGUFFile {
  /// The model's configuration.
  /// - Throws: `FileError` for another architecture, a missing or absurd value, or an extension of the
  ///   architecture that is not implemented (mixture of experts, other kinds of rope scaling).
  public func llamaConfiguration() throws -> LlamaConfiguration {
    let architecture = metadata["general.architecture"]?.string ?? "none"
    guard let family = ModelFamily.all.first(where: { $0.ggufName == architecture }) else {
      let known = ModelFamily.all.map { quoted($0.ggufName) }.joined(separator: " and ")
      throw FileError(.unsupported, "\(file.path): architecture \(quoted(architecture)), only \(known) is supported")
    }
    let prefix = family.ggufName + "."
    let embeddingsName = family.embeddings.gguf + ".weight"
    if let experts = try integer(prefix + "expert_count", in: 0...Limits.count), experts > 0 {
      throw FileError(.unsupported, "\(file.path): a mixture of \(experts) experts is not supported")
    }

    let hiddenSize = try required(prefix + "embedding_length", in: 1...Limits.width)
    let headCount = try required(prefix + "attention.head_count", in: 1...Limits.count)
    let keyValueHeads = try integer(prefix + "attention.head_count_kv", in: 1...Limits.count) ?? headCount
    guard headCount % keyValueHeads == 0 else {
      throw FileError(
        .malformed, "\(file.path): \(headCount) heads are not a multiple of \(keyValueHeads) key-value heads")
    }
    let headDimension = try headDimension(prefix: prefix, hiddenSize: hiddenSize, headCount: headCount)
    guard let embedding = tensors.first(where: { $0.name == embeddingsName }) else {
      throw FileError(.malformed, "\(file.path): tensor \(quoted(embeddingsName)) is missing")
    }
    let vocabularySize = embedding.rowCount
    if let stated = try integer(prefix + "vocab_size", in: 1...Limits.width), stated != vocabularySize {
      throw FileError(
        .mismatch,
        "\(file.path): \(quoted(prefix + "vocab_size")) is \(stated), \(quoted(embeddingsName)) has "
          + "\(vocabularySize) rows")
    }
    guard vocabularySize <= Limits.width else {
      throw FileError(.malformed, "\(file.path): a vocabulary of \(vocabularySize) tokens")
    }
    let tokenIDs = 0...(vocabularySize - 1)
    let epsilon = try positive(prefix + "attention.layer_norm_rms_epsilon")
    guard let epsilon else { throw missing(prefix + "attention.layer_norm_rms_epsilon") }

    var ends: [Int] = []
    for key in ["eos", "eot", "eom"] {
      if let id = try integer("tokenizer.ggml.\(key)_token_id", in: tokenIDs), !ends.contains(id) { ends.append(id) }
    }
    return LlamaConfiguration(
      family: family,
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      intermediateSize: try required(prefix + "feed_forward_length", in: 1...Limits.width),
      layerCount: try required(prefix + "block_count", in: 1...Limits.layers),
      headCount: headCount,
      keyValueHeadCount: keyValueHeads,
      headDimension: headDimension,
      rmsNormEpsilon: epsilon,
      ropeTheta: try positive(prefix + "rope.freq_base") ?? 10000,
      ropeScaling: try ropeScaling(prefix: prefix, headDimension: headDimension),
      contextLength: try required(prefix + "context_length", in: 1...Limits.context),
      tiesEmbeddings: !tensors.contains { $0.name == family.head.gguf + ".weight" },
      bosTokenID: try integer("tokenizer.ggml.bos_token_id", in: tokenIDs),
      eosTokenIDs: ends
    )
  }

  /// The weights under their Hugging Face names. The rows of the query and key projections carry the permutation that
  /// undoes llama.cpp's interleaving. Tensors without a Hugging Face counterpart keep their own name.
  public func checkpoint(for configuration: LlamaConfiguration) -> Checkpoint {
    var named: [String: StoredTensor] = [:]
    for tensor in tensors where tensor.name != Self.ropeFactorsName {
      let (name, isPermuted) =
        configuration.family.huggingFaceName(ofGGUF: tensor.name) ?? (name: tensor.name, isPermuted: false)
      named[name] = StoredTensor(
        name: name, encoding: tensor.encoding, shape: tensor.shape, fileOffset: tensor.fileOffset,
        byteCount: tensor.byteCount, file: tensor.file,
        // A row count that is no multiple of the head is refused by the shape check; do not index past it before that.
        rowPermutation: isPermuted && tensor.rowCount % configuration.headDimension == 0
          ? RowPermutation(headDimension: configuration.headDimension) : nil)
    }
    return Checkpoint(tensors: named, origin: file.path)
  }

  private static let ropeFactorsName = "rope_freqs.weight"

  // MARK: Parts of the configuration

  private func headDimension(prefix: String, hiddenSize: Int, headCount: Int) throws -> Int {
    let key = try integer(prefix + "attention.key_length", in: 2...Limits.width)
    let value = try integer(prefix + "attention.value_length", in: 2...Limits.width)
    guard key != nil || hiddenSize % headCount == 0 else {
      throw FileError(
        .malformed, "\(file.path): the width \(hiddenSize) does not divide into \(headCount) heads")
    }
    let dimension = key ?? hiddenSize / headCount
    let rotated = try integer(prefix + "rope.dimension_count", in: 2...Limits.width) ?? dimension
    guard value ?? dimension == dimension, rotated == dimension, dimension % 2 == 0 else {
      throw FileError(
        .unsupported,
        "\(file.path): heads of \(dimension) with values of \(value ?? dimension) and \(rotated) rotated dimensions; "
          + "supported are heads where the three are equal and even")
    }
    return dimension
  }

  /// Llama 3.1's scaling is stored as one factor per frequency; `linear` becomes the same factor for all. llama.cpp
  /// applies both where a file has both, which is refused here.
  private func ropeScaling(prefix: String, headDimension: Int) throws -> RopeScaling? {
    let half = headDimension / 2
    let factor = try linearRopeFactor(prefix: prefix)
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
      guard factor == 1 else {
        throw FileError(
          .unsupported,
          "\(file.path): rope scaling by \(factor) and the factors of \"\(Self.ropeFactorsName)\"; supported is one of "
            + "the two")
      }
      return .frequencyFactors(factors)
    }
    return factor == 1 ? nil : .frequencyFactors([Float](repeating: factor, count: half))
  }

  /// What all frequencies are divided by. A factor without a type is a linear one, as in llama.cpp, and so is one under
  /// the older key; 0 stands for none.
  private func linearRopeFactor(prefix: String) throws -> Float {
    let type = metadata[prefix + "rope.scaling.type"]?.string ?? "linear"
    guard type == "none" || type == "linear" else {
      throw FileError(.unsupported, "\(file.path): rope scaling of type \(quoted(type)) is not supported")
    }
    if let factor = try positive(prefix + "rope.scaling.attn_factor"), factor != 1 {
      throw FileError(
        .unsupported, "\(file.path): \"\(prefix)rope.scaling.attn_factor\" is \(factor), only 1 is supported")
    }
    let keys = ["rope.scaling.factor", "rope.scale_linear"].map { prefix + $0 }
    guard type == "linear", let key = keys.first(where: { metadata[$0] != nil }), metadata[key]?.double != 0 else {
      return 1
    }
    return Float(try positive(key) ?? 1)
  }

  // MARK: Typed metadata

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = metadata[key] else { return nil }
    guard let integer = value.int, range.contains(integer) else {
      throw FileError(
        .malformed,
        "\(file.path): \(quoted(key)) is \(value.int.map(String.init) ?? value.kindDescription), expected an integer "
          + "in \(range.lowerBound)...\(range.upperBound)")
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
        "\(file.path): \(quoted(key)) is \(value.double.map { "\($0)" } ?? value.kindDescription), "
          + "expected a number above 0")
    }
    return number
  }

  private func missing(_ key: String) -> FileError {
    FileError(.malformed, "\(file.path): metadata key \(quoted(key)) is missing")
  }
}
