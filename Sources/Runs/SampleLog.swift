import Foundation
import JSON

/// What the model wrote for a dev row at some step, beside what was expected.
public struct RunSample: Sendable, Equatable {
  public var step: Int
  /// Of the row.
  public var id: String
  /// Such as `extract` or `parse`.
  public var task: String
  /// The beginning of the user's message, or the part of it that matters.
  public var promptExcerpt: String
  public var expected: String
  public var generated: String

  public init(step: Int, id: String, task: String, promptExcerpt: String, expected: String, generated: String) {
    self.step = step
    self.id = id
    self.task = task
    self.promptExcerpt = promptExcerpt
    self.expected = expected
    self.generated = generated
  }

  init?(_ line: JSON) {
    guard let step = line["step"]?.int else { return nil }
    func text(_ key: String) -> String { line[key]?.string ?? "" }
    self.init(
      step: step, id: text("id"), task: text("task"), promptExcerpt: text("prompt_excerpt"), expected: text("expected"),
      generated: text("generated"))
  }

  var json: JSON {
    .object([
      ("step", .number(step)), ("id", .string(id)), ("task", .string(task)), ("prompt_excerpt", .string(promptExcerpt)),
      ("expected", .string(expected)), ("generated", .string(generated)),
    ])
  }

  /// All samples of a run that can be read.
  public static func samples(of run: URL) throws -> [RunSample] {
    try JSONLinesFile.lines(of: run.appendingPathComponent(RunFolder.samplesName)).compactMap(RunSample.init)
  }
}

/// `samples.jsonl` of a run. The file appears with the first sample: not every run has some.
public final class SampleLog {
  private let url: URL
  private var file: JSONLinesFile?

  /// - Parameter step: as in `MetricLog`: later lines are taken out.
  public init(_ run: RunFolder, resumingAt step: Int?) throws {
    url = run.samples
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    file = try JSONLinesFile.open(url, keepingUpTo: step).file
  }

  public func record(_ sample: RunSample) throws {
    let file = try self.file ?? JSONLinesFile.open(url, keepingUpTo: nil).file
    self.file = file
    try file.append(sample.json)
  }

  public func synchronize() throws { try file?.synchronize() }
}
