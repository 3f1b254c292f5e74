import Testing
import Torch

@Suite struct GradientTests {
  @Test func backwardAccumulates() throws {
    let x = try Tensor([1, 2, 3] as [Float])
    try x.setRequiresGradient(true)
    try withGradients {
      try (x * x).sum().backward()
      #expect(try x.gradient()?.floats() == [2, 4, 6])
      try (x * x).sum().backward()
    }
    #expect(try x.gradient()?.floats() == [4, 8, 12])
    try x.clearGradient()
    #expect(try x.gradient() == nil)
  }

  @Test func nothingIsRecordedWithoutGradients() throws {
    let x = try Tensor([1, 2] as [Float])
    try x.setRequiresGradient(true)
    let y = try withoutGradients { try (x * 2).sum() }
    #expect(!y.requiresGradient)
    #expect(throws: TorchError.self) { try y.backward() }
    let z = try withGradients { try (x * 2).sum() }
    #expect(z.requiresGradient)
    #expect(!(try z.detached().requiresGradient))
  }

  @Test func vectorJacobianProducts() throws {
    let x = try Tensor([1, 2] as [Float])
    let unused = try Tensor([5] as [Float])
    for tensor in [x, unused] { try tensor.setRequiresGradient(true) }
    let gradients = try withGradients {
      try Tensor.gradients(
        of: [x.power(3)], weightedBy: [Tensor([1, 10] as [Float])], withRespectTo: [x, unused])
    }
    #expect(try gradients.map { try $0.floats() } == [[3, 120], [0]])
  }
}

@Suite struct GeneratorTests {
  @Test func seedsDecideAndStatesRestore() throws {
    let first = try Generator(seed: 7)
    let second = try Generator(seed: 7)
    #expect(try Tensor.random([5], generator: first).floats() == Tensor.random([5], generator: second).floats())
    let state = try first.state()
    let draw = try Tensor.randomNormal([100], generator: first).floats()
    #expect(try Tensor.randomNormal([100], generator: first).floats() != draw)
    try first.restore(state)
    #expect(try Tensor.randomNormal([100], generator: first).floats() == draw)
    let dice = try Tensor.randomIntegers(1..<7, [1000], generator: first).values(Int64.self)
    #expect(Set(dice) == [1, 2, 3, 4, 5, 6])
  }

  @Test func dropoutKeepsTheExpectation() throws {
    let x = try Tensor.ones([100_000])
    let dropped = try x.dropout(0.25, generator: Generator(seed: 1)).floats()
    #expect(Set(dropped) == [0, 1 / 0.75])
    let mean = dropped.reduce(0, +) / Float(dropped.count)
    #expect(abs(mean - 1) < 0.02)
  }
}
