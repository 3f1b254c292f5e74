import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import ModelFiles

/// The files that stand beside the weights, made from GGUF metadata, read back.
@Suite struct GGUFFolderTests {
  private func files(_ builder: GGUFBuilder) throws -> (LlamaConfiguration, [String: JSON]) {
    let folder = try TemporaryFolder()
    let file = try GGUFFile(folder.file("m.gguf", builder.bytes))
    let configuration = try file.llamaConfiguration()
    let files = try file.huggingFaceFiles(configuration, dtype: .bfloat16)
    return (configuration, Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.content) }))
  }

  private func readBack(_ files: [String: JSON]) throws -> LlamaConfiguration {
    let folder = try TemporaryFolder()
    return try LlamaConfiguration(
      huggingFaceConfiguration: folder.file("config.json", try #require(files["config.json"]).text(pretty: true)))
  }

  @Test(arguments: [false, true])
  func theConfigurationIsTheSame(untied: Bool) throws {
    let (configuration, files) = try files(.tinyLlama(untied: untied))
    #expect(try readBack(files) == configuration)
    let config = try #require(files["config.json"])
    #expect(config["architectures"] == ["LlamaForCausalLM"] && config["model_type"] == "llama")
    #expect(config["tie_word_embeddings"]?.bool == !untied && config["torch_dtype"] == "bfloat16")
    #expect(files["generation_config.json"] == ["bos_token_id": 0, "eos_token_id": [2, 1]])
    #expect(files["tokenizer_config.json"]?["chat_template"] == "{{ messages }}")
    #expect(files["tokenizer.json"]?["added_tokens"]?.array?.count == 1)
  }

  /// A model whose heads have 16 frequencies.
  private func model(factors: [Float]) -> GGUFBuilder {
    var builder = GGUFBuilder.tinyLlama()
    builder.entry("llama.attention.key_length", UInt32(2 * factors.count))
    builder.tensor("rope_freqs.weight", [UInt64(factors.count)], floats: factors)
    return builder
  }

  @Test(arguments: [8.0, 32.0])
  func llama3ScalingIsRecognisedByItsFactors(factor: Double) throws {
    let rule = RopeScaling.llama3(
      factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    let factors = rule.frequencyFactors(theta: 500_000, dimension: 128).map(Float.init)
    #expect(factors.first == 1 && factors.last == Float(factor) && Set(factors).count > 4)
    #expect(try readBack(files(model(factors: factors)).1).ropeScaling == rule)

    var others = factors
    others[40] *= 1.01
    let error = failure(FileError.self) { _ = try files(model(factors: others)) }
    #expect(error?.code == .unsupported && error?.message.contains("rotary frequency factors") == true)
    #expect(error?.message.contains("m.gguf") == true)
  }

  @Test func oneFactorForAllIsLinearScaling() throws {
    let scaling = RopeScaling.frequencyFactors([4, 4, 4])
    #expect(try readBack(files(model(factors: [4, 4, 4])).1).ropeScaling == scaling)
  }
}
