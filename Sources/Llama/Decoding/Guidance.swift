import Constraints

/// What a generator needs to hold outputs to constraints: the engine for its vocabulary.
///
/// Used on the generating thread only, like the caches of a model.
final class Guidance: @unchecked Sendable {
  let engine: ConstraintEngine

  /// - Parameter tokenBytes: what a token writes; nil for one that stands for no text.
  init(vocabularySize: Int, tokenBytes: (Int) -> ArraySlice<UInt8>?) {
    engine = ConstraintEngine(TokenTrie(vocabularySize: vocabularySize, tokenBytes: tokenBytes))
  }
}
