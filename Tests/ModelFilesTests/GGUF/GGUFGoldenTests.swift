import Tokenizer
import Files
import Foundation
import JSON
import ModelFiles
import TestSupport
import Testing

/// The default model against the values that the `gguf` Python package gives for it.
@Suite(
  .enabled(if: Checkout.hasDefaultModel, Checkout.defaultModelAbsence), .enabled(if: Golden.isPresent, Golden.absence))
struct GGUFGoldenTests {
  let file: GGUFFile
  let golden: JSON

  init() throws {
    file = try GGUFFile(Checkout.defaultModel)
    golden = try JSON.parse(Array(Data(contentsOf: Golden.vectors.appendingPathComponent("gguf/tensors.json"))))
  }

  @Test func metadata() throws {
    #expect(file.dataOffset == golden["data_offset"]?.int && file.alignment == golden["alignment"]?.int)
    #expect(file.file.byteCount == golden["size"]?.int)
    let metadata = try #require(golden["metadata"]?.object)
    for (key, expected) in metadata.members where !key.hasPrefix("GGUF.") {
      let value = try #require(file.metadata[key], "\(key)")
      switch expected {
      case .bool(let flag): #expect(value.bool == flag, "\(key)")
      case .string(let text): #expect(value.string == text, "\(key)")
      case .number(let number): #expect(value.double == number.double, "\(key)")
      case .array(let elements): #expect(try value.array?.strings() == elements.compactMap(\.string), "\(key)")
      case .object:
        let array = try #require(value.array)
        #expect(array.count == expected["array_length"]?.int, "\(key)")
        let first = try #require(expected["first"]?.array)
        let last = try #require(expected["last"]?.array)
        if array.elementType == .string {
          let strings = try array.strings()
          #expect(Array(strings.prefix(first.count)) == first.compactMap(\.string), "\(key)")
          #expect(Array(strings.suffix(last.count)) == last.compactMap(\.string), "\(key)")
        } else {
          let integers = try array.integers()
          #expect(Array(integers.prefix(first.count)) == first.compactMap(\.int), "\(key)")
          #expect(Array(integers.suffix(last.count)) == last.compactMap(\.int), "\(key)")
        }
      case .null: break
      }
    }
  }

  @Test func configuration() throws {
    let configuration = try file.llamaConfiguration()
    #expect(
      configuration
        == LlamaConfiguration(
          vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536, layerCount: 30, headCount: 9,
          keyValueHeadCount: 3, headDimension: 64, rmsNormEpsilon: 9.999999747378752e-06, ropeTheta: 100_000,
          contextLength: 8192, tiesEmbeddings: true, bosTokenID: 1, eosTokenIDs: [2]))
    try file.checkpoint(for: configuration).check(against: configuration)
    let vocabulary = try file.vocabulary()
    #expect(vocabulary.tokens.count == 49152 && vocabulary.merges.count == 48900)
    #expect(vocabulary.preTokenizer == "smollm" && vocabulary.addsBOS == false)
    #expect(vocabulary.chatTemplate?.contains("<|im_start|>") == true)
  }

  @Test func everyTensor() throws {
    let expected = try #require(golden["tensors"]?.array)
    #expect(expected.count == file.tensors.count)
    for (tensor, golden) in zip(file.tensors, expected) {
      let name = tensor.name
      #expect(name == golden["name"]?.string)
      #expect(tensor.encoding.name == golden["type"]?.string, "\(name)")
      #expect(tensor.shape == golden["row_major_shape"]?.array?.compactMap(\.int), "\(name)")
      #expect(tensor.fileOffset == golden["data_offset"]?.int, "\(name)")
      #expect(tensor.byteCount == golden["n_bytes"]?.int, "\(name)")
      let values = try tensor.floats()
      #expect(values.count == golden["n_elements"]?.int, "\(name)")
      #expect(Array(values.prefix(8)) == golden["first8"]?.array?.compactMap { $0.double.map(Float.init) }, "\(name)")
      for sample in golden["samples"]?.array ?? [] {
        let pair = try #require(sample.array)
        let index = try #require(pair[0].int)
        #expect(values[index] == pair[1].double.map(Float.init), "\(name)[\(index)]")
      }
      let statistics = Statistics(values)
      #expect(Double(statistics.minimum) == golden["min"]?.double, "\(name)")
      #expect(Double(statistics.maximum) == golden["max"]?.double, "\(name)")
      // The reference sums in float64 too, in another order.
      let sum = try #require(golden["sum"]?.double)
      let absoluteSum = try #require(golden["abs_sum"]?.double)
      #expect(abs(statistics.sum - sum) <= 1e-12 * absoluteSum, "\(name): \(statistics.sum), expected \(sum)")
      #expect(abs(statistics.absoluteSum - absoluteSum) <= 1e-12 * absoluteSum, "\(name)")
    }
  }

  @Test func queriesInHuggingFaceOrder() throws {
    let model = try JSON.parse(Array(Data(contentsOf: Golden.vectors.appendingPathComponent("gguf/model.json"))))
    let checkpoint = file.checkpoint(for: try file.llamaConfiguration())
    for (name, expected) in try #require(model["qk_permutation"]?.object).members {
      guard let rows = expected["hf_row_i_is_gguf_row"]?.array?.compactMap(\.int) else { continue }
      let tensor = try #require(ModelFamily.llama.huggingFaceName(ofGGUF: name).flatMap { checkpoint.tensors[$0.name] })
      let permutation = try #require(tensor.rowPermutation)
      #expect(rows.indices.map(permutation.storedRow(for:)) == rows, "\(name)")
    }
  }

  /// Sums in float64; plain loops over a pointer, because this runs over 134 million values in debug builds.
  private struct Statistics {
    var sum = 0.0
    var absoluteSum = 0.0
    var minimum = Float.infinity
    var maximum = -Float.infinity

    init(_ values: [Float]) {
      var sum = 0.0
      var absoluteSum = 0.0
      var minimum = Float.infinity
      var maximum = -Float.infinity
      values.withUnsafeBufferPointer { buffer in
        guard var next = buffer.baseAddress else { return }
        let end = next + buffer.count
        while next != end {
          let value = next.pointee
          let wide = Double(value)
          sum += wide
          absoluteSum += wide < 0 ? -wide : wide
          if value < minimum { minimum = value }
          if value > maximum { maximum = value }
          next += 1
        }
      }
      (self.sum, self.absoluteSum, self.minimum, self.maximum) = (sum, absoluteSum, minimum, maximum)
    }
  }
}
