import Files

/// The weights of one model by Hugging Face name, from however many files of whichever format.
public struct Checkpoint: Sendable {
  public let tensors: [String: StoredTensor]
  /// Where the weights came from, for messages.
  public let origin: String
  /// Where the weights and the configuration contradict each other, and what was made of it: a sentence each.
  public internal(set) var warnings: [String] = []

  public init(tensors: [String: StoredTensor], origin: String) {
    self.tensors = tensors
    self.origin = origin
  }

  /// The files that hold the weights, sorted by path.
  public var files: [MappedFile] {
    var files: [String: MappedFile] = [:]
    for tensor in tensors.values { files[tensor.file.path] = tensor.file }
    return files.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The tensor of this name, which must have this shape.
  public func tensor(_ name: String, shape: [Int]) throws -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw FileError(.mismatch, "\(origin): tensor \(quoted(name)) is missing")
    }
    guard tensor.shape == shape else {
      throw FileError(
        .mismatch, "\(origin): tensor \(quoted(name)) has shape \(tensor.shape), the configuration asks for \(shape)")
    }
    return tensor
  }

  /// Checks that the names and shapes are those that `configuration` asks for, no more and no less.
  public func check(against configuration: LlamaConfiguration) throws {
    let expected = configuration.tensorShapes
    let missing = expected.map(\.name).filter { tensors[$0] == nil }
    guard missing.isEmpty else {
      throw FileError(
        .mismatch,
        "\(origin): \(missing.count) tensors are missing: \(firstNames(missing)); "
          + "found \(tensors.count) tensors such as \(firstNames(tensors.keys.sorted().prefix(5)))"
          + (missing == [configuration.head.weightName]
            ? "; where the embedding table is the output head, \"tie_word_embeddings\" has to be true" : ""))
    }
    let wanted = Set(expected.map(\.name))
    let unknown = tensors.keys.filter { !wanted.contains($0) }
    guard unknown.isEmpty else {
      throw FileError(
        .mismatch,
        "\(origin): \(unknown.count) tensors that a Llama model does not have: \(firstNames(unknown.sorted()))"
          + Self.reasons(unknown, configuration))
    }
    for (name, shape) in expected { _ = try tensor(name, shape: shape) }
  }

  /// Which words of the configuration these tensors contradict.
  private static func reasons(_ unknown: [String], _ configuration: LlamaConfiguration) -> String {
    var reasons = ""
    if unknown.contains(where: { $0.hasSuffix(".bias") }) {
      reasons += "; layers with bias are not supported, whatever \"attention_bias\" and \"mlp_bias\" say"
    }
    if unknown.contains(where: { (ModelFamily.block(ofHuggingFace: $0) ?? 0) >= configuration.layerCount }) {
      reasons += "; the configuration has \(configuration.layerCount) blocks (\"num_hidden_layers\")"
    }
    return reasons
  }
}
