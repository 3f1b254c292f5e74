import Files
import Foundation
import JSON
import ModelFiles
import TestSupport
import Testing

/// Model and adapter folders that transformers and PEFT wrote.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenFolderTests {
  private func model(_ name: String) throws -> (ModelFolder, Checkpoint) {
    let folder = try ModelFolder(Golden.vectors.appendingPathComponent("tiny_llama/\(name)"))
    return (folder, try folder.checkpoint())
  }

  private func adapter(_ name: String) throws -> AdapterFolder {
    try AdapterFolder(Golden.vectors.appendingPathComponent("peft/\(name)"))
  }

  @Test func models() throws {
    let (untied, weights) = try model("untied")
    #expect(
      untied.configuration
        == LlamaConfiguration(
          vocabularySize: 512, hiddenSize: 64, intermediateSize: 160, layerCount: 3, headCount: 4, keyValueHeadCount: 2,
          headDimension: 16, rmsNormEpsilon: 1e-5, ropeTheta: 500_000,
          ropeScaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64),
          contextLength: 2048, tiesEmbeddings: false, bosTokenID: 256, eosTokenIDs: [262, 261, 259]))
    #expect(untied.chat.generation?.temperature == 0.6 && untied.chat.generation?.topP == 0.9)

    let tied = try model("tied").0.configuration
    #expect(tied.tiesEmbeddings && tied.headDimension == 16 && tied.hiddenSize != tied.headCount * 16)
    #expect(try model("plain_rope").0.configuration.ropeScaling == nil)

    let (sharded, shards) = try model("untied_bf16_sharded")
    #expect(shards.tensors.count == weights.tensors.count)
    // The same weights, rounded.
    for (name, tensor) in weights.tensors {
      let exact = try tensor.floats()
      let rounded = try #require(shards.tensors[name]).floats()
      let isClose = zip(exact, rounded).allSatisfy { abs($0 - $1) <= abs($0) / 256 }
      #expect(exact.count == rounded.count && isClose, "\(name)")
    }
  }

  @Test(arguments: ["sft", "dapo", "rslora", "qv_only", "rank_alpha_pattern"])
  func adapters(_ name: String) throws {
    let configuration = try model("untied").0.configuration
    let adapter = try adapter(name)
    try adapter.check(against: configuration)
    let expected = try JSON.parse(
      Array(Data(contentsOf: Golden.vectors.appendingPathComponent("peft/expected.json"))))
    for module in adapter.modules {
      let scale =
        switch name {
        case "rank_alpha_pattern" where module.name.hasSuffix(".q_proj"): 9.0 / 3
        case "rank_alpha_pattern" where module.name == "model.layers.1.mlp.down_proj": 1.0 / 5
        case "qv_only": 4.0 / 4
        default: expected["scaling"]?[name]?.double ?? 16.0 / 8
        }
      #expect(module.scale == scale, "\(module.name)")
    }
    #expect(adapter.modules.count == (name == "qv_only" ? 6 : 21))
  }

  @Test func doraIsRefusedByName() {
    let error = failure(FileError.self) { _ = try adapter("dora") }
    #expect(error?.code == .unsupported && error?.message.contains("\"use_dora\"") == true)
  }
}
