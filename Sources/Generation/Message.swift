/// One message of a chat.
public struct Message: Sendable, Equatable {
  public enum Role: String, Sendable { case system, user, assistant }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// What special-token strings (`<|eot_id|>`, `<|im_end|>`) inside message text mean.
public enum SpecialTokenPolicy: String, Sendable, CaseIterable {
  /// They are ordinary text, so that an article cannot end its own message.
  case plain
  /// They become the special tokens, as transformers' chat templates do.
  case parse
}
