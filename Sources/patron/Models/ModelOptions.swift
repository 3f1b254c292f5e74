import ArgumentParser
import Foundation
import Llama
import ModelFiles
import PatronKit
import Torch

/// Options of every command that loads a model.
struct ModelOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: "A name that `patron models list` shows, a Hugging Face folder, or a .gguf file.", completion: .file())
  var model: String = ModelCatalog.defaultName

  static let adapterHelp = ArgumentHelp(
    "A PEFT adapter folder; repeat it for several, merged in the order given (SFT first, then DAPO).",
    valueName: "folder")

  @Option(name: .long, help: Self.adapterHelp, completion: .directory)
  var adapter: [String] = []

  @Flag(
    name: .long,
    help: "Use an adapter although its patron.json asks for another base model, other prompts or an unknown template.")
  var forceAdapter = false

  @OptionGroup var chatOptions: ChatOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      How adapters join the weights: peft (round after each, as PEFT does), fp32 (add all in float32, round once) or none \
      (they stay beside the weights).
      """, valueName: "policy"))
  var merge: MergePolicy = .peft

  @Option(name: .long, help: "cpu, cuda or cuda:N.")
  var device: Device = .cpu

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Type of the weights: bfloat16 is fastest, float32 most exact (default: bfloat16; for training on a CPU without bfloat16 \
      instructions float32, which is faster there).
      """, valueName: "type"))
  var dtype: DType?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      How a CPU holds the matrices: bfloat16 or float32, int8 (half of bfloat16, nearly as exact), int4 (a quarter), or \
      stored (a GGUF file's own blocks). auto: as --dtype says.
      """, valueName: "form"))
  var weights: WeightsArgument = .auto

  @Option(
    name: .long,
    help: ArgumentHelp(
      "MiB for the keys and values of what is read (default: a quarter of the memory, or half of what is free on a GPU).",
      valueName: "mib"))
  var kvMemory: Int?

  @Option(name: .long, help: ArgumentHelp("Threads on the CPU (default: all cores).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let dtype { try Self.check(dtype) }
    if let dtype, let other = weights.dtype, dtype != other {
      throw ValidationError("found --weights \(other.rawValue) with --dtype \(dtype.rawValue), expected one of the two")
    }
    if let kvMemory, !(1...1 << 30).contains(kvMemory) {
      throw ValidationError("found --kv-memory \(kvMemory), expected a number of MiB from 1 to \(1 << 30)")
    }
    if let threads, threads < 1 { throw ValidationError("found \(threads) threads, expected 1 or more") }
  }

  /// Refuses the dtypes that weights cannot have.
  static func check(_ dtype: DType) throws {
    guard [.float32, .bfloat16, .float16].contains(dtype) else {
      throw ValidationError("found dtype \(dtype.rawValue), expected float32, bfloat16 or float16")
    }
  }

  /// Bytes that keys and values may take; nil: the default.
  var keyValueBytes: Int? { kvMemory.map { $0 << 20 } }

  /// The type of the numbers that `--dtype` or `--weights` names.
  var namedDType: DType? { dtype ?? weights.dtype }

  /// What these options choose, the cards of `--adapter` read.
  /// - Parameters:
  ///   - usesDefaultAdapters: whether a known model gets the adapters that it comes with, where none is named.
  ///   - further: adapters after those.
  func selection(usesDefaultAdapters: Bool = false, further: [String] = []) throws -> ModelSelection {
    try ModelSelection(
      model, adapters: usesDefaultAdapters && adapter.isEmpty ? nil : adapter + further,
      ignoresMismatches: forceAdapter, chat: chatOptions.choice)
  }

  /// The adapters of `--adapter`, opened and checked.
  func adapters() throws -> [AdapterFolder] { try adapter.map { try AdapterFolder(URL(fileURLWithPath: $0)) } }

  /// Finds, checks and loads the model.
  /// - Parameter selection: what `selection()` gave; nil: it is made here.
  func open(
    _ selection: ModelSelection? = nil, onWarning: @escaping (String) -> Void = Console.standard.warning,
    onProgress: ((Double) -> Void)? = nil
  ) throws -> LlamaGenerator {
    if let threads { try Runtime.setThreadCount(threads) }
    return try (selection ?? self.selection()).open(
      merge: merge, dtype: namedDType, device: device, weights: weights.format,
      keyValueBudget: keyValueBytes, onWarning: onWarning, onProgress: onProgress)
  }
}

extension MergePolicy: ExpressibleByArgument {}
extension DType: ExpressibleByArgument {
  public static var allValueStrings: [String] { ["float32", "bfloat16", "float16"] }
}
extension Device: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension ModelOptions {
  /// Like `open`, and tells on the console how far it is and what was chosen.
  func open(_ selection: ModelSelection, console: Console) throws -> LlamaGenerator {
    let start = ContinuousClock.now
    let generator = try open(selection, onWarning: console.warning) { share in
      console.status("loading \(model): \(Int(share * 100)) %")
    }
    console.clearStatus()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    console.note(
      "\(model) in \(generator.model.dtype.rawValue)\(smallWeights(generator.model))\(arithmetic) on \(generator.model.device), "
        + "\(Runtime.threadCount) threads\(adapterNames(selection)), loaded in \(String(format: "%.1f", seconds)) s")
    return generator
  }

  private func adapterNames(_ selection: ModelSelection) -> String {
    // The last two parts of the path: adapters of different models are often called the same.
    let names = selection.adapterPaths.map { URL(fileURLWithPath: $0).pathComponents.suffix(2).joined(separator: "/") }
    return names.isEmpty ? "" : ", with \(names.joined(separator: ", then "))"
  }

  private func smallWeights(_ model: LlamaModel) -> String {
    model.weightFormats == model.dtype.rawValue ? "" : " with weights in \(model.weightFormats)"
  }

  private var arithmetic: String {
    guard device == .cpu, namedDType ?? LoadOptions.defaultDType == .bfloat16, !Runtime.cpuHasFastBFloat16 else { return "" }
    return ", multiplied in float32 as this processor has no bfloat16 instructions,"
  }
}
