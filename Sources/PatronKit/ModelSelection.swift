import Generation
import Foundation
import Funding
import Llama
import ModelFiles
import Torch

/// A model, the adapters that are put on it, and what their cards ask for.
///
/// Making one reads the cards, each once. The model and the adapters themselves are read when it is opened.
public struct ModelSelection: Sendable {
  /// As it was asked for: a known name, or a path.
  public let name: String
  /// Adapter folders, in the order of merging.
  public let adapterPaths: [String]
  package let cards: AdapterCards
  private let chatChoice: ModelChat.Choice
  /// The adapter that the model comes with and that is not on this machine.
  package let missingAdapter: MissingAdapter?

  /// - Parameters:
  ///   - name: a known name (`ModelCatalog.defaultName`), a Hugging Face folder or a GGUF file.
  ///   - adapters: PEFT folders, in the order of merging; nil: those that the model comes with, as far as they are
  ///     here.
  ///   - ignoresMismatches: whether adapters are used against what their cards say.
  ///   - chat: a chat template, or its date, in place of what the adapters and the model say.
  /// - Throws: `FileError` where a card cannot be read.
  public init(
    _ name: String = ModelCatalog.defaultName, adapters: [String]? = nil, ignoresMismatches: Bool = false,
    chat: ModelChat.Choice = ModelChat.Choice()
  ) throws {
    self.name = name
    chatChoice = chat
    if let adapters {
      (adapterPaths, missingAdapter) = (adapters, nil)
    } else {
      let (found, missing) = ModelCatalog.defaultAdapters(of: name)
      (adapterPaths, missingAdapter) = (found.map(\.path), missing)
    }
    cards = try AdapterCards(adapterPaths, isForced: ignoresMismatches)
  }

  /// What is likely to read badly, and allowed.
  public var warnings: [String] {
    (missingAdapter.map { [$0.description] } ?? []) + cards.warnings(for: Set(Stage.allCases))
  }

  /// How the adapters were trained to read articles; the recipe's defaults where they say nothing.
  public func options() throws -> ExtractionOptions {
    var options = ExtractionOptions()
    if let card = cards.chunking {
      (options.chunkTokens, options.overlapTokens) = (card.chunkTokens, card.overlapTokens)
      options.chunking = card.cutsAtParagraphs ? .paragraphs : .overlapping
      if card.readsLikelyChunks { options.chunkSelection = .likely }
    }
    options.calibration = try cards.calibration()
    return options
  }

  /// The model's files, found and recognised.
  package func location() throws -> ModelLocation { try ModelLocation(ModelCatalog.url(of: name)) }

  /// The adapters, opened and checked.
  package func adapters() throws -> [AdapterFolder] {
    try adapterPaths.map { try AdapterFolder(URL(fileURLWithPath: $0)) }
  }

  /// The tokenizer, the chat template and the end tokens, of the adapters and of the model.
  package func chat() throws -> ModelChat {
    try ModelChat(
      location(), adapters: adapters(), choice: chatChoice, card: chatChoice.template == nil ? cards.template() : nil)
  }

  /// Finds, checks and loads the model.
  /// - Parameters:
  ///   - merge: how adapters join the weights.
  ///   - dtype: of the weights; nil: bfloat16.
  ///   - weights: how matrices are held.
  ///   - keyValueBudget: bytes that keys and values may take; nil: a quarter of the memory, or half of what is free on
  ///     a GPU.
  ///   - onWarning: is told where the adapters' tokenizer, chat template or end tokens differ from the model's, and
  ///     where weights and settings contradict one another.
  ///   - onProgress: share of the weights that are loaded, 0 … 1.
  /// - Throws: `AdapterError` where an adapter was trained for another model, besides what cannot be read.
  public func open(
    merge: MergePolicy = .peft, dtype: DType? = nil, device: Device = .cpu, weights: WeightFormat = .auto,
    keyValueBudget: Int? = nil, onWarning: ((String) -> Void)? = nil, onProgress: ((Double) -> Void)? = nil
  ) throws -> LlamaGenerator {
    let location = try location()
    let options = try LoadOptions(
      adapters: adapters(), merge: merge, dtype: dtype, device: device, weights: weights,
      keyValueBudget: keyValueBudget)
    let chat = try chat().open()
    for warning in chat.warnings { onWarning?(warning) }
    let generator = try LlamaGenerator.open(
      location, name: name, options: options, chat: chat,
      checkIdentity: { kind, value in try cards.check(base: name, kind, value, adapters: options.adapters) },
      onProgress: onProgress)
    for warning in generator.warnings { onWarning?(warning) }
    return generator
  }
}
