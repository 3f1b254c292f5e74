/// The shape and constants of a Llama-architecture model, from whichever file described it.
///
/// The values come from a Hugging Face `config.json` or from GGUF metadata; both readers validate them, so the counts
/// here are positive and bounded and `headCount` is a multiple of `keyValueHeadCount`.
public struct LlamaConfiguration: Sendable, Hashable {
  /// Which family's names and weights the model has.
  public var family: ModelFamily
  /// Rows of the embedding table (`vocab_size`).
  public var vocabularySize: Int
  /// Width of the residual stream (`hidden_size`).
  public var hiddenSize: Int
  /// Width inside the feed-forward block (`intermediate_size`).
  public var intermediateSize: Int
  /// Number of transformer blocks (`num_hidden_layers`).
  public var layerCount: Int
  /// Query heads (`num_attention_heads`).
  public var headCount: Int
  /// Key and value heads (`num_key_value_heads`); divides `headCount`.
  public var keyValueHeadCount: Int
  /// Width of one head (`head_dim`); not always `hiddenSize / headCount`. Even.
  public var headDimension: Int
  /// Added to the mean square in RMSNorm (`rms_norm_eps`).
  public var rmsNormEpsilon: Double
  /// Base of the rotary frequencies (`rope_theta`).
  public var ropeTheta: Double
  /// How the rotary frequencies are changed for longer contexts; nil: not at all.
  public var ropeScaling: RopeScaling?
  /// Most tokens a sequence may have (`max_position_embeddings`).
  public var contextLength: Int
  /// Whether the output head is the embedding table.
  public var tiesEmbeddings: Bool
  /// First token of a prompt, where the file names one.
  public var bosTokenID: Int?
  /// Tokens that end a generation, in the file's order; may be empty.
  public var eosTokenIDs: [Int]

  public init(
    family: ModelFamily = .llama, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int,
    headCount: Int,
    keyValueHeadCount: Int, headDimension: Int, rmsNormEpsilon: Double, ropeTheta: Double,
    ropeScaling: RopeScaling? = nil, contextLength: Int, tiesEmbeddings: Bool, bosTokenID: Int? = nil,
    eosTokenIDs: [Int] = []
  ) {
    self.family = family
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.rmsNormEpsilon = rmsNormEpsilon
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.contextLength = contextLength
    self.tiesEmbeddings = tiesEmbeddings
    self.bosTokenID = bosTokenID
    self.eosTokenIDs = eosTokenIDs
  }
}

/// How rotary frequencies are changed to reach further than the model was first trained for.
public enum RopeScaling: Sendable, Hashable {
  /// Llama 3.1's rule: wavelengths longer than `originalContextLength / lowFrequencyFactor` are stretched by `factor`,
  /// those shorter than `originalContextLength / highFrequencyFactor` are kept, the ones between are interpolated.
  case llama3(
    factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
  /// One divisor per frequency (`headDimension / 2` of them), as a GGUF's `rope_freqs.weight` holds them:
  /// the inverse frequency `i` becomes `theta^(-2i/d) / factors[i]`.
  case frequencyFactors([Float])
}
