import Files
import Foundation
import ModelFiles
import Torch

/// What happens to adapters when a model is loaded.
public enum MergePolicy: String, Sendable, CaseIterable {
  /// Each adapter is added in float32 and the sum rounded to the model's dtype, one adapter after the other: bit for
  /// bit what PEFT's `merge_and_unload` does.
  case peft
  /// All adapters are added in float32 and the sum is rounded once.
  case fp32
  /// Adapters stay beside the weights and are applied in the forward pass.
  case none
}

/// Reads weights from a checkpoint in the dtype the model runs in, with adapters merged into them.
struct WeightReader {
  let checkpoint: Checkpoint
  let configuration: LlamaConfiguration
  let dtype: DType
  let policy: MergePolicy
  /// Adapters by layer name, in the order in which they are merged.
  private let adapters: [[String: AdapterFolder.Module]]

  init(
    checkpoint: Checkpoint, configuration: LlamaConfiguration, adapters: [AdapterFolder], policy: MergePolicy,
    dtype: DType
  ) throws {
    try checkpoint.check(against: configuration)
    for adapter in adapters {
      try adapter.check(against: configuration)
      if configuration.tiesEmbeddings, adapter.modules.contains(where: { $0.name == "lm_head" }) {
        throw LlamaError(
          .adapter,
          "\(adapter.url.lastPathComponent): adapts lm_head, which is the embedding table in this model; "
            + "an adapter that leaves lm_head alone is needed")
      }
    }
    self.checkpoint = checkpoint
    self.configuration = configuration
    self.dtype = dtype
    self.policy = policy
    self.adapters = adapters.map { adapter in
      Dictionary(adapter.modules.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }
  }

  private func stored(_ name: String) throws -> StoredTensor {
    guard let tensor = checkpoint.tensors[name] else {
      throw LlamaError(.model, "\(checkpoint.origin): tensor \(name) is missing")
    }
    return tensor
  }

  /// The weight of this name with the adapters merged in, unless they are to stay beside it. Without adapters and in
  /// the file's own dtype it is the mapped file itself, not a copy.
  func weight(_ name: String) throws -> Tensor {
    let base = try Tensor(stored(name))
    let modules = policy == .none ? [] : adapters.compactMap { $0[Self.layer(of: name)] }
    guard !modules.isEmpty else { return try base.to(dtype) }
    switch policy {
    case .peft, .none:
      var merged = try base.to(dtype)
      for module in modules {
        merged = try (merged.to(.float32) + LowRankUpdate(module, device: .cpu).delta()).to(dtype)
      }
      return merged
    case .fp32:
      let sum = try base.to(.float32).clone()
      for module in modules { try sum.add(LowRankUpdate(module, device: .cpu).delta()) }
      return try sum.to(dtype)
    }
  }

  /// The adapters that stay beside this layer's weight.
  func updates(_ layer: String, device: Device) throws -> [LowRankUpdate] {
    guard policy == .none else { return [] }
    return try adapters.compactMap { $0[layer] }.map { try LowRankUpdate($0, device: device) }
  }

  /// Whether ``weight(_:)`` gives the mapped file itself.
  func isMapped(_ name: String) -> Bool {
    guard let tensor = checkpoint.tensors[name], tensor.isDirectlyUsable, case .plain(let type) = tensor.encoding else {
      return false
    }
    return DType(type) == dtype && (policy == .none || adapters.allSatisfy { $0[Self.layer(of: name)] == nil })
  }

  private static func layer(of name: String) -> String {
    name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
  }

  /// The file's pages of this weight are not needed any more.
  func release(_ name: String) {
    guard let tensor = checkpoint.tensors[name] else { return }
    tensor.file.advise(.dontNeed, at: tensor.fileOffset, count: tensor.byteCount)
  }
}

extension LowRankUpdate {
  /// The factors of one layer in float32, as PEFT holds them whatever the base's dtype.
  init(_ module: AdapterFolder.Module, device: Device) throws {
    self.init(
      a: try Tensor(module.a).to(.float32, device: device), b: try Tensor(module.b).to(.float32, device: device),
      scale: module.scale)
  }
}

extension Tensor {
  /// A tensor of a model file: the mapped memory itself where its layout allows, else decoded to float32.
  package init(_ stored: StoredTensor) throws {
    if stored.isDirectlyUsable, case .plain(let type) = stored.encoding, let dtype = DType(type) {
      self = try Tensor(memory: stored.bytes, shape: stored.shape, dtype: dtype, owner: stored.file)
      return
    }
    let decoded = try Tensor.empty(stored.shape)
    try decoded.withUnsafeMutableBytes { try stored.dequantize(into: $0.bindMemory(to: Float.self)) }
    self = decoded
  }
}

extension DType {
  /// The floating-point types that a weight may be stored in as they are.
  init?(_ stored: TensorDType) {
    switch stored {
    case .float32: self = .float32
    case .float64: self = .float64
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    default: return nil
    }
  }

  /// The name in model files; nil for dtypes that weights are not written in.
  var stored: TensorDType? {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }
}
