import CTorch

/// A matrix of weights, [out, in], as products of rows read it.
public struct Weight: Sendable {
  public enum Format: Sendable {
    /// As they are, in the dtype of what they multiply.
    case plain
    /// Whole numbers of 8 bits and a scale for each output.
    case int8

    var code: ct_weight_format {
      switch self {
      case .plain: CT_WEIGHT_PLAIN
      case .int8: CT_WEIGHT_INT8
      }
    }
  }

  public let format: Format
  public let values: Tensor
  /// Nil where the format has none.
  public let scales: Tensor?

  /// Weights as they are.
  public init(_ values: Tensor) {
    format = .plain
    self.values = values
    scales = nil
  }

  /// - Parameters:
  ///   - int8: [out, in]
  ///   - scales: [out], float32
  public init(int8: Tensor, scales: Tensor) {
    format = .int8
    values = int8
    self.scales = scales
  }

  /// Number of outputs.
  public var outputs: Int { values.size(0) }
  /// Bytes that a product reads.
  public var byteCount: Int { values.byteCount + (scales?.byteCount ?? 0) }
}

extension Tensor {
  /// [rows, in] times each weight's transpose, side by side, plus `residual` when given: [rows, sum of outputs].
  /// Records no gradients.
  ///
  /// On a CPU, in float32 and bfloat16, a row of the result is, bit for bit, a function of its own row.
  public func products(
    with weights: [Weight], adding residual: Tensor? = nil
  ) throws(TorchError) -> Tensor {
    let operands = weights.map {
      ct_weight(format: $0.format.code, values: $0.values.pointer, scales: $0.scales?.pointer)
    }
    return try withExtendedLifetime(weights) { () throws(TorchError) in
      try Tensor.make { ct_multiply_rows(pointer, operands, Int32(operands.count), residual?.pointer, $0) }
    }
  }

  /// Causal attention of a step's rows on a CPU. Queries and keys are rotated, keys and values written into their
  /// blocks: joined queries, keys and values [T, (H + 2·G)·D], which are overwritten, -> [T, H·D].
  ///
  /// On a CPU, in float32 and bfloat16, a row of the result is, bit for bit, a function of its own query and of the
  /// keys and values before it.
  ///
  /// - Parameters:
  ///   - cosine: [P, D/2] float32, as far as the last position; `sine` alike.
  ///   - keys: of ``BlockPlan/keyShape(blocks:groups:dimension:)``
  ///   - values: of ``BlockPlan/valueShape(blocks:groups:dimension:)``
  public func blockAttention(
    _ plan: BlockPlan, cosine: Tensor, sine: Tensor, keys: Tensor, values: Tensor, scale: Double
  ) throws(TorchError) -> Tensor {
    try Tensor.make {
      ct_block_attention(
        plan.pointer, pointer, cosine.pointer, sine.pointer, keys.pointer, values.pointer, scale, $0)
    }
  }
}

/// Which rows of a step belong to which sequence, and in which blocks its keys and values are.
public final class BlockPlan: @unchecked Sendable {
  /// What a step knows of one sequence.
  public struct Sequence: Sendable {
    /// New rows.
    let rows: Int
    /// Position of the first of them.
    let start: Int
    /// The blocks of its positions with the new ones.
    let blocks: ArraySlice<Int32>

    public init(rows: Int, start: Int, blocks: ArraySlice<Int32>) {
      self.rows = rows
      self.start = start
      self.blocks = blocks
    }
  }

  /// Positions of a block, as the own kernels take them.
  public static let blockSize = 32

  /// Of the keys of `blocks` blocks: pairs of elements of a position side by side, [blocks, G, D/2, size, 2].
  public static func keyShape(blocks: Int, groups: Int, dimension: Int) -> [Int] {
    [blocks, groups, dimension / 2, blockSize, 2]
  }

  /// Of the values: pairs of positions of an element side by side, [blocks, G, size/2, D, 2].
  public static func valueShape(blocks: Int, groups: Int, dimension: Int) -> [Int] {
    [blocks, groups, blockSize / 2, dimension, 2]
  }

  // Never changed after it is made.
  let pointer: OpaquePointer

  public init(_ sequences: [Sequence], blockSize: Int) throws(TorchError) {
    let bounds = sequences.reduce(into: [Int32(0)]) { $0.append($0.last! + Int32($1.rows)) }
    let starts = sequences.map { Int32($0.start) }
    let blocks = sequences.flatMap(\.blocks)
    var made: OpaquePointer?
    try check(
      ct_block_plan_create(
        bounds, starts, Int32(starts.count), blocks, Int64(blocks.count), Int32(blockSize), &made))
    guard let made else { throw TorchError(.unknown, "a block plan came out empty") }
    pointer = made
  }

  deinit { ct_block_plan_free(pointer) }
}
