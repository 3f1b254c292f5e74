import Funding
import JSON

/// A gold list and what a model made of it.
public struct RewardPair: Sendable {
  public enum Prediction: Sendable {
    case funders([Funder])
    /// A model's raw output.
    case completion(String)
  }

  public var gold: [Funder]
  public var prediction: Prediction

  public init(gold: [Funder], prediction: Prediction) {
    self.gold = gold
    self.prediction = prediction
  }

  public func episode(options: RewardOptions = .training) throws(ScoringError) -> Episode {
    switch prediction {
    case .funders(let predicted): try Episode(gold: gold, predicted: predicted, options: options)
    case .completion(let text): try Episode(gold: gold, completion: text, options: options)
    }
  }

  /// The pair with the completion read, for measurements of the reward alone.
  public func benchmarkCase() throws(ScoringError) -> ScoringBenchmark.Case {
    switch prediction {
    case .funders(let predicted): return ScoringBenchmark.Case(gold: gold, predicted: predicted)
    case .completion(let text):
      return ScoringBenchmark.Case(gold: gold, predicted: try Episode.funders(in: text))
    }
  }
}

/// Rows of gold and prediction to be rewarded one by one: `patron reward FILE`.
///
/// A JSON object a line (or an array of them) with `gold`, and with either `completion` (a model's raw output) or
/// `predicted`, `prediction` or `pred` (funders). Funders have the nested or the flat form.
public enum RewardFile {
  public struct Row: Sendable {
    /// The row's `id`, else its number.
    public var label: String
    /// The reward, or why there is none.
    public var episode: Result<Episode, ScoringError>
  }

  /// - Throws: `ScoringError.unreadableFile` where the file does not hold JSON objects in a form of ``JSONRows``.
  public static func rewards(
    _ bytes: [UInt8], options: RewardOptions = .training
  ) throws(ScoringError) -> [Row] {
    try pairs(bytes).map { label, pair in
      do throws(ScoringError) {
        return Row(label: label, episode: .success(try pair.get().episode(options: options)))
      } catch {
        return Row(label: label, episode: .failure(error))
      }
    }
  }

  /// The rows as they stand in the file, each under its label, or why it cannot be read.
  ///
  /// - Throws: `ScoringError.unreadableFile` where the file does not hold JSON objects in a form of ``JSONRows``.
  public static func pairs(
    _ bytes: [UInt8]
  ) throws(ScoringError) -> [(label: String, pair: Result<RewardPair, ScoringError>)] {
    try EvaluationFile(bytes).entries.map { entry in
      let label = entry.object.text("id") ?? "row \(entry.number)"
      do throws(ScoringError) {
        return (label, .success(try pair(entry)))
      } catch {
        return (label, .failure(error))
      }
    }
  }

  private static func pair(_ entry: EvaluationFile.Entry) throws(ScoringError) -> RewardPair {
    let (number, object) = (entry.number, entry.object)
    guard let goldValue = object["gold"] else {
      throw ScoringError(.unreadableRow, "row \(number) has no member \"gold\"")
    }
    let gold = try EvaluationFile.funders(goldValue, number: number).get()
    if let completion = object["completion"]?.string {
      return RewardPair(gold: gold, prediction: .completion(completion))
    }
    guard let predicted = object["predicted"] ?? object["prediction"] ?? object["pred"] else {
      throw ScoringError(
        .unreadableRow, "row \(number) has neither \"completion\" nor \"predicted\", \"prediction\" or \"pred\"")
    }
    return RewardPair(gold: gold, prediction: .funders(try EvaluationFile.funders(predicted, number: number).get()))
  }
}
