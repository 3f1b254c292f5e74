import ArgumentParser
import Foundation
import Funding
import Generation
import JSON
import ModelFiles
import PatronKit
import Tokenizer
import TrainingData

extension TrainingRows {
  /// The stages that the rows to learn are of; those of token ids do not tell.
  var stages: [Stage] { Stage.allCases.filter { (report?.tasks[$0]?.examples ?? 0) > 0 } }
}

extension AdapterCard {
  /// The card of an adapter that is trained on these rows, as far as it is made for this program's own two tasks.
  /// - Parameter recipe: the options that make the training what it is, beside those of the data.
  init?(
    trainedOn rows: TrainingRows, model: ModelOptions, _ identity: (kind: BaseModel.IdentityKind, value: String),
    data: DataOptions, recipe: any ParsableArguments
  ) throws {
    let stages = rows.stages
    guard let template = rows.template, let report = rows.report, !stages.isEmpty else { return nil }
    let hasChunks = stages.contains(.statements)
    self.init(
      version: Version.full,
      baseModel: .init(name: model.model, kind: identity.kind, identity: identity.value),
      // As the articles were cut. Of an adapter that saw none, what is said of chunks is not used.
      chunkTokens: hasChunks ? report.extract.chunkTokens : data.chunkTokens,
      overlapTokens: hasChunks ? report.extract.overlapTokens : data.overlapTokens,
      chatTemplate: template.name,
      promptHashes: Dictionary(uniqueKeysWithValues: stages.map { ($0, AdapterCards.promptHash(of: $0)) }))
    cutsAtParagraphs = data.chunking == .paragraphs
    // Where there are too few likely chunks the others fill up, and the adapter has seen those, too.
    readsLikelyChunks =
      hasChunks && data.hardNegatives == 1 && report.extract.hardNegativesKept == report.extract.negativesKept
    chatSettings = .object(template.settings)
    previousAdapters = try model.adapters().map { try $0.hash() }
    dataHashes = rows.hashes
    self.recipe = .object(
      try (SettingsFile.values(of: recipe) + SettingsFile.values(of: data)).map { key, value in
        // Elsewhere a path says nothing of the adapter that the run started from.
        guard key == "init-adapter", let path = value.string else { return (key, value) }
        return (key, .string(try AdapterFolder(URL(fileURLWithPath: path)).hash()))
      })
    // Now, not when hours of training are to be written.
    try check()
  }
}
