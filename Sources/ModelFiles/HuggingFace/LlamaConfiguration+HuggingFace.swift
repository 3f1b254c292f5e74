import Files
import Foundation
import JSON

extension LlamaConfiguration {
  /// Reads a Hugging Face `config.json` of a Llama model, in the published layout (`rope_theta`, `rope_scaling`,
  /// `torch_dtype`) or the newer one (`rope_parameters`, `dtype`).
  /// - Throws: `FileError` that names the field: for another architecture, a missing or absurd value, or a feature
  ///   that would change the function and is not implemented.
  public init(huggingFaceConfiguration url: URL) throws {
    try self.init(huggingFace: JSONFields(try parseJSONFile(url), place: url.path))
  }

  init(huggingFace fields: JSONFields) throws {
    let family = try Self.family(fields)
    let hiddenSize = try fields.requiredInteger("hidden_size", in: 1...Limits.width)
    let headCount = try fields.requiredInteger("num_attention_heads", in: 1...Limits.count)
    let keyValueHeads = try fields.integer("num_key_value_heads", in: 1...Limits.count) ?? headCount
    guard headCount % keyValueHeads == 0 else {
      throw fields.wrong("num_key_value_heads", "a divisor of the \(headCount) attention heads")
    }
    let headDimension: Int
    if let stated = try fields.integer("head_dim", in: 2...Limits.width) {
      headDimension = stated
    } else {
      guard hiddenSize % headCount == 0 else {
        throw fields.wrong("hidden_size", "a multiple of the \(headCount) attention heads, as there is no \"head_dim\"")
      }
      headDimension = hiddenSize / headCount
    }
    guard headDimension % 2 == 0 else {
      throw FileError(
        .malformed, "\(fields.place): heads of \(headDimension) dimensions; rotation needs an even number")
    }
    let vocabularySize = try fields.requiredInteger("vocab_size", in: 1...Limits.width)
    let tokenIDs = 0...(vocabularySize - 1)
    let contextLength = try fields.requiredInteger("max_position_embeddings", in: 1...Limits.context)
    let rope = try Self.rope(fields, headDimension: headDimension)

    self.init(
      family: family,
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      intermediateSize: try fields.requiredInteger("intermediate_size", in: 1...Limits.width),
      layerCount: try fields.requiredInteger("num_hidden_layers", in: 1...Limits.layers),
      headCount: headCount,
      keyValueHeadCount: keyValueHeads,
      headDimension: headDimension,
      rmsNormEpsilon: try fields.requiredPositiveNumber("rms_norm_eps"),
      ropeTheta: rope.theta,
      ropeScaling: rope.scaling,
      contextLength: contextLength,
      tiesEmbeddings: try fields.flag("tie_word_embeddings") ?? false,
      bosTokenID: try fields.integer("bos_token_id", in: tokenIDs),
      eosTokenIDs: try fields.integerOrList("eos_token_id", in: tokenIDs) ?? []
    )
  }

  /// The family that the file names, after a check that nothing else in it would change the function.
  private static func family(_ fields: JSONFields) throws -> ModelFamily {
    func unsupported(_ key: String, _ what: String) -> FileError {
      FileError(.unsupported, "\(fields.place): \(quoted(key)): \(what)")
    }
    let architectures = fields["architectures"]?.array?.compactMap(\.string) ?? []
    let modelType = try fields.text("model_type")
    let family = ModelFamily.all.first {
      architectures.contains($0.huggingFaceClass) || (architectures.isEmpty && modelType == $0.huggingFaceType)
    }
    guard let family else {
      let found = architectures.isEmpty ? "model type \(quoted(modelType ?? "none"))" : firstNames(architectures)
      let known = ModelFamily.all.map { quoted($0.huggingFaceClass) }.joined(separator: " and ")
      throw unsupported("architectures", "\(found), only \(known) is supported")
    }
    if let activation = try fields.text("hidden_act"), activation != "silu" {
      throw unsupported("hidden_act", "\(quoted(activation)), only \"silu\" is supported")
    }
    for key in ["attention_bias", "mlp_bias"] where try fields.flag(key) == true {
      throw unsupported(key, "linear layers with bias are not supported")
    }
    if let quantization = fields["quantization_config"] {
      throw unsupported(
        "quantization_config",
        "weights quantised by \(quoted(quantization["quant_method"]?.string ?? "an unnamed method")) are not supported"
          + "; use the bf16 weights or a GGUF file")
    }
    if let factor = try fields.positiveNumber("partial_rotary_factor"), factor != 1 {
      throw unsupported("partial_rotary_factor", "\(factor), only 1 is supported")
    }
    return family
  }

  /// The base and scaling of the rotary embedding, from whichever of the two layouts the file has.
  private static func rope(_ fields: JSONFields, headDimension: Int) throws -> (theta: Double, scaling: RopeScaling?) {
    let key = fields["rope_parameters"] != nil ? "rope_parameters" : "rope_scaling"
    guard let value = fields[key] else { return (try fields.positiveNumber("rope_theta") ?? 10000, nil) }
    let rope = try JSONFields(value, place: "\(fields.place): \(quoted(key))")
    let theta = try rope.positiveNumber("rope_theta") ?? fields.positiveNumber("rope_theta") ?? 10000
    if let factor = try rope.positiveNumber("partial_rotary_factor"), factor != 1 {
      throw FileError(.unsupported, "\(rope.place): \"partial_rotary_factor\" \(factor), only 1 is supported")
    }

    switch try rope.text("rope_type") ?? rope.text("type") ?? "default" {
    case "default":
      return (theta, nil)
    case "linear":
      let factor = Float(try rope.requiredPositiveNumber("factor"))
      return (theta, .frequencyFactors([Float](repeating: factor, count: headDimension / 2)))
    case "llama3":
      let low = try rope.requiredPositiveNumber("low_freq_factor")
      let high = try rope.requiredPositiveNumber("high_freq_factor")
      guard high > low else { throw rope.wrong("high_freq_factor", "a number above \"low_freq_factor\" \(low)") }
      return (
        theta,
        .llama3(
          factor: try rope.requiredPositiveNumber("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
          originalContextLength: try rope.requiredInteger("original_max_position_embeddings", in: 1...Limits.context))
      )
    case let type:
      throw FileError(
        .unsupported, "\(rope.place): rope type \(quoted(type)); supported are \"default\", \"linear\" and \"llama3\"")
    }
  }
}
