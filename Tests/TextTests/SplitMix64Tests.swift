import Testing
import Text

@Suite struct SplitMix64Tests {
  /// The first numbers of the authors' reference program for the seed 1234567.
  @Test func numbersAreTheReferences() {
    var random = SplitMix64(state: 1_234_567)
    let numbers = (0..<5).map { _ in random.next() }
    #expect(
      numbers == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test func drawsStayInRange() {
    var random = SplitMix64(state: 3)
    let draws = (0..<1_000).map { _ in random.next(below: 7) }
    #expect(Set(draws) == Set(0..<7))
    #expect((0..<1_000).allSatisfy { _ in (0..<1).contains(random.nextUniform()) })
  }
}
