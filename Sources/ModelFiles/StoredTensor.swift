import Files

/// How a tensor's values are laid out in its file.
public enum TensorEncoding: Sendable, Hashable {
  /// One value after the other in the machine's little-endian form.
  case plain(TensorDType)
  /// ggml blocks that have to be decoded, see ``StoredTensor/dequantize(rows:into:)``.
  case blocks(GGMLType)

  public var name: String {
    switch self {
    case .plain(let type): type.rawValue
    case .blocks(let type): type.name
    }
  }
}

/// A tensor inside a mapped file: a description and its bytes, nothing copied.
public struct StoredTensor: Sendable {
  /// The name in Hugging Face's scheme, or the file's own where there is no such name.
  public let name: String
  public let encoding: TensorEncoding
  /// Sizes of the dimensions, slowest first (row-major); empty for a scalar.
  public let shape: [Int]
  /// Where the bytes begin in the file.
  public let fileOffset: Int
  public let byteCount: Int
  /// The file that holds the bytes.
  public let file: MappedFile
  /// Set where the file's rows stand in llama.cpp's order and have to be read through it.
  public let rowPermutation: RowPermutation?

  /// The encoded bytes. Valid as long as `file` lives.
  ///
  /// The readers checked the range when they opened the file.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[fileOffset..<fileOffset + byteCount])
  }

  /// Gives the system advice about the tensor's pages, such as that they may go once the values were copied.
  public func advise(_ advice: MappedFile.Advice) {
    file.advise(advice, at: fileOffset, count: byteCount)
  }

  /// Number of values.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Number of values in a row, the fastest dimension.
  public var rowLength: Int { shape.last ?? 1 }

  /// Number of rows; 1 for a vector or a scalar.
  public var rowCount: Int { shape.dropLast().reduce(1, *) }

  /// Bytes of one encoded row; 0 for an empty tensor.
  public var rowByteCount: Int { rowCount == 0 ? 0 : byteCount / rowCount }

  /// Whether the bytes may serve as a tensor of `encoding`'s type as they are: plain values, aligned, rows in order.
  public var isDirectlyUsable: Bool {
    guard case .plain(let type) = encoding, rowPermutation == nil else { return false }
    return fileOffset % type.byteCount == 0 || byteCount == 0
  }

  /// Decodes rows to Float32, row-major, in Hugging Face's row order.
  ///
  /// - Parameters:
  ///   - rows: which rows; all if nil.
  ///   - destination: room for exactly `rows.count * rowLength` values.
  /// - Throws: `FileError` where the range or the room is wrong, or for integer tensors.
  public func dequantize(rows: Range<Int>? = nil, into destination: UnsafeMutableBufferPointer<Float>) throws {
    let rows = rows ?? 0..<rowCount
    guard rows.lowerBound >= 0, rows.upperBound <= rowCount else {
      throw FileError(.mismatch, "\(quoted(name)): rows \(rows) asked of a tensor with \(rowCount) rows")
    }
    let (needed, overflow) = rows.count.multipliedReportingOverflow(by: rowLength)
    guard !overflow, destination.count == needed else {
      throw FileError(
        .mismatch,
        "\(quoted(name)): a buffer of \(destination.count) values for \(rows.count) rows of \(rowLength) values")
    }
    let type: GGMLType
    switch encoding {
    case .blocks(let blocks): type = blocks
    case .plain(.float32): type = .f32
    case .plain(.float16): type = .f16
    case .plain(.bfloat16): type = .bf16
    case .plain(let other):
      throw FileError(
        .unsupported, "\(quoted(name)): values of type \(other.rawValue) cannot be read as Float32 weights")
    }
    guard needed > 0, let out = destination.baseAddress,
      let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return }
    let blocksPerRow = rowLength / type.blockLength
    let rowBytes = blocksPerRow * type.blockByteCount
    guard let permutation = rowPermutation else {
      Dequantize.blocks(
        type, from: source + rows.lowerBound * rowBytes, to: out, blockCount: rows.count * blocksPerRow)
      return
    }
    for (index, row) in rows.enumerated() {
      Dequantize.blocks(
        type, from: source + permutation.storedRow(for: row) * rowBytes, to: out + index * rowLength,
        blockCount: blocksPerRow)
    }
  }

  /// Decodes the whole tensor into an array; for small tensors and tests.
  public func floats() throws -> [Float] {
    try [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
      try dequantize(into: UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount]))
      count = elementCount
    }
  }
}

/// The order in which llama.cpp's converter stores the rows of the query and key projections of Llama models: the two
/// halves of each head interleaved, for its form of rotary embedding.
public struct RowPermutation: Sendable, Hashable {
  /// Rows of one head, `d`; even.
  public let headDimension: Int

  public init(headDimension: Int) {
    self.headDimension = headDimension
  }

  /// The row of the file that holds row `row` of the Hugging Face weight: within a head, row `i` is the file's
  /// `2 * (i mod d/2) + i div (d/2)`.
  ///
  ///     RowPermutation(headDimension: 64).storedRow(for: 33)  // 3
  public func storedRow(for row: Int) -> Int {
    let half = headDimension / 2
    let head = row / headDimension
    let i = row % headDimension
    return head * headDimension + 2 * (i % half) + i / half
  }
}
