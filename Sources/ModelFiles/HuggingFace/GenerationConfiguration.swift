import Files
import Foundation
import JSON

/// A folder's `generation_config.json`: how its makers suggest to sample.
public struct GenerationConfiguration: Sendable, Hashable {
  public var bosTokenID: Int?
  public var padTokenID: Int?
  /// Tokens that end a generation; nil where the file does not say.
  public var eosTokenIDs: [Int]?
  public var sampling: Bool?
  public var temperature: Double?
  public var topP: Double?
  public var topK: Int?

  public init(_ url: URL) throws {
    let fields = try JSONFields(try parseJSONFile(url), place: url.path)
    bosTokenID = try fields.integer("bos_token_id", in: 0...Limits.width)
    padTokenID = try fields.integer("pad_token_id", in: -1...Limits.width)
    eosTokenIDs = try fields.integerOrList("eos_token_id", in: 0...Limits.width)
    sampling = try fields.flag("do_sample")
    temperature = try fields["temperature"].map { value in
      guard let number = value.double, number.isFinite, number >= 0 else {
        throw fields.wrong("temperature", "a number not below 0")
      }
      return number
    }
    topP = try fields.positiveNumber("top_p")
    topK = try fields.integer("top_k", in: 0...Limits.width)
  }
}
