import Files
import Foundation

// What counts where the weights and the configuration contradict each other. As in transformers 5, which looks at the
// values, not at the flag alone: https://github.com/huggingface/transformers/pull/45156.

extension Checkpoint {
  /// The configuration that the weights bear out, and the weights that it asks for, no more and no less.
  ///
  /// A stored output head counts where it differs from the embedding table, although the configuration ties them. An
  /// equal one is the table. Frequencies that old files carry beside the weights (`rotary_emb.inv_freq`) never count.
  /// `warnings` of the result name what was decided against one of the two.
  /// - Throws: `FileError` for every other contradiction.
  public func settled(
    with configuration: LlamaConfiguration
  ) throws -> (configuration: LlamaConfiguration, checkpoint: Checkpoint) {
    var configuration = configuration
    var tensors = tensors
    var warnings = warnings
    let (head, table) = (configuration.head.weightName, configuration.embeddingsName)
    if configuration.tiesEmbeddings, let stored = tensors[head], let embeddings = tensors[table] {
      if try stored.hasSameValues(as: embeddings) {
        tensors[head] = nil
      } else {
        configuration.tiesEmbeddings = false
        warnings.append(
          "\(origin): \"tie_word_embeddings\" is true, but \(quoted(head)) differs from \(quoted(table)): the stored "
            + "head is used; set the flag to false where that is meant")
      }
    }
    let frequencies = tensors.filter { $0.key.hasSuffix(".rotary_emb.inv_freq") }
    for name in frequencies.keys { tensors[name] = nil }
    let other = frequencies.filter { !configuration.hasFrequencies($0.value) }.keys.sorted()
    if !other.isEmpty {
      warnings.append(
        "\(origin): \(other.count) tensors with other rotary frequencies than the configuration gives: "
          + "\(firstNames(other)): the configuration's are used; check \"rope_theta\"")
    }
    var checkpoint = Checkpoint(tensors: tensors, origin: origin)
    checkpoint.warnings = warnings
    try checkpoint.check(against: configuration)
    return (configuration, checkpoint)
  }
}

extension LlamaConfiguration {
  /// Whether these are its inverse frequencies, with or without scaling, as exact as 16 bits hold them.
  fileprivate func hasFrequencies(_ tensor: StoredTensor) -> Bool {
    guard tensor.shape == [headDimension / 2], let found = try? tensor.floats() else { return false }
    let plain = (0..<headDimension / 2).map { pow(ropeTheta, -Double(2 * $0) / Double(headDimension)) }
    let factors = ropeScaling?.frequencyFactors(theta: ropeTheta, dimension: headDimension)
    return [plain, factors.map { zip(plain, $0).map { $0 / $1 } } ?? plain].contains { expected in
      // Float16 has steps of 6e-8 near zero.
      zip(found, expected).allSatisfy { abs(Double($0) - $1) <= $1 / 128 + 6e-8 }
    }
  }
}

extension StoredTensor {
  /// Whether both decode to the same numbers. Types that are not decoded are the same only byte for byte.
  func hasSameValues(as other: StoredTensor) throws -> Bool {
    guard shape == other.shape else { return false }
    if encoding == other.encoding, rowPermutation == other.rowPermutation {
      guard byteCount > 0, let left = bytes.baseAddress, let right = other.bytes.baseAddress else { return true }
      if memcmp(left, right, byteCount) == 0 { return true }
    }
    guard isDecodable, other.isDecodable else { return false }
    var (left, right) = ([Float](repeating: 0, count: rowLength), [Float](repeating: 0, count: rowLength))
    for row in 0..<rowCount {
      try left.withUnsafeMutableBufferPointer { try dequantize(rows: row..<row + 1, into: $0) }
      try right.withUnsafeMutableBufferPointer { try other.dequantize(rows: row..<row + 1, into: $0) }
      if left != right { return false }
    }
    return true
  }

  private var isDecodable: Bool {
    switch encoding {
    case .blocks, .plain(.float32), .plain(.float16), .plain(.bfloat16): true
    case .plain: false
    }
  }
}
