import CTorch

extension Tensor {
  /// [rows, in] times each weight's transpose, side by side, plus `residual` when given: [rows, sum of outputs].
  /// Records no gradients.
  ///
  /// Weights of 8 and 4 bits are multiplied by rows that are rounded to 16 bits, relative to a row's largest value;
  /// sums are exact, of 4 bits those of 32 values. Blocks are rounded to the rows' dtype, as where they are decoded.
  ///
  /// On a CPU, in float32 and bfloat16, a row of the result is, bit for bit, a function of its own row.
  public func products(
    with weights: [Weight], adding residual: Tensor? = nil
  ) throws(TorchError) -> Tensor {
    let operands = weights.map(\.operand)
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
