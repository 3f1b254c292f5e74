/// Counts texts and prompts in a model's own tokens, so that they can be cut to what the model reads. The model itself
/// need not be there.
public protocol PromptTokenizer: Sendable {
  /// Most tokens that prompt and completion may have together.
  var contextLength: Int { get }

  /// Where the model's own tokens begin in a text, as UTF-8 offsets in ascending order; the first is 0.
  /// Special-token strings count as ordinary text. Empty for an empty text.
  func tokenOffsets(in text: String) throws -> [Int]

  /// Number of tokens of the whole prompt that these messages make, template included.
  func promptTokenCount(of messages: [Message], specialTokens: SpecialTokenPolicy) throws -> Int
}
