import Testing
import Torch

@Suite struct ErrorTests {
  @Test func operatorsNameThemselvesAndTheShapes() throws {
    let a = try Tensor.zeros([2, 3])
    let b = try Tensor.zeros([4, 5], dtype: .float64)
    let error = #expect(throws: TorchError.self) { try a.matmul(b) }
    let message = try #require(error?.message)
    #expect(error?.code == .operation)
    #expect(message.hasPrefix("matmul: "), "\(message)")
    #expect(message.contains("Float[2, 3]") && message.contains("Double[4, 5]"), "\(message)")
    #expect(!message.contains("frame #"), "no C++ backtrace: \(message)")
  }

  @Test(arguments: [
    [Int](), [-1], [3, -2], [Int.max, Int.max], [Int.max],
  ])
  func hostileShapesDoNotCrash(_ shape: [Int]) throws {
    if shape.isEmpty {
      #expect(try Tensor.zeros(shape).count == 1)
    } else {
      #expect(throws: TorchError.self) { try Tensor.zeros(shape) }
      #expect(throws: TorchError.self) { try Tensor([1, 2] as [Float], shape: shape) }
    }
  }

  @Test func wrongViewsAreErrors() throws {
    let x = try Tensor.zeros([2, 3])
    #expect(throws: TorchError.self) { try x.reshaped([4]) }
    #expect(throws: TorchError.self) { try x[2] }
    #expect(throws: TorchError.self) { try x.transposed(0, 5) }
    #expect(throws: TorchError.self) { try x.embedding(Tensor([7] as [Int64])) }
    #expect(throws: TorchError.self) { try Tensor.concatenate([]) }
    #expect(throws: TorchError.self) { try x.dropout(1, generator: Generator(seed: 0)) }
    #expect(throws: TorchError.self) { try Runtime.setThreadCount(0) }
    #expect(throws: TorchError.self) { try Generator(seed: 1).restore([1, 2, 3]) }
  }

  @Test func tooMuchMemoryIsAMemoryError() throws {
    let error = #expect(throws: TorchError.self) { try Tensor.empty([1 << 50], dtype: .uint8) }
    #expect(error?.code == .memory, "\(error?.message ?? "")")
  }

  @Test func withoutCUDATheErrorSaysWhatToDo() throws {
    do {
      try Runtime.loadCUDA()
      #expect(Runtime.cudaDeviceCount > 0)
    } catch {
      #expect(error.code == .device)
      #expect(error.message.contains("libtorch_cuda"), "\(error.message)")
    }
  }

  @Test func deviceNamesAreRead() {
    #expect(Device("cpu") == .cpu)
    #expect(Device("cuda") == .cuda(0))
    #expect(Device("cuda:3") == .cuda(3))
    #expect(Device("cuda:-1") == nil)
    #expect(Device("cuda:999999999999") == nil)
    #expect(Device("mps") == nil)
  }

  @Test func theLoadedLibraryIsTheCompiledOne() throws {
    try Runtime.checkVersion()
    #expect(Runtime.version == "2.11.0")
  }
}
