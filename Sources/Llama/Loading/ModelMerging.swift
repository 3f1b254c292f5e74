import Files
import Foundation
import JSON
import ModelFiles
import Torch

/// Writes a base model with its adapters merged as a Hugging Face folder.
public struct ModelMerger {
  public var adapters: [AdapterFolder]
  public var policy: MergePolicy
  /// nil: the dtype that the base is stored in, bfloat16 for quantised ones.
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
  ///   - provenance: what made the model, written into each shard's metadata.
  ///   - onProgress: called with the share of the bytes written, 0 … 1; what it throws ends the merge,
  ///     and nothing is left behind.
  public func merge(
    _ base: ModelFolder, into output: URL, replacingExisting: Bool = false,
    provenance: [(key: String, value: String)] = [], onProgress: ((Double) throws -> Void)? = nil
  ) throws {
    guard policy != .none else {
      throw LlamaError(
        .option, "found merge policy none, expected peft or fp32: a merged folder has the adapters inside")
    }
    let dtype = self.dtype ?? base.configuration.storedDType.flatMap(DType.init) ?? .bfloat16
    guard let storedDType = dtype.stored else {
      throw LlamaError(.option, "found dtype \(dtype.rawValue), expected float32, float16 or bfloat16")
    }
    let reader = try WeightReader(
      checkpoint: base.checkpoint(), configuration: base.configuration, adapters: adapters, policy: policy,
      dtype: dtype)
    let tensors = base.configuration.tensorShapes.map {
      TensorDescription(name: $0.name, dtype: storedDType, shape: $0.shape)
    }
    let folder = try FolderWriter(output, replacingExisting: replacingExisting)
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
    try copyCompanions(of: base, dtype: dtype, to: folder)
    try folder.commit()
  }

  /// The files beside the weights, as the base has them; the configuration with the dtype that was written.
  private func copyCompanions(of base: ModelFolder, dtype: DType, to folder: FolderWriter) throws {
    let companions = [
      "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
      "chat_template.jinja", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "LICENSE",
      "LICENSE.txt", "USE_POLICY.md",
    ]
    for name in companions {
      let source = base.url.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: source.path) { try folder.copy(source) }
    }
    let source = base.url.appendingPathComponent("config.json")
    guard case .object(let original) = try JSON.parse([UInt8](Data(contentsOf: source))) else {
      throw LlamaError(.model, "\(source.path): expected a JSON object")
    }
    // Newer files say `dtype`, older ones `torch_dtype`; whichever is there is corrected.
    let members = original.members.filter { $0.key != "quantization_config" }.map { member in
      ["dtype", "torch_dtype"].contains(member.key)
        ? (member.key, JSON.string(dtype.rawValue)) : (member.key, member.value)
    }
    try folder.write(Array(JSON.object(JSONObject(members)).text(pretty: true).utf8), to: "config.json")
  }
}
