import ArgumentParser
import Files
import Foundation
import Llama
import ModelFiles
import PatronKit
import Runs
import Tokenizer
import Torch

/// `patron merge`: a base model and its adapters in, one model folder out.
struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Writes a model with its adapters merged as a Hugging Face folder.",
    discussion: """
      The folder loads in transformers, vLLM and here (--model DIR). From a GGUF file, its weights are decoded, and the \
      configuration, tokenizer and chat template are written as Hugging Face's files. Tokenizer, chat template and \
      generation_config.json of an adapter's folder go before the model's. A weight that the type cannot hold is an \
      error. The folder appears under its name only when it is complete. What it was made from (base, adapters in order \
      with their SHA-256, policy, version) stands \
      in the metadata of each safetensors file.

      Memory: one tensor and the adapters, however large the model.
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The base model: a name that `patron models list` shows, a Hugging Face folder, or a .gguf file."),
    completion: .file())
  var model: String

  @Option(name: .long, help: ModelOptions.adapterHelp, completion: .directory)
  var adapter: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "folder"), completion: .directory)
  var output: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "peft (round after each adapter, as PEFT does) or fp32 (add all in float32, round once).",
      valueName: "policy"),
    completion: .list(["peft", "fp32"]))
  var merge = MergeChoice.peft

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Type of the weights (default: each as the base stores it; bfloat16 where it is quantised).",
      valueName: "type"))
  var dtype: DType?

  @Option(
    name: .long, help: ArgumentHelp("Largest weight file, such as 5GB or 800MB.", valueName: "size"))
  var shardSize = ByteSize(ShardPlan.defaultMaximumByteCount)

  @OptionGroup var chatOptions: ChatOptions

  @Flag(name: .long, help: "Replace the output folder if it exists.")
  var force = false

  @OptionGroup var consoleOptions: ConsoleOptions

  /// The policies that can be written into a folder.
  enum MergeChoice: String, CaseIterable, ExpressibleByArgument {
    case peft, fp32

    var policy: MergePolicy { self == .peft ? .peft : .fp32 }
  }

  func validate() throws {
    guard !adapter.isEmpty else { throw ValidationError("name at least one adapter with --adapter") }
    if let dtype { try ModelOptions.check(dtype) }
  }

  func run() async throws {
    try Runtime.checkVersion()
    Interruption.watch()
    let console = consoleOptions.console
    defer { console.clearStatus() }
    let base = try ModelLocation(ModelCatalog.url(of: model))
    let adapters = try adapter.map { try AdapterFolder(URL(fileURLWithPath: $0)) }
    let (configuration, checkpoint) = try base.open()
    for warning in checkpoint.warnings { console.warning(warning) }
    for adapter in adapters {
      try adapter.check(against: configuration)
      for warning in try adapter.warnings(on: configuration) { console.warning(warning) }
    }
    let chat = try chat(base, adapters, console)
    let merger = ModelMerger(
      adapters: adapters, policy: merge.policy, dtype: dtype, maximumShardByteCount: shardSize.byteCount)
    let destination = URL(fileURLWithPath: output)
    do {
      try merger.merge(
        base, into: destination, replacingExisting: force, chat: chat,
        provenance: try provenance(base: base, adapters: adapters, console: console),
        onProgress: { share in
          try Interruption.check()
          console.status("\(output): \(Int(share * 100)) % written")
        })
    } catch let error as FileError where error.code == .exists && !force {
      throw FileError(.exists, error.message + ", or replace it with --force")
    }
    let names = adapters.map(\.url.lastPathComponent).joined(separator: ", then ")
    console.note("\(output): \(base.url.lastPathComponent) with \(names), policy \(merge.rawValue)")
  }

  /// Settles which tokenizer and chat template the folder gets, and says what is to be known of them. A template that
  /// Patron does not know goes along all the same: other programs may.
  private func chat(_ base: ModelLocation, _ adapters: [AdapterFolder], _ console: Console) throws -> ModelChat {
    var card: (path: String, template: ChatTemplate)?
    if chatOptions.chatTemplate == nil {
      do { card = try AdapterCards(adapter, isForced: false).template() } catch let error as AdapterError {
        console.warning("\(error.message); the folder gets the one of the files, or that of --chat-template")
      }
    }
    let chat = try ModelChat(base, adapters: adapters, choice: chatOptions.choice, card: card)
    var warnings: [String] = []
    do {
      warnings += try chat.openTokenizer().warnings
      warnings += try chat.readTemplate().warnings
    } catch let error as TokenizerError {
      warnings.append(ModelAdvice.text(of: error))
    } catch let error as FileError where error.code == .notFound {
      warnings.append(error.message)
    }
    warnings += try chat.endTokens().warnings
    for warning in warnings { console.warning(warning) }
    return chat
  }

  /// What the folder is made from. Whole files are hashed: all of the base is read anyway.
  private func provenance(
    base: ModelLocation, adapters: [AdapterFolder], console: Console
  ) throws -> [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = [
      ("format", "pt"), ("patron_version", Version.full), ("patron_base", base.url.lastPathComponent),
    ]
    for file in try base.weightFiles {
      console.status("\(file.lastPathComponent): checksum")
      entries.append(("patron_base_sha256:\(file.lastPathComponent)", try FileHash.sha256(of: file)))
    }
    for (index, adapter) in adapters.enumerated() {
      entries.append(("patron_adapter_\(index + 1)", adapter.url.lastPathComponent))
      entries.append(("patron_adapter_\(index + 1)_sha256", try adapter.hash()))
    }
    entries.append(("patron_merge", merge.rawValue))
    return entries
  }
}

/// A number of bytes as people write it: `5GB`, `800MB`, `2GiB`, `1000000`.
struct ByteSize: ExpressibleByArgument, Equatable, CustomStringConvertible {
  let byteCount: Int

  init(_ byteCount: Int) { self.byteCount = byteCount }

  private static let units = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
    ("B", 1),
  ]

  init?(argument: String) {
    let unit = Self.units.first { argument.uppercased().hasSuffix($0.0.uppercased()) }
    guard let number = Int(argument.dropLast(unit?.0.count ?? 0)), number > 0 else { return nil }
    let (byteCount, overflows) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
    guard !overflows else { return nil }
    self.byteCount = byteCount
  }

  /// In the largest unit that leaves no rest.
  var description: String {
    let unit = Self.units.sorted { $0.1 > $1.1 }.first { byteCount % $0.1 == 0 } ?? ("B", 1)
    return "\(byteCount / unit.1)\(unit.0)"
  }

  var defaultValueDescription: String { description }
}
