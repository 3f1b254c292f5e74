import Testing

@testable import ModelFiles

@Suite struct ModelFamilyTests {
  /// A family with names of its own and one linear layer less.
  static let other = ModelFamily(
    huggingFaceClass: "OtherForCausalLM", huggingFaceType: "other", ggufName: "other",
    embeddings: WeightName(huggingFace: "embed", gguf: "e"), finalNorm: WeightName(huggingFace: "last", gguf: "n"),
    head: WeightName(huggingFace: "out", gguf: "o"),
    block: [
      .linear(.queryKeyValue, "qkv", gguf: "a", outputs: .queries, inputs: .hidden, isPermutedInGGUF: true),
      .norm(.attention, "first", gguf: "b"),
      .linear(.down, "ffn.down", gguf: "c", outputs: .hidden, inputs: .intermediate),
    ])

  @Test func everythingWalksTheTable() {
    var configuration = LlamaConfiguration.tiny
    configuration.family = Self.other
    configuration.layerCount = 2
    configuration.tiesEmbeddings = false
    #expect(
      configuration.tensorShapes.map(\.name) == [
        "embed.weight", "model.layers.0.qkv.weight", "model.layers.0.first.weight", "model.layers.0.ffn.down.weight",
        "model.layers.1.qkv.weight", "model.layers.1.first.weight", "model.layers.1.ffn.down.weight", "last.weight",
        "out.weight",
      ])
    #expect(
      configuration.tensorShapes.map(\.shape) == [[3, 4], [4, 4], [4], [4, 6], [4, 4], [4], [4, 6], [4], [3, 4]])
    #expect(
      configuration.linearLayers.map(\.name) == [
        "model.layers.0.qkv", "model.layers.0.ffn.down", "model.layers.1.qkv", "model.layers.1.ffn.down",
      ])
    #expect(configuration.linearLayers(.gateUp, inBlock: 0).isEmpty)
    #expect(configuration.normName(.attention, inBlock: 1) == "model.layers.1.first.weight")
    #expect(configuration.normName(.feedForward, inBlock: 1) == nil)
    #expect(Self.other.linearLayerSuffixes == ["down", "qkv"])
  }

  @Test func namesOfGGUFFilesAreTranslated() {
    func translated(_ name: String) -> [String]? {
      Self.other.huggingFaceName(ofGGUF: name).map { [$0.name, $0.isPermuted ? "permuted" : "in order"] }
    }
    #expect(translated("e.weight") == ["embed.weight", "in order"])
    #expect(translated("blk.7.a.weight") == ["model.layers.7.qkv.weight", "permuted"])
    #expect(translated("blk.7.c.weight") == ["model.layers.7.ffn.down.weight", "in order"])
    #expect(translated("blk.7.attn_q.weight") == nil && translated("token_embd.weight") == nil)
  }

  /// Adapters, blocks and dropout seeds count on the order of the groups.
  @Test func theLlamaTableStandsInTheOrderOfTheGroups() {
    let groups = ModelFamily.llama.block.compactMap { weight -> LinearGroup? in
      guard case .linear(let group, _, _) = weight.role else { return nil }
      return group
    }
    #expect(groups.map(\.rawValue) == groups.map(\.rawValue).sorted() && Set(groups) == Set(LinearGroup.allCases))
    #expect(
      ModelFamily.llama.linearLayerSuffixes == [
        "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj",
      ])
  }
}
