import Foundation
import Generation
import JSON
import ModelFiles
import Tokenizer
import Torch

extension LlamaGenerator {
  /// Opens a model with its tokenizer and chat template.
  ///
  /// - Parameters:
  ///   - location: a Hugging Face folder or a GGUF file.
  ///   - name: what the records call the model.
  ///   - template: the chat template in place of the model's own.
  ///   - checkIdentity: is told what identifies the weights before they are loaded, and may throw.
  ///   - onProgress: share of the weights that are loaded, 0 … 1.
  public static func open(
    _ location: ModelLocation, name: String, options: LoadOptions = LoadOptions(), prefillBlock: Int? = nil,
    template: ChatTemplate? = nil,
    checkIdentity: ((AdapterCard.BaseModel.IdentityKind, String) throws -> Void)? = nil,
    onProgress: ((Double) -> Void)? = nil
  ) throws -> LlamaGenerator {
    // The small files first: what is wrong with them shows before gigabytes are read.
    let (configuration, checkpoint) = try location.open()
    let (tokenizer, template) = try location.tokenizer(template: template)
    let identity = try location.identity()
    try checkIdentity?(identity.kind, identity.value)
    let model = try LlamaModel.load(
      checkpoint, configuration: configuration, options: options, onProgress: onProgress)
    var provenance: [(key: String, value: String)] = [("model", name)]
    provenance.append((identity.kind.rawValue, identity.value))
    for adapter in options.adapters {
      provenance.append(("adapter", adapter.url.lastPathComponent))
      provenance.append(("adapter_sha256", try adapter.hash()))
    }
    if !options.adapters.isEmpty { provenance.append(("merge", options.merge.rawValue)) }
    provenance.append(("dtype", model.dtype.rawValue))
    provenance.append(("device", model.device.description))
    provenance.append(("chat_template", template.rawValue))
    provenance.append(("libtorch", Runtime.version))
    return try LlamaGenerator(
      model: model, tokenizer: tokenizer, template: template, stopTokens: configuration.eosTokenIDs,
      provenance: provenance, prefillBlock: prefillBlock)
  }
}

extension ModelLocation {
  /// The tokenizer and the chat template that belong to the model.
  /// - Parameter override: a chat template in place of the model's own, which then need not be there.
  public func tokenizer(template override: ChatTemplate? = nil) throws -> (Tokenizer, ChatTemplate) {
    switch self {
    case .folder(let folder):
      guard let url = folder.tokenizer else {
        throw LlamaError(.model, "\(folder.url.path): tokenizer.json is missing; it belongs beside config.json")
      }
      let file = try MappedFile(path: url.path)
      let tokenizer = try Tokenizer(tokenizerJSON: file.bytes, configuration: folder.tokenizerConfiguration)
      if let override { return (tokenizer, override) }
      guard let template = folder.chatTemplate else {
        throw LlamaError(
          .model,
          "\(folder.url.path): no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); "
            + "an instruction-tuned model has one")
      }
      return (tokenizer, try ChatTemplate(template: template))
    case .gguf(let gguf):
      let vocabulary = try gguf.vocabulary()
      guard override != nil || vocabulary.chatTemplate != nil else {
        throw LlamaError(
          .model, "\(gguf.file.path): no tokenizer.chat_template; an instruction-tuned model has one")
      }
      let tokenizer = try Tokenizer(
        gguf: .init(
          model: vocabulary.model, pre: vocabulary.preTokenizer ?? "", tokens: vocabulary.tokens,
          tokenTypes: vocabulary.kinds.map { Int32($0.rawValue) }, merges: vocabulary.merges,
          bosID: vocabulary.bosTokenID, eosID: vocabulary.eosTokenID))
      return (tokenizer, try override ?? ChatTemplate(template: vocabulary.chatTemplate ?? ""))
    }
  }

  /// The weight files, in a stable order.
  public var weightFiles: [URL] {
    get throws {
      switch self {
      case .gguf(let gguf): return [URL(fileURLWithPath: gguf.file.path)]
      case .folder(let folder):
        switch folder.weights {
        case .single(let url): return [url]
        case .sharded(let index):
          return try ShardedSafetensors(index: index).shards.values.map { URL(fileURLWithPath: $0.file.path) }
            .sorted { $0.path < $1.path }
        }
      }
    }
  }

  /// What identifies the weights in records: the SHA-256 of a single file of up to 1 GB, which takes a fraction of a
  /// second; for larger models a fingerprint, the SHA-256 over the names, the sizes, and the first and last megabyte of
  /// each file.
  public func identity() throws -> (kind: AdapterCard.BaseModel.IdentityKind, value: String) {
    let files = try weightFiles
    let sizes = try files.map { try MappedFile(path: $0.path).byteCount }
    if files.count == 1, sizes[0] <= 1_000_000_000 {
      return (.sha256, try FileHash.sha256(of: files[0]))
    }
    var digest: [UInt8] = []
    for file in files {
      let mapped = try MappedFile(path: file.path)
      digest += Array("\(file.lastPathComponent) \(mapped.byteCount)\n".utf8)
      let part = min(1 << 20, mapped.byteCount)
      digest += try Array(mapped.bytes(at: 0, count: part))
      digest += try Array(mapped.bytes(at: mapped.byteCount - part, count: part))
    }
    return (.fingerprint, FileHash.sha256(of: digest))
  }
}
