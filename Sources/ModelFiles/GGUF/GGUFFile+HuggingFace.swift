import Files
import JSON
import Tokenizer

extension GGUFFile {
  /// The files that stand beside the weights in a Hugging Face folder, made from the metadata.
  ///
  /// - Parameter dtype: of the weights in the folder.
  /// - Throws: `FileError` or `TokenizerError` for what these files cannot say.
  public func huggingFaceFiles(
    _ configuration: LlamaConfiguration, dtype: TensorDType
  ) throws -> [(name: String, content: JSON)] {
    let vocabulary = try vocabulary()
    do {
      return [
        ("config.json", try configuration.huggingFaceJSON(dtype: dtype)),
        ("generation_config.json", configuration.generationJSON(paddingTokenID: vocabulary.paddingTokenID)),
        ("tokenizer.json", try vocabulary.tokenizerJSON()),
        ("tokenizer_config.json", try vocabulary.tokenizerConfiguration(contextLength: configuration.contextLength)),
      ]
    } catch let error as FileError {
      throw FileError(error.code, "\(file.path): \(error.message)")
    }
  }
}
