/// Steele, Lea and Flood's SplitMix64: small, seedable by any number, the same on every machine.
package struct SplitMix64: RandomNumberGenerator {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform over 0..<count, up to a bias of count/2⁶⁴.
  package mutating func next(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// Uniform in [0, 1), 53 bits.
  package mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
