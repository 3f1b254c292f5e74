import Text
import Text

/// Random choices that depend on a seed and on what they are for, not on what was drawn before: a row gets the same
/// noise wherever it stands. The same on every machine and with every version of Swift.
struct DataRandom {
  private var generator: SplitMix64

  /// - Parameter purpose: such as a row's id; other words, other numbers.
  init(seed: UInt64, _ purpose: String...) {
    // FNV-1a over the words; SplitMix64 spreads what is left alike in it.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for word in purpose {
      for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    generator = SplitMix64(state: seed &* 0x9E37_79B9_7F4A_7C15 ^ hash)
  }

  /// Uniform in 0..<count, up to a bias of count/2⁶⁴.
  mutating func below(_ count: Int) -> Int {
    Int(generator.next().multipliedFullWidth(by: UInt64(max(count, 1))).high)
  }

  mutating func number(in range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  /// Uniform in [0, 1).
  mutating func uniform() -> Double { generator.nextUniform() }

  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Fisher and Yates.
  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for index in elements.indices.dropFirst().reversed() { elements.swapAt(index, below(index + 1)) }
  }

  /// A whole number whose mean is `factor`: 1.5 gives 1 or 2.
  mutating func copies(_ factor: Double) -> Int {
    let whole = factor.rounded(.down)
    return Int(whole) + (chance(factor - whole) ? 1 : 0)
  }
}
