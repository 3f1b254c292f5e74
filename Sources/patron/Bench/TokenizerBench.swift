import Files
import Foundation
import Generation
import JSON
import Llama
import ModelFiles
import PatronKit
import Runs
import Tokenizer

/// How fast a tokenizer opens and encodes a text: `patron bench --text`.
struct TokenizerBench {
  private let name: String
  private let vocabularySize: Int
  private let byteCount: Int
  private let tokenCount: Int
  private let runs: Int
  /// Medians.
  private let openSeconds: Double
  private let encodeSeconds: Double

  /// Measures at once; the first run of each is not counted.
  /// - Parameters:
  ///   - path: of the text.
  ///   - file: a `tokenizer.json`; nil: the model's own tokenizer.
  init(text path: String, tokenizer file: String?, model: ModelOptions, runs: Int) throws {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw InputError("\(path): found no text in UTF-8 (\(ErrorMessage.text(of: error)))")
    }
    guard !text.isEmpty else { throw InputError("\(path): found an empty file, expected text") }
    name = file ?? model.model
    func open() throws -> Tokenizer {
      guard let file else { return try ModelLocation(ModelCatalog.url(of: model.model)).tokenizer().0 }
      do { return try Tokenizer(tokenizerJSON: Data(contentsOf: URL(fileURLWithPath: file))) } catch {
        throw InputError("\(file): \(ErrorMessage.text(of: error))")
      }
    }
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
    let (openSeconds, tokenizer) = try medianSeconds(open)
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
