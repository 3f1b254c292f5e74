import Files
import Foundation
import JSON
import Llama
import ModelFiles
import Torch

extension LoRAAdapter {
  /// Takes over the values of a PEFT adapter folder.
  ///
  /// - Throws: `TrainingError.adapter` when its layers, rank or scale are not those of this adapter.
  public func load(_ folder: AdapterFolder) throws {
    let path = folder.url.path
    try folder.check(against: configuration)
    let stored = Dictionary(folder.modules.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    let wanted = Set(modules.map(\.name))
    guard Set(stored.keys) == wanted else {
      let different = Set(stored.keys).symmetricDifference(wanted).sorted().prefix(5).joined(separator: ", ")
      throw TrainingError(
        .adapter,
        "\(path): found \(stored.count) adapted layers, expected all \(wanted.count) linear layers but the head; "
          + "different are \(different)")
    }
    for module in modules {
      let found = stored[module.name]!
      guard found.rank == settings.rank, found.scale == settings.scale else {
        throw TrainingError(
          .adapterScale,
          "\(path): \(module.name): found rank \(found.rank) and scale \(found.scale), expected rank \(settings.rank) and "
            + "scale \(settings.scale) (alpha / rank); set rank and alpha as the adapter has them")
      }
      try module.a.copy(from: Tensor(found.a.floats(), shape: found.a.shape))
      try module.b.copy(from: Tensor(found.b.floats(), shape: found.b.shape))
    }
    try valuesChanged()
  }

  private static let configurationName = "adapter_config.json"
  private static let weightsName = "adapter_model.safetensors"

  /// Writes the adapter of a trainer's saved state; this one then has its values where they have to be rounded.
  func write(ofState state: URL, with writer: FolderWriter, baseModel: String?, dtype: DType) throws {
    guard dtype != .float32 else {
      for name in [Self.configurationName, Self.weightsName] { try writer.copy(state.appendingPathComponent(name)) }
      return
    }
    try load(AdapterFolder(state))
    try write(into: writer.temporary, baseModel: baseModel, dtype: dtype)
  }

  /// Writes `adapter_config.json` and `adapter_model.safetensors` as PEFT does into a folder that exists.
  ///
  /// - Parameters:
  ///   - baseModel: what the configuration calls the base model.
  ///   - dtype: that the values are rounded to, float32 or bfloat16.
  public func write(into folder: URL, baseModel: String?, dtype: DType = .float32) throws {
    precondition(dtype == .float32 || dtype == .bfloat16, "an adapter is float32 or bfloat16")
    let order = modules.flatMap { [("\($0.name).lora_A.weight", $0.a), ("\($0.name).lora_B.weight", $0.b)] }
    let writer = try SafetensorsWriter(
      folder.appendingPathComponent(Self.weightsName),
      tensors: order.map { name, tensor in
        TensorDescription(
          name: "base_model.model." + name, dtype: dtype == .bfloat16 ? .bfloat16 : .float32, shape: tensor.shape)
      })
    for (_, tensor) in order {
      try tensor.to(dtype, device: .cpu).contiguous().withUnsafeBytes { try writer.write($0) }
    }
    try writer.finish()
    let text = configurationJSON(baseModel: baseModel).text(pretty: true) + "\n"
    try Data(Array(text.utf8)).write(to: folder.appendingPathComponent(Self.configurationName))
  }

  /// The fields that PEFT 0.21 reads, with its defaults where this adapter says nothing.
  private func configurationJSON(baseModel: String?) -> JSON {
    return .object([
      ("alpha_pattern", .object([(String, JSON)]())), ("auto_mapping", .null),
      ("base_model_name_or_path", baseModel.map { .string($0) } ?? .null), ("bias", .string("none")),
      ("fan_in_fan_out", .bool(false)), ("inference_mode", .bool(true)), ("init_lora_weights", .bool(true)),
      ("layers_pattern", .null), ("layers_to_transform", .null),
      ("lora_alpha", number(settings.alpha)), ("lora_dropout", .number(settings.dropout)),
      ("modules_to_save", .null), ("peft_type", .string("LORA")), ("r", .number(settings.rank)),
      ("rank_pattern", .object([(String, JSON)]())), ("revision", .null),
      ("target_modules", .array(configuration.family.linearLayerSuffixes.map { .string($0) })),
      ("task_type", .string("CAUSAL_LM")),
      ("use_dora", .bool(false)), ("use_rslora", .bool(false)),
    ])
  }

  private func number(_ value: Double) -> JSON {
    Int(exactly: value).map { .number($0) } ?? .number(value)
  }
}
