import Generation
import Funding
import Torch

extension Extractor {
  /// Most bytes of a file that `extract(file:)` reads.
  public static let maximumFileSize = 64 << 20

  /// Opens a model on this machine, ready to read articles as its adapters were trained to.
  ///
  ///     let extractor = try Extractor.open()
  ///     let record = try await extractor.extract(file: "article.md")
  ///     for funder in record.funders { print(funder.name ?? "unnamed") }
  ///
  /// For other options, devices or types of weights, make a `ModelSelection` and an `Extractor` of what it opens.
  /// - Parameters:
  ///   - model: a known name, a Hugging Face folder or a GGUF file. Known models are looked for in the folder that the
  ///     environment variable PATRON_MODELS names, such as `share/patron/models` of an installation.
  ///   - adapters: PEFT folders, in the order of merging; nil: those that the model comes with.
  ///   - options: nil: as the adapters were trained.
  /// - Throws: `FileError`, `AdapterError` or `LlamaError`.
  public static func open(
    model: String = ModelCatalog.defaultName, adapters: [String]? = nil, options: ExtractionOptions? = nil
  ) throws -> Extractor {
    let selection = try ModelSelection(model, adapters: adapters)
    try selection.cards.checkPrompts(of: Set(Stage.allCases))
    return Extractor(
      generator: try selection.open(), options: try options ?? selection.options(), version: PatronVersion.full)
  }

  /// Finds the funding statements of an article and their funders.
  /// - Parameter path: a text file in UTF-8, of up to `maximumFileSize` bytes; also the record's id.
  /// - Throws: `InputError` where it cannot be read or holds rows of JSON or a table, and what
  ///   `extract(id:contents:onProgress:)` throws.
  public func extract(file path: String, onProgress: ProgressHandler? = nil) async throws -> ExtractionRecord {
    let source = InputSource(id: path, place: .file(path: path))
    let contents = try source.contents(limit: Self.maximumFileSize, advice: "an article is smaller")
    let items = InputItem.articles(in: contents, id: path)
    guard let item = items.first, items.count == 1, item.id == path,
      case .text(let text) = try item.contents.get()
    else {
      throw InputError("found \(items.count) rows of JSON, expected the text of an article; read the rows one by one")
    }
    return try await extract(id: path, contents: text, onProgress: onProgress)
  }
}
