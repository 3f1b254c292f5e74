import Files
import Generation

/// The prompts that the two-stage system was trained with, byte for byte.
public enum Prompts {
  /// System prompt of stage 1: an article or a chunk of it goes in, statements come out.
  public static let statementsSystem =
    "You are a funding statement extractor. Given an article or text chunk, identify all funding acknowledgment "
    + "statements. Return ONLY valid JSON in this exact format: {\"statements\": [\"statement1\", \"statement2\", ...]}. "
    + "Each statement must be copied verbatim from the source text. If no funding statements exist, return "
    + "{\"statements\": []}. Do not include any text outside the JSON object."

  /// System prompt of stage 2: a statement goes in, funders come out.
  public static let fundersSystem = """
    You are an expert at extracting structured funding metadata from academic papers. Given a funding statement, extract \
    all funders and their associated awards. Return a JSON array of funder objects. Each funder has:
    - "funder_name": string or null
    - "awards": array of objects with "award_ids" (array of strings), "funding_scheme" (array of strings), and \
    "award_title" (array of strings)
    Return ONLY the JSON array, no other text.
    """

  static let fundersUserPrefix = "Extract funding information from the following statement:\n\n"

  /// The chat of stage 1.
  public static func statements(in chunk: String) -> [Message] {
    [Message(.system, statementsSystem), Message(.user, chunk)]
  }

  /// The chat of stage 2.
  public static func funders(in statement: String) -> [Message] {
    [Message(.system, fundersSystem), Message(.user, fundersUserPrefix + statement)]
  }

  /// SHA-256 of the stage-1 system prompt, in hexadecimal.
  public static let statementsHash = FileHash.sha256(of: statementsSystem)

  /// SHA-256 of the stage-2 system prompt and the fixed part of its user message, in hexadecimal.
  public static let fundersHash = FileHash.sha256(of: fundersSystem + fundersUserPrefix)
}
