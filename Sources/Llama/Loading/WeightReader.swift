import Files
import Foundation
import ModelFiles
import Torch

/// Reads weights from a checkpoint in the dtype the model runs in, with adapters merged into them.
struct WeightReader {
  let checkpoint: Checkpoint
  let configuration: LlamaConfiguration
  /// nil: each weight keeps the dtype that it is stored in, and quantised ones become bfloat16.
  let dtype: DType?
  let policy: MergePolicy
  /// Adapters by layer name, in the order in which they are merged.
  private let adapters: [[String: AdapterFolder.Module]]

  init(
    checkpoint: Checkpoint, configuration: LlamaConfiguration, adapters: [AdapterFolder], policy: MergePolicy,
    dtype: DType?
  ) throws {
    try checkpoint.check(against: configuration)
    for adapter in adapters {
      try adapter.check(against: configuration)
    }
    self.checkpoint = checkpoint
    self.configuration = configuration
    self.dtype = dtype
    self.policy = policy
    self.adapters = adapters.map { adapter in
      Dictionary(adapter.modules.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }
  }

  func normName(_ norm: BlockNorm, inBlock block: Int) throws -> String {
    guard let name = configuration.normName(norm, inBlock: block) else {
      throw LlamaError(
        .model, "\(checkpoint.origin): the table of the family \(configuration.family.ggufName) has no \(norm) norm")
    }
    return name
  }

  private func stored(_ name: String) throws -> StoredTensor {
    guard let tensor = checkpoint.tensors[name] else {
      throw LlamaError(.model, "\(checkpoint.origin): tensor \(name) is missing")
    }
    return tensor
  }

  /// The dtype that ``weight(_:)`` gives.
  func dtype(of name: String) throws -> DType {
    if let dtype { return dtype }
    let stored = try stored(name)
    guard case .plain(let type) = stored.encoding else { return .bfloat16 }
    guard let dtype = DType(type) else {
      throw LlamaError(
        .model, "\(checkpoint.origin): tensor \(name) is stored as \(type.rawValue), expected a floating-point type")
    }
    return dtype
  }

  /// The weight of this name with the adapters merged in, unless they are to stay beside it. Without adapters and in
  /// the file's own dtype it is the mapped file itself, not a copy.
  /// - Throws: `LlamaError` where a finite value is too large for the dtype.
  func weight(_ name: String) throws -> Tensor {
    let dtype = try dtype(of: name)
    let base = try Tensor(stored(name))
    let modules = policy == .none ? [] : adapters.compactMap { $0[Self.layer(of: name)] }
    // The scales of quantised blocks are float16, which bfloat16 holds by far.
    guard !modules.isEmpty || !(isQuantised(name) && dtype == .bfloat16) else { return try base.to(dtype) }
    guard !modules.isEmpty else { return try base.narrowed(to: dtype, name: name) }
    let wide = dtype == .float64 ? dtype : .float32
    switch policy {
    case .peft, .none:
      var merged = try base.narrowed(to: dtype, name: name)
      for module in modules {
        merged = try (merged.to(wide) + LowRankUpdate(module, device: .cpu).delta()).narrowed(to: dtype, name: name)
      }
      return merged
    case .fp32:
      let sum = try base.narrowed(to: wide, name: name).clone()
      for module in modules { try sum.add(LowRankUpdate(module, device: .cpu).delta()) }
      return try sum.narrowed(to: dtype, name: name)
    }
  }

  /// The weight of this name in a format, and whether it is the mapped file itself.
  /// - Throws: `LlamaError` that names the tensor where a number is not finite.
  func weight(_ name: String, as format: WeightFormat) throws -> (weight: Weight, isMapped: Bool) {
    switch format.resolved {
    case .auto, .plain: return (Weight(try weight(name)), isMapped(name))
    case .stored:
      if !isMerged(name), let blocks = try blocks(name) { return (blocks, true) }
      return (Weight(try weight(name)), isMapped(name))
    case .int8, .int4:
      let source = try source(name).weight
      let isInt4 = try format == .int4 && stored(name).rowLength % 32 == 0
      do {
        return (try isInt4 ? source.int4() : source.int8(), false)
      } catch {
        guard error.code == .argument else { throw error }
        throw LlamaError(.model, "\(checkpoint.origin): tensor \(name): \(error.message)")
      }
    }
  }

  /// The weight of this name in the form that the file has, as far as weights are read in it; else in the model's
  /// dtype. And whether it is the mapped file itself.
  func source(_ name: String) throws -> (weight: Weight, isMapped: Bool) {
    let stored = try stored(name)
    guard !isMerged(name) else { return (Weight(try weight(name)), false) }
    if let blocks = try blocks(name) { return (blocks, true) }
    guard stored.isDirectlyUsable, case .plain(let type) = stored.encoding,
      [.float32, .float16, .bfloat16].contains(type)
    else { return (Weight(try weight(name)), isMapped(name)) }
    return (Weight(try Tensor(stored)), true)
  }

  /// The mapped blocks of a weight, where it has blocks that products read.
  private func blocks(_ name: String) throws -> Weight? {
    let stored = try stored(name)
    guard stored.shape.count == 2, case .blocks(let type) = stored.encoding, let format = Weight.Format(type) else {
      return nil
    }
    let bytes = try Tensor(
      memory: stored.bytes, shape: [stored.rowCount, stored.rowByteCount], dtype: .uint8, owner: stored.file)
    return Weight(blocks: bytes, format: format, headDimension: stored.rowPermutation?.headDimension ?? 0)
  }

  /// Whether an adapter is merged into this weight.
  private func isMerged(_ name: String) -> Bool {
    policy != .none && adapters.contains { $0[Self.layer(of: name)] != nil }
  }

  private func isQuantised(_ name: String) -> Bool {
    if case .blocks? = checkpoint.tensors[name]?.encoding { true } else { false }
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
    return (dtype == nil || DType(type) == dtype) && !isMerged(name)
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
