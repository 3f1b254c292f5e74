import Funding
import Generation
import JSON
import Text

/// A row of a data file.
public struct DataRow: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    /// A whole article and the statements in it, each a substring.
    case article(String, statements: [String])
    /// A funding statement and what it says.
    case statement(String, funders: [Funder])
    /// A chat whose assistant messages are to be learnt.
    case chat([Message])

    public var task: Stage? {
      switch self {
      case .article: .statements
      case .statement: .funders
      case .chat: nil
      }
    }
  }

  /// As the row names itself, else `line N`.
  public var id: String
  /// As the row states it.
  public var license: String?
  public var content: Content
  /// Of a whole article, where its row names them.
  public var articleFunders: [Funder]?

  public init(id: String, license: String? = nil, content: Content, articleFunders: [Funder]? = nil) {
    self.id = id
    self.license = license
    self.content = content
    self.articleFunders = articleFunders
  }
}

extension DataRow {
  private static let expectation =
    "expected article and statements, statement (or funding_statement) and funders, or messages"

  /// Recognises a row by its members.
  ///
  /// - `article`, `statements` (strings, or objects with `text` or `statement`);
  /// - `statement` or `funding_statement`, `funders` in any form that `FunderReader` reads: nested, flat, a JSON
  ///   string;
  /// - `messages` of `role` and `content`, as Hugging Face writes chats.
  ///
  /// - Parameter number: the line, for rows without an `id`.
  /// - Throws: `DataError.unreadableRow` that says what was found and what was expected.
  init(_ value: JSON, number: Int) throws(DataError) {
    guard let object = value.object else { throw Self.wrong("found \(value.kindDescription), expected an object") }
    let name = object["id"]?.string.flatMap { PythonText.isBlank($0) ? nil : $0 }
    let id = name ?? object["id"]?.int.map(String.init) ?? "line \(number)"
    let license = object["license"]?.string ?? object["licence"]?.string
    let content: Content
    var articleFunders: [Funder]?
    if let messages = object["messages"] {
      content = .chat(try Self.messages(messages))
    } else if let article = object["article"] {
      guard let text = article.string else {
        throw Self.wrong("article is \(article.kindDescription), expected a string")
      }
      guard let statements = object["statements"] else {
        throw Self.wrong("an article without statements (an empty list says that there are none)")
      }
      content = .article(text, statements: try Self.statements(statements))
      // Learning to find statements needs none: what cannot be read is no reason to refuse the row.
      articleFunders = object["funders"].flatMap { $0.isNull ? nil : try? Self.funders($0) }
    } else if let statement = object["statement"] ?? object["funding_statement"] {
      guard let text = statement.string, !PythonText.isBlank(text) else {
        throw Self.wrong("the statement is \(statement.string == nil ? statement.kindDescription : "empty")")
      }
      guard let funders = object["funders"] else {
        throw Self.wrong("a statement without funders (an empty list says that it names none)")
      }
      content = .statement(text, funders: try Self.funders(funders))
    } else {
      let keys = object.keys.prefix(8).map { String($0.prefix(40)) }
      throw Self.wrong("found \(keys.isEmpty ? "no members" : keys.joined(separator: ", ")); \(Self.expectation)")
    }
    self.init(id: id, license: license, content: content, articleFunders: articleFunders)
  }

  private static func wrong(_ message: String) -> DataError { DataError(.unreadableRow, message) }

  private static func statements(_ value: JSON) throws(DataError) -> [String] {
    guard let elements = value.array else { throw wrong("statements is \(value.kindDescription), expected an array") }
    var statements: [String] = []
    for element in elements {
      guard let text = element.string ?? element["text"]?.string ?? element["statement"]?.string,
        !PythonText.isBlank(text)
      else {
        throw wrong("found \(element.kindDescription) among the statements, expected a text that is not empty")
      }
      statements.append(text)
    }
    return statements
  }

  /// Gold has to be whole: what a reader of model output would pass over is an error here.
  private static func funders(_ value: JSON) throws(DataError) -> [Funder] {
    do throws(FundingError) {
      let funders = try FunderReader.funders(from: try checkedFunders(value)).map(\.withoutBlankValues)
      for funder in funders where funder.name == nil && funder.awards.allSatisfy(\.isEmpty) {
        throw FundingError(.unreadableOutput, "found a funder without name and awards")
      }
      return funders
    } catch {
      throw wrong("funders: \(error.message)")
    }
  }

  private static func checkedFunders(_ value: JSON) throws(FundingError) -> JSON {
    switch value {
    case .null: return .array([])
    case .bool, .number:
      throw FundingError(.unreadableOutput, "found \(value.kindDescription), expected an array of objects")
    case .array(let elements):
      for element in elements where element.object == nil {
        throw FundingError(.unreadableOutput, "found \(element.kindDescription) in the list, expected an object")
      }
      return value
    case .object, .string: return value
    }
  }

  private static func messages(_ value: JSON) throws(DataError) -> [Message] {
    guard let elements = value.array else { throw wrong("messages is \(value.kindDescription), expected an array") }
    var messages: [Message] = []
    for (index, element) in elements.enumerated() {
      guard let name = element["role"]?.string, let content = element["content"]?.string else {
        throw wrong("message \(index + 1): expected an object with the strings role and content")
      }
      guard let role = Message.Role(rawValue: name) else {
        throw wrong("message \(index + 1): found the role \(JSON.string(name)), expected system, user or assistant")
      }
      if role == .system, index > 0 { throw wrong("message \(index + 1): a system message may only stand first") }
      messages.append(Message(role, content))
    }
    guard messages.contains(where: { $0.role == .assistant }) else {
      throw wrong("messages without one of the assistant: there is nothing to learn")
    }
    return messages
  }
}

extension DataRow {
  /// As a line of a data file.
  public var json: JSON {
    var members: [(String, JSON)] = [("id", .string(id)), ("source", "synthetic")]
    if let license { members.append(("license", .string(license))) }
    switch content {
    case .article(let text, let statements):
      members += [("article", .string(text)), ("statements", .array(statements.map(JSON.string)))]
      if let articleFunders { members.append(("funders", .array(articleFunders.map(\.json)))) }
    case .statement(let text, let funders):
      members += [("statement", .string(text)), ("funders", .array(funders.map(\.json)))]
    case .chat(let messages):
      members.append(
        (
          "messages",
          .array(messages.map { .object([("role", .string($0.role.rawValue)), ("content", .string($0.content))]) })
        ))
    }
    return .object(members)
  }
}
