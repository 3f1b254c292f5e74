import JSON

/// What an output must be: a shape in JSON, and the texts that some of its strings are copied from.
///
/// A generator on this machine holds every token to it. A remote server can be given `shape.jsonSchema`, and `sources`
/// as data beside it; whatever it does not hold to, the readers check afterwards.
public struct OutputConstraint: Sendable, Equatable {
  public var shape: OutputShape
  /// What copied strings are copied from. No copy runs from one source into the next.
  public var sources: [String]
  /// Whether a copy may also read as if the source had no line breaks inside its paragraphs: a line break as a space, a
  /// word that a line's end divides in one piece, several spaces as one.
  public var foldsLines: Bool

  public init(shape: OutputShape, sources: [String] = [], foldsLines: Bool = false) {
    self.shape = shape
    self.sources = sources
    self.foldsLines = foldsLines
  }
}

/// A shape of JSON text.
///
/// ```swift
/// let shape = OutputShape.object([("statements", .array(of: .string(.copied(.lines)), atMost: 64))])
/// ```
public indirect enum OutputShape: Sendable, Hashable {
  /// An object with exactly these members in this order.
  case object([Member])
  /// A list of at most so many items. An item that repeats an earlier one byte for byte must be the list's last: a
  /// model that repeats itself has nothing more to say.
  case array(of: OutputShape, atMost: Int)
  /// A string that begins with a visible character: neither whitespace nor a control character.
  case string(StringContent)
  /// `null`, or what the shape says.
  case nullOr(OutputShape)

  public struct Member: Sendable, Hashable {
    public var key: String
    public var value: OutputShape

    public init(_ key: String, _ value: OutputShape) {
      self.key = key
      self.value = value
    }
  }

  public static func object(_ members: [(String, OutputShape)]) -> OutputShape {
    .object(members.map { Member($0.0, $0.1) })
  }
}

/// What may stand in a string.
public enum StringContent: Sendable, Hashable {
  /// Anything.
  case free
  /// A stretch of one of the constraint's sources, its first and last character visible. Only what JSON wants escaped
  /// is escaped.
  case copied(CopyEdges)
}

/// Where a copy may begin and end in its source.
public enum CopyEdges: String, Sendable, Hashable, CaseIterable {
  /// At every character.
  case anywhere
  /// Not between two letters or digits, nor before a combining mark, so that no word and no number is cut. (Scripts
  /// that put no spaces between words, such as Chinese, Japanese and Thai, and Korean may be cut between letters.)
  case words
  /// As `words`, and where words run together because spaces were lost, or particles are attached to them.
  case names
  /// As `words`, and between an id and a word that touches it, but not inside an id that signs hold together:
  /// `2016-04512` out of `grant2016-04512and`, and nothing out of `2016-04512`.
  case awardIDs = "award_ids"
  /// At the beginnings and ends of sentences and lines.
  case sentences
  /// At the beginnings and ends of lines.
  case lines

  /// What makes sense of whole statements, from the most places to the fewest.
  public static let ofStatements: [CopyEdges] = [.anywhere, .words, .sentences, .lines]
}

extension OutputShape {
  /// The shape as a JSON Schema. Copied strings carry `"x-copied": "words"` and the like; servers that do not know it
  /// read on.
  public var jsonSchema: JSON {
    switch self {
    case .object(let members):
      .object([
        ("type", "object"), ("properties", .object(members.map { ($0.key, $0.value.jsonSchema) })),
        ("required", .array(members.map { .string($0.key) })), ("additionalProperties", false),
      ])
    case .array(let item, let limit):
      .object([("type", "array"), ("items", item.jsonSchema), ("maxItems", .number(limit))])
    case .string(.free): .object([("type", "string"), ("minLength", 1)])
    case .string(.copied(let edges)):
      .object([("type", "string"), ("minLength", 1), ("x-copied", .string(edges.rawValue))])
    case .nullOr(let shape): .object([("anyOf", .array([.object([("type", "null")]), shape.jsonSchema]))])
    }
  }
}
