/// A stage of the system: what a chat asks of the model.
///
/// It stands here because records, adapter cards and training rows speak of it, and their rooms share no other that is
/// nearer. The raw values are how records, `patron.json` and flags spell the stages.
public enum Stage: String, Sendable, Hashable, CaseIterable {
  /// Article in, statements out.
  case statements
  /// Statements in, funders out.
  case funders = "parse"
}
