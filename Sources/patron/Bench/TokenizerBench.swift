import ArgumentParser
import Files
import Foundation
import Generation
import JSON
import ModelFiles
import PatronKit
import Tokenizer

/// `patron bench tokenizer`.
struct BenchTokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer",
    abstract: "Measures how fast a tokenizer opens and encodes a text, without running the model.")

  @Argument(help: "The text, in UTF-8.", completion: .file())
  var text: String

  @OptionGroup var tokenizerOptions: BenchTokenizerOptions
  @OptionGroup var runCount: RunCountOption

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func run() throws {
    let bench = try TokenizerBench(text: text, tokenizer: tokenizerOptions, runs: runCount.runs)
    print(json ? bench.json.text(pretty: true) : bench.report)
  }
}

/// Which tokenizer is measured.
struct BenchTokenizerOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: """
      The model whose tokenizer is used: a name that `patron models list` shows, a Hugging Face folder, or a .gguf file.
      """,
    completion: .file())
  var model: String = ModelCatalog.defaultName

  @Option(
    name: .long, help: ArgumentHelp("A tokenizer.json to use instead of the model's.", valueName: "file"),
    completion: .file())
  var tokenizer: String?

  /// For reports.
  var name: String { tokenizer ?? model }

  func open() throws -> Tokenizer {
    guard let tokenizer else { return try ModelChat(ModelLocation(ModelCatalog.url(of: model))).openTokenizer().0 }
    do { return try Tokenizer(tokenizerJSON: Data(contentsOf: URL(fileURLWithPath: tokenizer))) } catch {
      throw InputError("\(tokenizer): \(ErrorMessage.text(of: error))")
    }
  }
}

/// How fast a tokenizer opens and encodes a text.
private struct TokenizerBench {
  private let name: String
  private let vocabularySize: Int
  private let byteCount: Int
  private let tokenCount: Int
  private let runs: Int
  /// Medians.
  private let openSeconds: Double
  private let encodeSeconds: Double

  /// Measures at once; the first run of each is not counted.
  /// - Parameter path: of the text.
  init(text path: String, tokenizer options: BenchTokenizerOptions, runs: Int) throws {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw InputError("\(path): found no text in UTF-8 (\(ErrorMessage.text(of: error)))")
    }
    guard !text.isEmpty else { throw InputError("\(path): found an empty file, expected text") }
    name = options.name
    func medianSeconds<Value>(_ work: () throws -> Value) rethrows -> (Double, Value) {
      var value = try work()
      var times: [Double] = []
      for _ in 0..<runs {
        let start = ContinuousClock.now
        value = try work()
        times.append(seconds(since: start))
      }
      return (median(times), value)
    }
    let (openSeconds, tokenizer) = try medianSeconds(options.open)
    let (encodeSeconds, tokens) = medianSeconds { tokenizer.encode(text, specialTokens: .plain) }
    vocabularySize = tokenizer.vocabularySize
    byteCount = text.utf8.count
    tokenCount = tokens.count
    self.runs = runs
    (self.openSeconds, self.encodeSeconds) = (openSeconds, encodeSeconds)
  }

  private var megabytesPerSecond: Double { Double(byteCount) / 1e6 / max(encodeSeconds, 1e-9) }

  var report: String {
    """
    tokenizer     \(name), \(vocabularySize) tokens
    text          \(byteCount) bytes, \(tokenCount) tokens
    open          \(String(format: "%.0f", openSeconds * 1_000)) ms (median of \(runs))
    encode        \(String(format: "%.1f", megabytesPerSecond)) MB/s (median of \(runs), one thread)
    """
  }

  var json: JSON {
    .object([
      ("tokenizer", .string(name)), ("vocabulary", .number(vocabularySize)), ("bytes", .number(byteCount)),
      ("tokens", .number(tokenCount)), ("runs", .number(runs)),
      ("open_milliseconds", .number(rounded(openSeconds * 1_000, 1))),
      ("megabytes_per_second", .number(rounded(megabytesPerSecond, 2))),
    ])
  }
}
