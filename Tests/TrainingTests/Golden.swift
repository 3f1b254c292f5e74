import Generation
import JSON
import TestSupport
import TrainingData

extension Golden {
  /// The examples of sft/expected.json: labels of −100 are not supervised.
  static func sftExamples(_ reference: JSON) throws -> [TrainingExample] {
    try reference.at("examples").array!.enumerated().map { index, example in
      TrainingExample(
        id: "\(index)", task: .funders, tokens: try example.at("input_ids").integers,
        isSupervised: try example.at("labels").integers.map { $0 >= 0 })
    }
  }
}
