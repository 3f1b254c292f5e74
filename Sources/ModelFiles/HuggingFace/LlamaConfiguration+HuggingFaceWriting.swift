import Files
import Foundation
import JSON

// A configuration as Hugging Face's files write it, in the published layout: versions old and new read it.
extension LlamaConfiguration {
  /// The `config.json`.
  /// - Parameter dtype: of the weights.
  /// - Throws: `FileError` of code `.unsupported` for rotary frequencies that the file has no words for.
  public func huggingFaceJSON(dtype: TensorDType) throws -> JSON {
    let members: [(String, JSON?)] = [
      ("architectures", [.string(family.huggingFaceClass)]),
      ("attention_bias", false),
      ("attention_dropout", 0.0),
      ("bos_token_id", bosTokenID.map { .number($0) }),
      ("eos_token_id", endTokens),
      ("head_dim", .number(headDimension)),
      ("hidden_act", "silu"),
      ("hidden_size", .number(hiddenSize)),
      ("intermediate_size", .number(intermediateSize)),
      ("max_position_embeddings", .number(contextLength)),
      ("mlp_bias", false),
      ("model_type", .string(family.huggingFaceType)),
      ("num_attention_heads", .number(headCount)),
      ("num_hidden_layers", .number(layerCount)),
      ("num_key_value_heads", .number(keyValueHeadCount)),
      ("rms_norm_eps", .number(rmsNormEpsilon)),
      ("rope_scaling", try ropeScaling?.huggingFaceJSON(self) ?? .null),
      ("rope_theta", .number(ropeTheta)),
      ("tie_word_embeddings", .bool(tiesEmbeddings)),
      ("torch_dtype", dtype.torchName.map { .string($0) }),
      ("use_cache", true),
      ("vocab_size", .number(vocabularySize)),
    ]
    return .object(members.compactMap { key, value in value.map { (key, $0) } })
  }

  /// The `generation_config.json`: where a generation begins and ends. How to sample is left to who asks.
  public func generationJSON(paddingTokenID: Int?) -> JSON {
    let members: [(String, JSON?)] = [
      ("bos_token_id", bosTokenID.map { .number($0) }), ("eos_token_id", endTokens),
      ("pad_token_id", paddingTokenID.map { .number($0) }),
    ]
    return .object(members.compactMap { key, value in value.map { (key, $0) } })
  }

  private var endTokens: JSON? {
    switch eosTokenIDs.count {
    case 0: nil
    case 1: .number(eosTokenIDs[0])
    default: .array(eosTokenIDs.map { .number($0) })
    }
  }
}

extension RopeScaling {
  /// The parameters that published Llama models (3.1, 3.2, 3.3) have in common.
  private static let publishedLlama3 = (low: 1.0, high: 4.0, originalContextLength: 8192)

  fileprivate func huggingFaceJSON(_ configuration: LlamaConfiguration) throws -> JSON {
    switch self {
    case .llama3(let factor, let low, let high, let originalContextLength):
      return [
        "factor": .number(factor), "low_freq_factor": .number(low), "high_freq_factor": .number(high),
        "original_max_position_embeddings": .number(originalContextLength), "rope_type": "llama3",
      ]
    case .frequencyFactors(let factors):
      // A GGUF file has the factors, Hugging Face's the rule that they come from.
      guard let largest = factors.max() else { return .null }
      if factors.allSatisfy({ $0 == largest }) {
        return ["factor": .number(Double(largest)), "rope_type": "linear"]
      }
      let published = Self.publishedLlama3
      let rule = RopeScaling.llama3(
        factor: Double(largest), lowFrequencyFactor: published.low, highFrequencyFactor: published.high,
        originalContextLength: published.originalContextLength)
      let expected = rule.frequencyFactors(theta: configuration.ropeTheta, dimension: configuration.headDimension)
      guard expected.count == factors.count,
        zip(expected, factors).allSatisfy({ abs($0 - Double($1)) <= 1e-4 * $0 })
      else {
        throw FileError(
          .unsupported,
          "found rotary frequency factors up to \(largest), which are neither the same for all frequencies nor those "
            + "of Llama 3.1; a config.json cannot say them")
      }
      return try rule.huggingFaceJSON(configuration)
    }
  }

  /// What each frequency is divided by, as llama.cpp's converter computes it.
  func frequencyFactors(theta: Double, dimension: Int) -> [Double] {
    guard case .llama3(let factor, let low, let high, let originalContextLength) = self else {
      guard case .frequencyFactors(let factors) = self else { return [] }
      return factors.map(Double.init)
    }
    let original = Double(originalContextLength)
    return (0..<dimension / 2).map { index in
      let wavelength = 2 * Double.pi * pow(theta, Double(2 * index) / Double(dimension))
      if wavelength < original / high { return 1 }
      if wavelength > original / low { return factor }
      let smooth = (original / wavelength - low) / (high - low)
      return 1 / ((1 - smooth) / factor + smooth)
    }
  }
}
