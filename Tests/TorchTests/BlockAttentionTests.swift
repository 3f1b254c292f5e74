import Testing
import Torch

/// Attention on blocks of keys and values, on every processor path.
@Suite struct BlockAttentionTests {
  /// Heads, key/value groups, elements of a head.
  struct Size: Sendable, CustomTestStringConvertible {
    let heads, groups, dimension: Int
    var width: Int { (heads + 2 * groups) * dimension }
    var scale: Double { 1 / Double(dimension).squareRoot() }
    var testDescription: String { "\(heads) heads, \(groups) groups, \(dimension) elements" }

    init(_ heads: Int, _ groups: Int, _ dimension: Int) {
      (self.heads, self.groups, self.dimension) = (heads, groups, dimension)
    }

    static let all = [
      Size(9, 3, 64), Size(8, 2, 128), Size(4, 4, 2), Size(3, 1, 6), Size(8, 8, 34), Size(5, 1, 80), Size(8, 1, 32),
    ]
  }

  /// A store of blocks that hold no numbers yet.
  struct Store {
    let size: Size
    let keys, values: Tensor

    init(_ size: Size, _ dtype: DType, blocks: Int = 40) throws {
      self.size = size
      let (groups, dimension) = (size.groups, size.dimension)
      keys = try Tensor.full(
        BlockPlan.keyShape(blocks: blocks, groups: groups, dimension: dimension), .nan, dtype: dtype)
      values = try Tensor.full(
        BlockPlan.valueShape(blocks: blocks, groups: groups, dimension: dimension), .nan, dtype: dtype)
    }

    func attend(_ joined: Tensor, _ sequences: [BlockPlan.Sequence], angles: Tensor) throws -> Tensor {
      // Joined rows may be overwritten.
      try joined.clone().blockAttention(
        BlockPlan(sequences, blockSize: BlockPlan.blockSize), cosine: angles.cos(), sine: angles.sin(), keys: keys,
        values: values, scale: size.scale)
    }
  }

  let generator = try! Generator(seed: 7)

