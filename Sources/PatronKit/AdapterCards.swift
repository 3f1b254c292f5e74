import Generation
import Files
import Foundation
import Funding
import JSON
import ModelFiles
import Tokenizer

/// What the `patron.json` files of a run's adapters ask for. Adapters without one ask for nothing.
package struct AdapterCards: Sendable {
  private let entries: [(path: String, card: AdapterCard)]
  private let isForced: Bool

  /// - Parameters:
  ///   - paths: adapter folders, in the order of merging.
  ///   - isForced: whether adapters are used against what their cards say.
  package init(_ paths: [String], isForced: Bool) throws {
    entries = try paths.compactMap { path in
      try AdapterCard(folder: URL(fileURLWithPath: path)).map { (path, $0) }
    }
    self.isForced = isForced
  }

  /// The card that says how articles are cut: of the adapters that were trained on chunks the last, which saw what an
  /// extraction will see. What an adapter for the second stage says of chunks means nothing, unless there is no other.
  package var chunking: AdapterCard? {
    (entries.last { $0.card.promptHashes[.statements] != nil } ?? entries.last)?.card
  }

  /// - Throws: `AdapterError` where an adapter was trained with another prompt than this program's.
  package func checkPrompts(of stages: Set<Stage>) throws {
    guard !isForced else { return }
    for (path, card) in entries {
      for stage in Stage.allCases where stages.contains(stage) {
        let (found, expected) = (card.promptHashes[stage], Self.promptHash(of: stage))
        guard found == nil || found == expected else {
          throw AdapterError(
            .otherPrompt,
            "\(path): trained with another prompt for the stage \(stage.rawValue) (SHA-256 \(found ?? "")) than this "
              + "patron's (\(expected)); use the version that trained it (\(card.version))")
        }
      }
    }
  }

  /// What is likely to read badly, and allowed: stages that none of the adapters was trained for.
  package func warnings(for stages: Set<Stage>) -> [String] {
    guard let last = entries.last else { return [] }
    return Stage.allCases.filter { stage in
      stages.contains(stage) && !entries.contains { $0.card.promptHashes[stage] != nil }
    }.map {
      "\(last.path): not trained for the stage \($0.rawValue)"
    }
  }

  /// The chat template that the last of the adapters was trained with, and the path of its card; nil: no card says.
  /// - Throws: `AdapterError` where it is an unknown one.
  package func template() throws -> (path: String, template: ChatTemplate)? {
    guard let (path, card) = entries.last else { return nil }
    do {
      let template = try ChatTemplate(name: card.chatTemplate, settings: card.chatSettings.object ?? JSONObject())
      return ("\(path)/\(AdapterCard.fileName)", template)
    } catch let error as TokenizerError {
      guard !isForced else { return nil }
      throw AdapterError(
        .unknownTemplate,
        "\(path): trained with a chat template that this patron does not know: \(error.message)")
    }
  }

  /// What turns the confidence of the model with these adapters into probabilities; nil: nothing known.
  package func calibration() throws -> Calibration? {
    guard let (path, card) = entries.last, let calibration = card.calibration else { return nil }
    do { return try Calibration(json: calibration) } catch {
      throw FileError(
        .malformed, "\(path)/\(AdapterCard.fileName): \"calibration\": \(ErrorMessage.text(of: error))")
    }
  }

  /// - Parameters:
  ///   - base: the model's name, for the message.
  ///   - adapters: all that are merged, in order.
  /// - Throws: `AdapterError` where an adapter was trained on other weights.
  package func check(
    base: String, _ kind: AdapterCard.BaseModel.IdentityKind, _ identity: String, adapters: [AdapterFolder]
  ) throws {
    guard !isForced else { return }
    for (path, card) in entries {
      guard (card.baseModel.kind, card.baseModel.identity) == (kind, identity) else {
        throw AdapterError(
          .otherModel,
          "\(path): trained on \(card.baseModel.name) (\(card.baseModel.kind.rawValue) \(card.baseModel.identity)), the model "
            + "is \(base) (\(kind.rawValue) \(identity)); name the right one")
      }
      let before = try adapters.prefix { $0.url.path != URL(fileURLWithPath: path).path }.map { try $0.hash() }
      guard card.previousAdapters == before else {
        func list(_ hashes: [String]) -> String {
          hashes.isEmpty ? "none" : hashes.map { String($0.prefix(12)) }.joined(separator: ", ")
        }
        throw AdapterError(
          .otherAdaptersBefore,
          "\(path): trained on top of the adapters \(list(card.previousAdapters)) (SHA-256), found \(list(before)) before it; "
            + "give them in that order")
      }
    }
  }

  package static func promptHash(of stage: Stage) -> String {
    switch stage {
    case .statements: Prompts.statementsHash
    case .funders: Prompts.fundersHash
    }
  }
}
