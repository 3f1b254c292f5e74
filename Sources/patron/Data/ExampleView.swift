import Generation
import Tokenizer
import TrainingData

/// A training example for people.
struct ExampleView {
  private let example: TrainingExample
  private let tokenizer: Tokenizer
  private let usesColour: Bool

  /// - Parameter usesColour: mark by colour instead of brackets.
  init(_ example: TrainingExample, _ tokenizer: Tokenizer, usesColour: Bool) {
    self.example = example
    self.tokenizer = tokenizer
    self.usesColour = usesColour
  }

  private var heading: String {
    let line =
      "── \(example.id) · \(example.task.taskName) · \(example.tokens.count) tokens, \(example.supervisedCount) learnt"
    return (usesColour ? "\u{1B}[1m\(Console.printable(line))\u{1B}[0m" : Console.printable(line)) + "\n"
  }

  /// The text, with what is learnt in green or between brackets.
  var text: String {
    var text = heading
    var start = 0
    while start < example.tokens.count {
      let mark = example.isSupervised[start]
      let end = example.isSupervised[start...].firstIndex(of: !mark) ?? example.tokens.count
      // One decoding for each stretch: a character may be spread over tokens.
      let part = Self.visible(Console.printable(tokenizer.decode(example.tokens[start..<end])))
      text += mark ? (usesColour ? "\u{1B}[32m\(part)\u{1B}[0m" : "⟦\(part)⟧") : part
      start = end
    }
    return text + "\n\n"
  }

  /// Soft hyphens, zero-width and direction marks as `<U+00AD>`: they matter to the model and are not to be seen.
  private static func visible(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      if scalar.properties.generalCategory == .format {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }

  /// A line a token: its id, `+` if it is learnt, its text with escapes.
  var tokenList: String {
    var text = heading
    for (id, mark) in zip(example.tokens, example.isSupervised) {
      let piece = tokenizer.decode([id]).unicodeScalars.reduce(into: "") { $0 += $1.escaped(asASCII: false) }
      let line = "\(String(repeating: " ", count: max(0, 7 - String(id).count)))\(id) \(mark ? "+" : " ") \(piece)"
      text += (mark && usesColour ? "\u{1B}[32m\(line)\u{1B}[0m" : line) + "\n"
    }
    return text + "\n"
  }
}