  private func normal(_ shape: [Int], _ dtype: DType) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator).to(dtype)
  }

  private func sequence(_ rows: Int, from start: Int = 0, _ blocks: [Int32]) -> BlockPlan.Sequence {
    .init(rows: rows, start: start, blocks: blocks[..<((start + rows + 31) / 32)])
  }

  private static let ownPaths = ProcessorPaths.runnable.filter { $0.rowKernels == .own }

  /// Blocks in no order.
  private let blocks: [Int32] = (0..<30).map { ($0 * 7 + 3) % 30 }

  /// As in `FusedTests`, without the rotation, whose angles are 0: probabilities and outputs are rounded, and in some
  /// ways scores, which reach 4.
  @Test(arguments: [DType.float32, .bfloat16, .float16], Size.all)
  func itIsAttention(_ dtype: DType, _ size: Size) throws {
    let angles = try Tensor.zeros([300, size.dimension / 2])
    let limit =
      dtype == .float32 ? Double(size.dimension + 64) * DType.float32.roundoff : 7.5 * dtype.roundoff
    for rows in [1, 31, 70, 290] {
      let joined = try normal([rows, size.width], dtype)
      func headed(_ heads: Range<Int>) throws -> Tensor {
        try joined.exact.reshaped([rows, size.heads + 2 * size.groups, size.dimension])
          .sliced(heads, dimension: 1).transposed(0, 1).unsqueezed(0)
      }
      let (heads, groups) = (size.heads, size.groups)
      let exact = try headed(0..<heads)
        .attention(
          keys: headed(heads..<heads + groups), values: headed(heads + groups..<heads + 2 * groups), causal: true
        )
        .squeezed(0).transposed(0, 1).reshaped([rows, heads * size.dimension])
      let bounds = try exact.magnitude().maximum(Tensor.ones([1]).exact) * limit
      try onEveryPath {
        let found = try Store(size, dtype).attend(joined, [sequence(rows, blocks)], angles: angles)
        #expect(found.dtype == dtype)
        try expectClose(found, exact, within: bounds, "\(rows) rows")
      }
    }
  }

  /// Keys are turned, and both are where they belong.
  @Test(arguments: [DType.float32, .bfloat16], Size.all)
  func keysAndValuesAreWritten(_ dtype: DType, _ size: Size) throws {
    let (rows, groups, dimension) = (70, size.groups, size.dimension)
    let (angles, joined) = (try normal([rows, dimension / 2], .float32), try normal([rows, size.width], dtype))
    let keyPlace = size.heads * dimension
    let valuePlace = keyPlace + groups * dimension
    for paths in Self.ownPaths {
      try withProcessorPaths(paths) {
        let turned = try joined.clone()
        try turned.rotateInPlace(heads: size.heads + groups, cosine: angles.cos(), sine: angles.sin())
        func headed(_ columns: Range<Int>) throws -> [UInt8] {
          try turned.sliced(columns, dimension: 1).reshaped([rows, groups, dimension]).transposed(0, 1).bytes()
        }
        let store = try Store(size, dtype)
        _ = try store.attend(joined, [sequence(rows, blocks)], angles: angles)
        let index = try Tensor(blocks[..<3].map(Int64.init))
        // [3, G, D/2, 32, 2] and [3, G, 16, D, 2] -> [G, 96, D]
        let keys = try store.keys.selecting(index).permuted([1, 0, 3, 2, 4]).reshaped([groups, 96, dimension])
        let values = try store.values.selecting(index).permuted([1, 0, 2, 4, 3]).reshaped([groups, 96, dimension])
        #expect(try keys.sliced(0..<rows, dimension: 1).bytes() == headed(keyPlace..<valuePlace), "\(paths)")
        #expect(try values.sliced(0..<rows, dimension: 1).bytes() == headed(valuePlace..<size.width), "\(paths)")
      }
    }
  }

  /// A prompt at once, and in pieces; the rest of its blocks holds no numbers.
  @Test(arguments: [DType.float32, .bfloat16], Size.all)
  func rowsDoNotDependOnTheOthersOfTheirPrompt(_ dtype: DType, _ size: Size) throws {
    let rows = 280
    let (angles, joined) = (try normal([rows, size.dimension / 2], .float32), try normal([rows, size.width], dtype))
    for paths in Self.ownPaths {
      try withProcessorPaths(paths) {
        let whole = try Store(size, dtype)
        let expected = try whole.attend(joined, [sequence(rows, blocks)], angles: angles)
        for step in [1, 5, 33, 100] {
          let store = try Store(size, dtype)
          let found = try stride(from: 0, to: rows, by: step).map { start in
            let piece = start..<min(rows, start + step)
            return try store.attend(joined[piece], [sequence(piece.count, from: start, blocks)], angles: angles)
          }
          #expect(try Tensor.concatenate(found).bytes() == expected.bytes(), "by \(step) on \(paths)")
          #expect(try store.keys.bytes() == whole.keys.bytes(), "by \(step) on \(paths)")
          #expect(try store.values.bytes() == whole.values.bytes(), "by \(step) on \(paths)")
        }
      }
    }
  }

  /// Five sequences: three that share 8 and 16 blocks, one of its own, and a prompt that is being read.
  @Test(arguments: [DType.float32, .bfloat16], [Size(9, 3, 64), Size(4, 4, 34), Size(8, 1, 32)])
  func rowsDoNotDependOnOtherSequences(_ dtype: DType, _ size: Size) throws {
    let angles = try normal([600, size.dimension / 2], .float32)
    let shared: [Int32] = (0..<16).map { ($0 * 5 + 3) % 16 }
    let tables: [[Int32]] = [
      shared + [16, 17], shared + [18, 19], Array(shared[..<8]) + Array(20..<29), Array(29..<32),
      Array(32..<37),
    ]
    // What is there before the step, and what it adds.
    let (lengths, counts) = ([513, 540, 530, 64, 0], [1, 3, 1, 2, 130])
    let prompts = try lengths.map { try normal([$0 + 130, size.width], dtype) }
    let beginning = try normal([600, size.width], dtype)
    for paths in Self.ownPaths {
      try withProcessorPaths(paths) {
        let store = try Store(size, dtype)
        _ = try store.attend(beginning[0..<512], [sequence(512, shared)], angles: angles)
        for (i, common) in [512, 512, 256, 0, 0].enumerated() where lengths[i] > common {
          let own = common..<lengths[i]
          _ = try store.attend(prompts[i][own], [sequence(own.count, from: common, tables[i])], angles: angles)
        }
        let news = try (0..<5).map { try prompts[$0][lengths[$0]..<lengths[$0] + counts[$0]] }
        let sequences = (0..<5).map { sequence(counts[$0], from: lengths[$0], tables[$0]) }
        let together = try store.attend(Tensor.concatenate(news), sequences, angles: angles)
        let alone = try zip(news, sequences).map { try store.attend($0, [$1], angles: angles) }
        #expect(try together.bytes() == Tensor.concatenate(alone).bytes(), "\(paths)")
        #expect(try together.isFinite().all().item() == 1)
      }
    }
  }

  /// What is not finite reaches the rows after it only.
  @Test(arguments: [DType.float32, .bfloat16], [Size(9, 3, 64), Size(3, 1, 6)])
  func laterValuesLeaveNoTrace(_ dtype: DType, _ size: Size) throws {
    let (rows, last) = (60, 41)
    let angles = try normal([rows, size.dimension / 2], .float32)
    let joined = try normal([rows, size.width], dtype)
    try joined.selected(last).copy(from: Tensor.full([size.width], .infinity, dtype: dtype))
    for paths in Self.ownPaths {
      try withProcessorPaths(paths) {
        let expected = try Store(size, dtype).attend(joined[0..<last], [sequence(last, blocks)], angles: angles)
        let found = try Store(size, dtype).attend(joined, [sequence(rows, blocks)], angles: angles)
        #expect(try found[0..<last].bytes() == expected.bytes(), "\(paths)")
        #expect(try found[last..<rows].isFinite().any().item() == 0, "\(paths)")
      }
    }
  }

  @Test func wrongPlansAreErrors() throws {
    func plan(_ sequences: [BlockPlan.Sequence], size: Int = 32) throws {
      _ = try BlockPlan(sequences, blockSize: size)
    }
    try plan([.init(rows: 3, start: 31, blocks: [0, 1])])
    // The same beginning is not written twice.
    try plan([.init(rows: 1, start: 32, blocks: [0, 1]), .init(rows: 1, start: 32, blocks: [0, 2])])
    let wrong: [[BlockPlan.Sequence]] = [
      [], [.init(rows: 0, start: 0, blocks: [])], [.init(rows: 1, start: -1, blocks: [0])],
      [.init(rows: 1, start: 32, blocks: [0])], [.init(rows: 1, start: 0, blocks: [0, 1])],
      [.init(rows: 1, start: 0, blocks: [-1])], [.init(rows: 2, start: Int(Int32.max), blocks: [0])],
      // One place of a block for two rows: of two sequences, of one.
      [.init(rows: 1, start: 32, blocks: [0, 1]), .init(rows: 2, start: 31, blocks: [2, 1])],
      [.init(rows: 64, start: 0, blocks: [1, 1])],
    ]
    for sequences in wrong { #expect(throws: TorchError.self, "\(sequences)") { try plan(sequences) } }
    for size in [0, -32, 31] {
      #expect(throws: TorchError.self, "\(size)") { try plan([.init(rows: 1, start: 0, blocks: [0])], size: size) }
    }
  }

  @Test func wrongOperandsAreErrors() throws {
    let size = Size(4, 2, 8)
    let store = try Store(size, .float32, blocks: 2)
    let angles = try Tensor.zeros([64, 4])
    let rows = try Tensor.zeros([3, size.width])
    let plan = try BlockPlan([.init(rows: 3, start: 30, blocks: [0, 1])], blockSize: 32)
    func attend(
      _ joined: Tensor? = nil, plan other: BlockPlan? = nil, angles table: Tensor? = nil, keys: Tensor? = nil,
      values: Tensor? = nil
    ) throws {
      _ = try (joined ?? rows).blockAttention(
        other ?? plan, cosine: table ?? angles, sine: table ?? angles, keys: keys ?? store.keys,
        values: values ?? store.values, scale: 1)
    }
    func expectError(_ name: String, _ body: () throws -> Void) {
      #expect(throws: TorchError.self, "\(name)") { try body() }
    }
    try onEveryPath {
      try attend()
      expectError("rows") { try attend(Tensor.zeros([4, size.width])) }
      expectError("width") { try attend(Tensor.zeros([3, size.width + 8])) }
      expectError("no queries") { try attend(Tensor.zeros([3, 4 * 8])) }
      expectError("dtype") { try attend(rows.to(.bfloat16)) }
      expectError("block") {
        try attend(plan: BlockPlan([.init(rows: 3, start: 30, blocks: [0, 2])], blockSize: 32))
      }
      expectError("block size") {
        try attend(plan: BlockPlan([.init(rows: 3, start: 0, blocks: [0])], blockSize: 16))
      }
      expectError("table") { try attend(angles: Tensor.zeros([32, 4])) }
      expectError("table's dtype") { try attend(angles: angles.to(.bfloat16)) }
      expectError("keys") { try attend(keys: store.values) }
      expectError("values") { try attend(values: store.keys) }
      expectError("fewer values") { try attend(values: store.values[0..<1]) }
    }
  }
}
