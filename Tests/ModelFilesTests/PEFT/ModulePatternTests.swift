import Files
import TestSupport
import Testing

@testable import ModelFiles

@Suite struct ModulePatternTests {
  /// A letter for each name of the table, as the table has them; nil where the pattern is refused.
  private func outcome(_ pattern: () throws -> ModulePattern, _ letter: (ModulePattern, String) throws -> String) throws
    -> String?
  {
    do {
      let pattern = try pattern()
      return try PythonPatternTable.names.map { try letter(pattern, $0) }.joined()
    } catch let error as FileError where error.code == .malformed {
      return nil
    }
  }

  private func whole(_ source: String) throws -> String? {
    try outcome({ try ModulePattern(wholeName: source, place: "test") }) { try $0.matches($1) ? "y" : "n" }
  }

  @Test func wholeNamesAreMatchedAsPythonDoes() throws {
    for (pattern, expected) in PythonPatternTable.whole { #expect(try whole(pattern) == expected, "\(pattern)") }
  }

  @Test func endingsOfNamesAreMatchedAsPythonDoes() throws {
    for (source, expected) in PythonPatternTable.ending {
      let found = try outcome({ try ModulePattern(nameEnding: source, place: "test") }) {
        try $0.matches($1) ? "y" : "n"
      }
      #expect(found == expected, "\(source)")
    }
  }

  @Test func layersAreFoundAsPythonDoes() throws {
    for (source, expected) in PythonPatternTable.layer {
      let found = try outcome({ try ModulePattern(beforeLayerIndex: source, place: "test") }) { pattern, name in
        let found = try pattern.layerIndex(in: name)
        return found.isMatch ? found.index.map { String($0 % 10) } ?? "n" : "-"
      }
      #expect(found == expected, "\(source)")
    }
  }

  /// Patterns of every part in any order: what is not refused means what Python makes of it.
  @Test func patternsByChanceAreMatchedAsPythonDoes() throws {
    var refused = 0
    for (pattern, expected) in PythonPatternTable.chance {
      do {
        #expect(try whole(pattern) == expected, "\(pattern)")
      } catch let error as FileError where error.code == .unsupported {
        refused += 1
      }
    }
    #expect(refused < PythonPatternTable.chance.count / 4)
  }

  @Test(
    arguments: [
      (#"(a)\1"#, #"the reference "\\1""#), (#"(?P<n>a)(?P=n)"#, #"the reference "(?P=…)""#),
      ("(a)?(?(1)b|c)", #"the condition "(?(…)…)""#), (#"\N{FULL STOP}"#, #"the named character "\\N{…}""#),
      ("(?x) q_proj", #"the flag "x" (verbose)"#), ("é_proj", #"the character "é""#), ("[à-ü]", #"the character "à""#),
      (#"\xe9"#, #"the character "é""#), ("a{1001}", #"the quantifier "{1001}""#), ("(?:a{1000}){1000}", "parts"),
      ("(?>(?:a??)*)", "the atomic group"), ("(?:a*)*+", #"the quantifier "*+""#),
      (String(repeating: "(?:", count: 61) + String(repeating: ")", count: 61), "groups nested"),
      (String(repeating: "a", count: 5000), "5000 bytes"),
    ])
  func whatIsReadOtherwiseIsRefusedByName(_ pattern: String, _ named: String) throws {
    let error = failure(FileError.self) {
      _ = try ModulePattern(wholeName: pattern, place: "adapter: \"target_modules\"")
    }
    #expect(error?.code == .unsupported, "\(pattern.prefix(60))")
    let message = error?.message ?? "accepted"
    let plain = named.replacing(#"\\"#, with: #"\"#)
    #expect(message.contains(named) || message.contains(plain), "\(message)")
    #expect(message.hasPrefix("adapter: \"target_modules\": the pattern \""))
  }

  @Test(arguments: [
    "(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){12}x", "(?:a*)*b", "((a*)*)*b", ".*.*.*.*.*.*.*.*.*.*x", "(?:a?){40}a{40}",
    "(?=(a+)+$)b|(x+x+)+y",
  ])
  func hostilePatternsEndSoon(_ pattern: String) throws {
    let pattern = try ModulePattern(wholeName: pattern, place: "test")
    let start = ContinuousClock.now
    #expect(try !pattern.matches(String(repeating: "a", count: 200) + "!"))
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func tooManyStepsAreAnError() throws {
    let nested = (0..<4).reduce("a") { inner, _ in "(?:(?=.*\(inner)!).)*" }
    let error = failure(FileError.self) {
      _ = try ModulePattern(wholeName: nested + "b", place: "p").matches(String(repeating: "a", count: 250))
    }
    #expect(error?.message.contains("steps to match 250 characters") == true)
  }
}
