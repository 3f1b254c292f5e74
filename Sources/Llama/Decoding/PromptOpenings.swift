import Torch

/// Keys and values of prompts' openings, which end with the system message: all prompts of a stage share theirs, so it
/// is read once.
///
/// An opening goes through the model by itself whether it is kept or not: a completion does not depend on what was read
/// before it. Used on the generating thread only; the model's weights must not change meanwhile.
final class PromptOpenings: @unchecked Sendable {
  /// Openings kept, the last used one first.
  private var kept: [(tokens: ArraySlice<Int>, cache: KVCache)] = []
  private static let mostKept = 4
  /// A longer opening is read each time: its keys and values would take much memory.
  private static let mostTokens = 1_024

  /// Fills an empty cache with the positions of an opening, which `read` puts through the model where they are not
  /// known.
  func fill(_ cache: KVCache, with tokens: ArraySlice<Int>, read: () throws -> Void) throws {
    if tokens.isEmpty { return }
    if let place = kept.firstIndex(where: { $0.tokens == tokens }) {
      let opening = kept.remove(at: place)
      kept.insert(opening, at: 0)
      try cache.append(opening.cache)
      return
    }
    try read()
    guard tokens.count <= Self.mostTokens else { return }
    // An array of its own: the slice would keep the whole prompt alive.
    kept.insert((ArraySlice(Array(tokens)), try cache.copy()), at: 0)
    kept.removeLast(max(0, kept.count - Self.mostKept))
  }
}
