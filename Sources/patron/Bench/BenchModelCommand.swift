import ArgumentParser
import Foundation
import Funding
import Generation
import JSON
import Llama
import ModelFiles
import Torch

/// `patron bench model`: how fast a model reads and writes.
struct BenchModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Measures prefill, decode and a whole extraction.",
    discussion: """
      Prefill reads a prompt of the given length; decode writes tokens one by one after a prompt of that length. Each \
      figure is the median of several runs. Beside it stands its share of what the machine can do at most: a prompt's \
      products, or the longer of reading weights, keys and values once a step and of the step's products, at the speeds \
      that are measured before and after, as `patron bench machine` does.
      """)

  @OptionGroup var modelOptions: ModelOptions

  @Option(name: .long, parsing: .upToNextOption, help: "Prompt lengths in tokens.")
  var prompt: [Int] = [128, 512]

  @Option(name: .long, help: "Tokens written for the decode figure.")
  var decode: Int = 128

  @Option(name: .long, parsing: .upToNextOption, help: "Sequences decoded side by side, a row for each number.")
  var batch: [Int] = [1]

  @Option(name: .long, help: "Also time both stages on this article.", completion: .file())
  var article: String?

  @OptionGroup var runCount: RunCountOption

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !prompt.isEmpty, prompt.allSatisfy({ $0 > 0 }), decode > 0,
      !batch.isEmpty, batch.allSatisfy({ $0 > 0 })
    else {
      throw ValidationError("lengths and batch must be positive")
    }
  }

  func run() async throws {
    let start = ContinuousClock.now
    let generator = try modelOptions.open()
    let loadSeconds = seconds(since: start)
    let before = try await machineBounds(generator)
    var rows: [Row] = []
    for length in prompt {
      for batch in self.batch {
        let (decode, runs) = (self.decode, runCount.runs)
        rows += try await generator.onWorker { generator in
          try Self.measure(generator.model, length: length, decode: decode, batch: batch, runs: runs)
        }
      }
    }
    let after = try await machineBounds(generator)
    let bounds = MachineBounds(
      gigabytesPerSecond: max(before.gigabytesPerSecond, after.gigabytesPerSecond),
      gigaflopsPerSecond: max(before.gigaflopsPerSecond, after.gigaflopsPerSecond))
    let cost = ModelCost(generator.model)
    for index in rows.indices {
      let row = rows[index]
      rows[index].bound =
        row.name == "prefill"
        ? bounds.prefill(cost)
        : bounds.decode(cost, batch: row.batch, context: Double(row.length) + Double(decode) / 2)
    }
    var extraction: Double?
    if let article {
      let contents = try [UInt8](Data(contentsOf: URL(fileURLWithPath: article)))
      var times: [Double] = []
      for _ in 0..<runCount.runs {
        let start = ContinuousClock.now
        let extractor = Extractor(generator: generator, version: Version.full)
        _ = try await extractor.extract(id: article, contents: contents)
        times.append(seconds(since: start))
      }
      extraction = median(times)
    }
    print(report(generator, loadSeconds, bounds, rows, extraction))
  }

  private func machineBounds(_ generator: LlamaGenerator) async throws -> MachineBounds {
    try await generator.onWorker { generator in
      let model = generator.model
      return try MachineBench(
        device: model.device, dtype: MachineBench.productType(for: model.dtype, on: model.device), runs: 3
      ).bounds
    }
  }

  struct Row: Sendable {
    let name: String
    let length: Int
    let batch: Int
    /// Tokens a second that the machine could do at most.
    var bound = 0.0
    let tokensPerSecond: Double
    let fastest: Double
    let slowest: Double
  }

  private static func measure(
    _ model: LlamaModel, length: Int, decode: Int, batch: Int, runs: Int
  ) throws -> [Row] {
    // Any ids do: the work does not depend on them.
    let ids = (0..<length).map { ($0 &* 7919 + 13) % model.configuration.vocabularySize }
    var prefill: [Double] = []
    var steps: [Double] = []
    let block = model.device == .cpu ? 512 : 8192
    for run in 0...runs {
      let caches = try model.makeCaches(capacities: Array(repeating: length + decode, count: batch))
      try Runtime.synchronize()
      var start = ContinuousClock.now
      for cache in caches {
        var hidden: Tensor?
        for first in stride(from: 0, to: length, by: block) {
          hidden = try model.forward([(Array(ids[first..<min(first + block, length)]), cache)])
        }
        let count = hidden!.size(0)
        _ = try model.logits(hidden!.sliced(count - 1..<count)).to(.float32).argmax(-1).item()
      }
      let prefillSeconds = seconds(since: start)
      start = ContinuousClock.now
      var next = [Int](repeating: ids[0], count: batch)
      for _ in 0..<decode {
        let hidden = try model.forward(zip(next, caches).map { ([$0], $1) })
        next = try model.logits(hidden).to(.float32).argmax(-1).to(device: .cpu).values(Int64.self).map(Int.init)
      }
      let decodeSeconds = seconds(since: start)
      if run > 0 {
        prefill.append(Double(length * batch) / prefillSeconds)
        steps.append(Double(decode * batch) / decodeSeconds)
      }
    }
    return [("prefill", prefill), ("decode", steps)].map { name, figures in
      Row(
        name: name, length: length, batch: batch, tokensPerSecond: median(figures), fastest: figures.max()!,
        slowest: figures.min()!)
    }
  }

  private func report(
    _ generator: LlamaGenerator, _ loadSeconds: Double, _ bounds: MachineBounds, _ rows: [Row], _ extraction: Double?
  ) -> String {
    let model = generator.model
    let machine: [(String, JSON)] = [
      ("patron", .string(Version.full)), ("libtorch", .string(Runtime.version)), ("cpu", .string(cpuName())),
      ("instructions", .string(Runtime.cpuCapability)), ("threads", .number(Runtime.threadCount)),
      ("loop_threads", .number(Runtime.loopThreadCount)),
      ("paths", .string((try? ProcessorPaths.current()).map { "\($0)" } ?? "")),
      ("device", .string(model.device.description)), ("model", .string(modelOptions.model)),
      ("dtype", .string(model.dtype.rawValue)),
      ("runs", .number(runCount.runs)), ("load_seconds", .number(rounded(loadSeconds, 3))),
      ("read_gb_per_second", .number(rounded(bounds.gigabytesPerSecond, 1))),
      ("product_gflop_per_second", .number(rounded(bounds.gigaflopsPerSecond, 0))),
    ]
    if json {
      let figures = rows.map { row in
        JSON.object([
          ("figure", .string(row.name)), ("prompt_tokens", .number(row.length)), ("batch", .number(row.batch)),
          ("tokens_per_second", .number(rounded(row.tokensPerSecond, 2))),
          ("bound_tokens_per_second", .number(rounded(row.bound, 2))),
          ("share_of_bound", .number(rounded(row.tokensPerSecond / row.bound, 4))),
          ("slowest", .number(rounded(row.slowest, 2))), ("fastest", .number(rounded(row.fastest, 2))),
        ])
      }
      var members = machine + [("figures", JSON.array(figures))]
      if let extraction { members.append(("article_seconds", .number(rounded(extraction, 3)))) }
      return JSON.object(members).text(pretty: true)
    }
    var lines = machine.map { key, value in
      key.padding(toLength: 26, withPad: " ", startingAt: 0) + (value.string ?? value.text())
    }
    lines.append("")
    lines.append("figure     prompt  batch   median tok/s   slowest   fastest     bound   share")
    for row in rows {
      lines.append(
        row.name.padding(toLength: 9, withPad: " ", startingAt: 0)
          + String(
            format: "%8d %6d %14.1f %9.1f %9.1f %9.1f %5.0f %%", row.length, row.batch, row.tokensPerSecond,
            row.slowest, row.fastest, row.bound, 100 * row.tokensPerSecond / row.bound))
    }
    if let extraction { lines.append(String(format: "\nboth stages on the article: %.2f s (median)", extraction)) }
    return lines.joined(separator: "\n")
  }
}
