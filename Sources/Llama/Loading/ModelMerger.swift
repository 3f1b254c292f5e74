import Files
import Foundation
import JSON
import ModelFiles
import Torch

/// Writes a base model with its adapters merged as a Hugging Face folder. The base may be a GGUF file: its weights are
/// decoded, its configuration and tokenizer written in Hugging Face's terms.
public struct ModelMerger {
  public var adapters: [AdapterFolder]
  public var policy: MergePolicy
  /// nil: each weight keeps the dtype that the base stores it in, and quantised ones become bfloat16.
  public var dtype: DType?
  /// Largest shard in bytes.
  public var maximumShardByteCount: Int

  public init(
    adapters: [AdapterFolder], policy: MergePolicy = .peft, dtype: DType? = nil,
    maximumShardByteCount: Int = ShardPlan.defaultMaximumByteCount
  ) {
    self.adapters = adapters
    self.policy = policy
    self.dtype = dtype
    self.maximumShardByteCount = maximumShardByteCount
  }

  /// Merges tensor by tensor; nothing larger than one tensor and the adapters is held in memory. The folder appears
  /// under its name only when it is complete.
  ///
  /// - Parameters:
  ///   - chat: where tokenizer, chat template and end tokens come from; nil: the adapters, or else the base.
  ///   - provenance: what made the model, written into each shard's metadata.
  ///   - onProgress: called with the share of the bytes written, 0 … 1; what it throws ends the merge,
  ///     and nothing is left behind.
  public func merge(
    _ base: ModelLocation, into output: URL, replacingExisting: Bool = false, chat: ModelChat? = nil,
    provenance: [(key: String, value: String)] = [], onProgress: ((Double) throws -> Void)? = nil
  ) throws {
    guard policy != .none else {
      throw LlamaError(
        .option, "found merge policy none, expected peft or fp32: a merged folder has the adapters inside")
    }
    let (configuration, checkpoint) = try base.open()
    let reader = try WeightReader(
      checkpoint: checkpoint, configuration: configuration, adapters: adapters, policy: policy, dtype: dtype)
    let tensors = try configuration.tensorShapes.map { name, shape in
      let dtype = try reader.dtype(of: name)
      guard let stored = dtype.stored else {
        throw LlamaError(.option, "found dtype \(dtype.rawValue), expected float32, float16 or bfloat16")
      }
      return TensorDescription(name: name, dtype: stored, shape: shape)
    }
    let commonest = Self.commonest(tensors)
    let folder = try FolderWriter(output, replacingExisting: replacingExisting)
    // The small files first: what cannot be said in them shows before gigabytes are written.
    var made: [(name: String, content: JSON)] = []
    switch base {
    case .folder(let base): try copyConfiguration(of: base, configuration, dtype: commonest, to: folder)
    case .gguf(let file): made = try file.huggingFaceFiles(configuration, dtype: commonest)
    }
    try writeCompanions(of: base, made: made, chat: chat ?? ModelChat(base, adapters: adapters), to: folder)
    let metadata = Dictionary(provenance.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    let writer = try CheckpointWriter(
      in: folder, tensors: tensors, metadata: metadata, maximumShardByteCount: maximumShardByteCount)
    var written = 0
    try withoutGradients {
      for tensor in tensors {
        let weight = try reader.weight(tensor.name).contiguous()
        try weight.withUnsafeBytes { try writer.write($0) }
        reader.release(tensor.name)
        written += weight.byteCount
        try onProgress?(Double(written) / Double(max(writer.plan.totalSize, 1)))
      }
    }
    try writer.finish()
    try folder.commit()
  }

  /// The dtype of most tensors, and of most values where it is a draw: what the configuration states.
  private static func commonest(_ tensors: [TensorDescription]) -> TensorDType {
    var counts: [TensorDType: (tensors: Int, values: Int)] = [:]
    for tensor in tensors {
      let old = counts[tensor.dtype] ?? (0, 0)
      counts[tensor.dtype] = (old.tensors + 1, old.values + tensor.shape.reduce(1, *))
    }
    return counts.max { $0.value < $1.value }?.key ?? .bfloat16
  }

  /// The configuration as the base has it, with the dtype and the head that were written.
  private func copyConfiguration(
    of base: ModelFolder, _ configuration: LlamaConfiguration, dtype: TensorDType, to folder: FolderWriter
  ) throws {
    let source = base.url.appendingPathComponent("config.json")
    guard case .object(let original) = try JSON.parse([UInt8](Data(contentsOf: source))) else {
      throw LlamaError(.model, "\(source.path): expected a JSON object")
    }
    var written = original
    written["quantization_config"] = nil
    // Newer files say `dtype`, older ones `torch_dtype`; whichever is there is corrected.
    let stated = ["dtype", "torch_dtype"].filter { original[$0] != nil }
    for key in stated.isEmpty ? ["torch_dtype"] : stated { written[key] = dtype.torchName.map { .string($0) } }
    // The weights may have an output head of their own against the base's word.
    if !configuration.tiesEmbeddings, original["tie_word_embeddings"] != nil { written["tie_word_embeddings"] = false }
    try folder.write(Array(JSON.object(written).text(pretty: true).utf8), to: "config.json")
  }
}
