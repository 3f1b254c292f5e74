import Foundation
import Generation
import ModelFiles
import Tokenizer
import Torch

extension LlamaGenerator {
  /// Opens a model with its tokenizer and chat template.
  ///
  /// - Parameters:
  ///   - location: a Hugging Face folder or a GGUF file.
  ///   - name: what the records call the model.
  ///   - chat: the tokenizer, chat template and end tokens; nil: the adapters', or else the model's own.
  ///   - checkIdentity: is told what identifies the weights before they are loaded, and may throw.
  ///   - onProgress: share of the weights that are loaded, 0 … 1.
  public static func open(
    _ location: ModelLocation, name: String, options: LoadOptions = LoadOptions(), prefillBlock: Int? = nil,
    chat: ModelChat.Opened? = nil,
    checkIdentity: ((AdapterCard.BaseModel.IdentityKind, String) throws -> Void)? = nil,
    onProgress: ((Double) -> Void)? = nil
  ) throws -> LlamaGenerator {
    // The small files first: what is wrong with them shows before gigabytes are read.
    let (configuration, checkpoint) = try location.open()
    let chat = try chat ?? ModelChat(location, adapters: options.adapters).open()
    let identity = try location.identity()
    try checkIdentity?(identity.kind, identity.value)
    let model = try LlamaModel.load(
      checkpoint, configuration: configuration, options: options, onProgress: onProgress)
    let warnings = try checkpoint.warnings + options.adapters.flatMap { try $0.warnings(on: configuration) }
    var provenance: [(key: String, value: String)] = [("model", name)]
    provenance.append((identity.kind.rawValue, identity.value))
    for adapter in options.adapters {
      provenance.append(("adapter", adapter.url.lastPathComponent))
      provenance.append(("adapter_sha256", try adapter.hash()))
    }
    if !options.adapters.isEmpty { provenance.append(("merge", options.merge.rawValue)) }
    provenance.append(("dtype", model.dtype.rawValue))
    provenance.append(("weights", model.weightFormats))
    provenance.append(("device", model.device.description))
    provenance += chat.provenance
    provenance.append(("libtorch", Runtime.version))
    if !warnings.isEmpty { provenance.append(("model_warnings", warnings.joined(separator: "; "))) }
    return try LlamaGenerator(
      model: model, tokenizer: chat.tokenizer, template: chat.template, stopTokens: chat.endTokenIDs,
      provenance: provenance, warnings: warnings, prefillBlock: prefillBlock,
      keyValueBudget: options.keyValueBudget)
  }
}
