import Foundation
import Testing
import Torch

@Suite struct TensorTests {
  @Test func valuesSurviveCreation() throws {
    let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(tensor.dtype == .float32)
    #expect(tensor.device == .cpu)
    #expect(tensor.strides == [3, 1])
    #expect(tensor.byteCount == 24)
    #expect(try tensor.values(Float.self) == [1, 2, 3, 4, 5, 6])
    #expect("\(tensor)" == "float32[2, 3]")
  }

  @Test func everyElementTypeSurvives() throws {
    #expect(try Tensor([1.5, -2] as [Double]).values(Double.self) == [1.5, -2])
    #expect(try Tensor([.max, .min] as [Int64]).values(Int64.self) == [.max, .min])
    #expect(try Tensor([.max, .min] as [Int32]).values(Int32.self) == [.max, .min])
    #expect(try Tensor([.max, .min] as [Int16]).values(Int16.self) == [.max, .min])
    #expect(try Tensor([.max, .min] as [Int8]).values(Int8.self) == [.max, .min])
    #expect(try Tensor([0, 255] as [UInt8]).values(UInt8.self) == [0, 255])
    #expect(try Tensor([true, false]).values(Bool.self) == [true, false])
  }

  @Test func bfloat16RoundsToEven() throws {
    // 1 + 2⁻⁸ lies between two bfloat16 values: the even one is 1; 1 + 3·2⁻⁸ goes up to 1 + 2⁻⁶.
    let rounded = try Tensor([1.003_906_25, 1.011_718_75] as [Float]).to(.bfloat16)
    #expect(rounded.byteCount == 4)
    #expect(try rounded.floats() == [1, 1.015_625])
  }

  @Test func viewsShareMemory() throws {
    let tensor = try Tensor.zeros([2, 3])
    try tensor[1].add(5)
    #expect(try tensor.floats() == [0, 0, 0, 5, 5, 5])
    let column = try tensor.sliced(1..<2, dimension: 1)
    #expect(column.shape == [2, 1])
    #expect(!column.isContiguous)
    #expect(try tensor.transposed().floats() == [0, 5, 0, 5, 0, 5])
    #expect(try tensor.reshaped([3, -1]).shape == [3, 2])
    #expect(try tensor.permuted([1, 0]).shape == [3, 2])
    #expect(try tensor.unsqueezed(0).squeezed(0).shape == [2, 3])
    #expect(try tensor.unsqueezed(0).expanded([4, -1, -1]).shape == [4, 2, 3])
  }

  @Test func gatheringAndSelecting() throws {
    let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(try tensor.selecting(Tensor([2, 0] as [Int64]), dimension: 1).floats() == [3, 1, 6, 4])
    #expect(try tensor.gathering(Tensor([2, 0] as [Int64], shape: [2, 1])).floats() == [3, 4])
    #expect(try Tensor.concatenate([tensor, tensor], dimension: 1).shape == [2, 6])
    #expect(try Tensor.stack([tensor, tensor]).shape == [2, 2, 3])
    #expect(try tensor.filling(tensor.greater(than: 3), with: 0).floats() == [1, 2, 3, 0, 0, 0])
    #expect(try Tensor.select(tensor.less(than: 3), tensor, -tensor).floats() == [1, 2, -3, -4, -5, -6])
    #expect(try Tensor.ones([2, 2]).lowerTriangle().floats() == [1, 0, 1, 1])
    #expect(try Tensor.ones([2, 2]).upperTriangle(diagonal: 1).floats() == [0, 1, 0, 0])
    #expect(try tensor.embedding(Tensor([1, 1, 0] as [Int32])).shape == [3, 3])
  }

  @Test func arithmetic() throws {
    let a = try Tensor([1, 4, 9] as [Float])
    let b = try Tensor([2, 2, 2] as [Float])
    #expect(try (a + b).floats() == [3, 6, 11])
    #expect(try (a - 1).floats() == [0, 3, 8])
    #expect(try (a * b).floats() == [2, 8, 18])
    #expect(try (a / b).floats() == [0.5, 2, 4.5])
    #expect(try a.squareRoot().floats() == [1, 2, 3])
    #expect(try a.power(2).floats() == [1, 16, 81])
    #expect(try a.minimum(b).floats() == [1, 2, 2])
    #expect(try a.maximum(b).floats() == [2, 4, 9])
    #expect(try a.clamped(2...5).floats() == [2, 4, 5])
    #expect(try Tensor([.nan, 1, .infinity] as [Float]).isFinite().values(Bool.self) == [false, true, false])
    try a.add(b, scaledBy: 10)
    #expect(try a.floats() == [21, 24, 29])
  }

  @Test func reductions() throws {
    let x = try Tensor([1, 5, 3, 4, 2, 6] as [Float], shape: [2, 3])
    #expect(try x.sum().item() == 21)
    #expect(try x.sum(0).floats() == [5, 7, 9])
    #expect(try x.mean(1, keepingDimension: true).shape == [2, 1])
    #expect(try x.maximum(1).floats() == [5, 6])
    #expect(try x.minimum().item() == 1)
    #expect(try x.argmax(1).values(Int64.self) == [1, 2])
    #expect(try x.variance(1).floats() == [4, 4])
    #expect(try x.cumulativeSum(1).floats() == [1, 6, 9, 4, 6, 12])
    #expect(abs(try Tensor([3, 4] as [Float]).norm().item() - 5) < 1e-6)
    #expect(abs(try x.softmax()[0].sum().item() - 1) < 1e-6)
    #expect(abs(try Tensor([0, 0] as [Float]).logSumExp(0).item() - log(2)) < 1e-6)
    let (values, places) = try x.sorted(descending: true)
    #expect(try values.floats() == [5, 3, 1, 6, 4, 2])
    #expect(try places.values(Int64.self) == [1, 2, 0, 2, 0, 1])
    #expect(try x.topK(2).indices.values(Int64.self) == [1, 2, 2, 0])
  }

  @Test func argmaxTakesTheFirstOfEquals() throws {
    #expect(try Tensor([1, 3, 3, 3] as [Float]).argmax(0).item() == 1)
  }

  @Test func products() throws {
    let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    #expect(try x.matmul(x).floats() == [7, 10, 15, 22])
    #expect(try x.linear(x).floats() == [5, 11, 11, 25])
    #expect(try x.linear(x, bias: Tensor([10, 20] as [Float])).floats() == [15, 31, 21, 45])
  }

  @Test func mappedMemoryIsNotCopied() throws {
    final class Owner: Sendable {
      let released: @Sendable () -> Void
      init(_ released: @escaping @Sendable () -> Void) { self.released = released }
      deinit { released() }
    }
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
    memory.initialize(repeating: 1, count: 4)
    defer { memory.deallocate() }
    nonisolated(unsafe) var releases = 0
    do {
      let bytes = UnsafeRawBufferPointer(start: memory, count: 16)
      let tensor = try Tensor(memory: bytes, shape: [4], dtype: .float32, owner: Owner { releases += 1 })
      memory[2] = 7
      let view = try tensor[1..<3]
      #expect(try view.floats() == [1, 7])
      #expect(releases == 0)
      #expect(throws: TorchError.self) {
        _ = try Tensor(memory: bytes, shape: [5], dtype: .float32, owner: Owner { releases += 1 })
      }
      #expect(releases == 1, "a refused owner is let go")
    }
    #expect(releases == 2)
  }

  @Test func readingTheWrongTypeIsAnError() throws {
    let error = #expect(throws: TorchError.self) { try Tensor([1] as [Float]).values(Int64.self) }
    #expect(error?.message == "values: found float32[1], expected int64")
  }
}
