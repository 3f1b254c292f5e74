import Foundation
import Generation
import Funding
import ModelFiles
import TestSupport

extension TemporaryFolder {
  /// The identity of the model that `adapter` names as its base.
  package static let adapterBase = String(repeating: "ab", count: 32)

  /// Makes a folder with the card of an adapter of this program's prompts, and no adapter: cards are read before
  /// adapters are opened.
  /// - Returns: its path.
  package func adapter(_ name: String, _ change: (inout AdapterCard) -> Void = { _ in }) throws -> String {
    var card = AdapterCard(
      version: "0.1.0", baseModel: .init(name: "tiny", kind: .sha256, identity: Self.adapterBase), chunkTokens: 900,
      overlapTokens: 90, chatTemplate: "smollm2",
      promptHashes: [.statements: Prompts.statementsHash, .funders: Prompts.fundersHash])
    change(&card)
    try FileManager.default.createDirectory(at: url(name), withIntermediateDirectories: true)
    try card.write(to: url(name))
    return path(name)
  }
}
