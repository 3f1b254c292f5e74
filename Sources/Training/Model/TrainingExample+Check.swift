import ModelFiles
import TrainingData

extension TrainingExample {
  /// - Throws: `TrainingError.data` where the model cannot be trained on these tokens.
  func check(against configuration: LlamaConfiguration) throws {
    guard supervisedCount > 0 else {
      throw TrainingError(.data, "row \(id): found no supervised token, expected at least one")
    }
    guard tokens.count <= configuration.contextLength else {
      throw TrainingError(
        .data,
        "row \(id): found \(tokens.count) tokens, expected at most the model's context of \(configuration.contextLength); "
          + "leave the row out")
    }
    if let wrong = tokens.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
      throw TrainingError(
        .data,
        "row \(id): found token \(wrong), expected ids below the vocabulary of \(configuration.vocabularySize); was the row "
          + "made with this model's tokenizer?")
    }
  }
}
