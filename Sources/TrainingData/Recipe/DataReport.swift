import Generation
import Funding

/// What became of the rows of a recipe.
public struct DataReport: Sendable, Equatable {
  public struct File: Sendable, Equatable {
    public var path: String
    /// SHA-256 of the bytes, in hexadecimal.
    public var hash: String
    /// Rows that could be read.
    public var rows = 0
    /// Rows left out for their licence.
    public var refusedLicenses = 0
    /// Rows kept that state no licence.
    public var unstatedLicenses = 0
    /// Rows that could be read by what they state as licence; `not stated` where they state none.
    public var rowsByLicense: [String: Int] = [:]
  }

  public struct TaskCounts: Sendable, Equatable {
    /// Rows used, each counted once for each of its copies.
    public var rows = 0
    public var examples = 0
    public var tokens = 0
    public var supervisedTokens = 0
    /// Examples whose answer is not an empty list.
    public var answered = 0
    /// Examples whose input carries training noise.
    public var noisy = 0
    /// Examples left out because they are longer than the recipe's maximum.
    public var tooLong = 0
    /// Examples left out because the vocabulary lacks a character of the answer.
    public var inexpressible = 0
    public var longest = 0
  }

  public struct ExtractCounts: Sendable, Equatable {
    /// Most tokens of a chunk and tokens that neighbours share, as the articles were cut: fewer than the recipe says
    /// where its maximum length leaves no room for them. 0: there was no article.
    public var chunkTokens = 0
    public var overlapTokens = 0
    /// Chunks that the articles were cut into.
    public var chunks = 0
    /// Of these, the ones that `ChunkSelection.likely` takes.
    public var likelyChunks = 0
    /// Chunks that hold a statement whole and cut none.
    public var answeredChunks = 0
    /// Of these, the ones that `ChunkSelection.likely` takes.
    public var likelyAnsweredChunks = 0
    /// Chunks left out because their border cuts a statement: neither "there" nor "not there" is true of it.
    public var cutChunks = 0
    /// Chunks left out because their article has a gold statement that was not found: they may hold it.
    public var uncertainChunks = 0
    /// Chunks without statement.
    public var negatives = 0
    /// Of these, the ones that were kept.
    public var negativesKept = 0
    /// Of the kept ones, those that speak of funds, grants, support or interests.
    public var hardNegativesKept = 0
    /// Of the kept ones, those of kinds that are easily taken for funding.
    public var negativesKeptByKind: [NegativeKind: Int] = [:]
    /// Gold statements, once per copy of their article.
    public var statements = 0
    /// Gold statements that are not in the cleaned text of their article.
    public var statementsNotFound = 0
    /// Gold statements that no chunk holds whole.
    public var statementsNeverWhole = 0
  }

  public struct KindCounts: Sendable, Equatable {
    public var values = 0
    public var verbatim = 0
  }

  public struct ParseCounts: Sendable, Equatable {
    public var funders = 0
    /// Names, award ids, schemes and titles.
    public var values = 0
    /// Values that were in the statement but for spelling (punctuation, spaces, letter case): they take the
    /// statement's.
    public var respelled = 0
    /// Values that are not in the statement.
    public var notVerbatim = 0
    /// Rows left out for such a value.
    public var rowsNotVerbatim = 0
    /// Values of each kind, and how many of them the statement has word for word.
    public var kinds: [ValueKind: KindCounts] = [:]
    /// Rows whose funders were put into the order of the text.
    public var reordered = 0
    /// Examples of two rows, one on each line.
    public var joined = 0
  }

  public var files: [File] = []
  /// Rows that could not be read.
  public var problems: [DataProblem] = []
  /// Control characters that articles and statements were cleaned of.
  public var controlCharacters = 0
  public var tasks: [Stage?: TaskCounts] = [:]
  public var extract = ExtractCounts()
  public var parse = ParseCounts()

  public init() {}

  public var examples: Int { tasks.values.reduce(0) { $0 + $1.examples } }
  public var tokens: Int { tasks.values.reduce(0) { $0 + $1.tokens } }
  public var supervisedTokens: Int { tasks.values.reduce(0) { $0 + $1.supervisedTokens } }
}
