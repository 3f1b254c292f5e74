import Funding
import JSON

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

  /// - Throws: `ScoringError.unreadableFile` where the file is neither JSONL nor a JSON array of objects.
  public static func rewards(
    _ bytes: [UInt8], options: RewardOptions = .training
  ) throws(ScoringError) -> [Row] {
    try EvaluationFile.objects(bytes).map { number, object in
      let label = object["id"]?.string ?? object["id"]?.int.map(String.init) ?? "row \(number)"
      do throws(ScoringError) {
        return Row(label: label, episode: .success(try episode(object, number: number, options: options)))
      } catch {
        return Row(label: label, episode: .failure(error))
      }
    }
  }

  private static func episode(
    _ object: JSONObject, number: Int, options: RewardOptions
  ) throws(ScoringError) -> Episode {
    guard let goldValue = object["gold"] else {
      throw ScoringError(.unreadableRow, "row \(number) has no member \"gold\"")
    }
    let gold = try EvaluationFile.funders(goldValue, number: number).get()
    if let completion = object["completion"]?.string {
      return try Episode(gold: gold, completion: completion, options: options)
    }
    guard let predicted = object["predicted"] ?? object["prediction"] ?? object["pred"] else {
      throw ScoringError(
        .unreadableRow, "row \(number) has neither \"completion\" nor \"predicted\", \"prediction\" or \"pred\"")
    }
    return try Episode(
      gold: gold, predicted: try EvaluationFile.funders(predicted, number: number).get(), options: options)
  }
}
