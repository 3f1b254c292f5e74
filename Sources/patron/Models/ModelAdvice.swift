import Files
import Llama
import PatronKit
import Tokenizer

/// What the command line adds to the library's messages about models: the flags that help.
enum ModelAdvice {
  /// An error in words, with the flags that help.
  static func text(of error: any Error) -> String {
    switch error {
    case let error as AdapterError: error.message + flags(for: error.code)
    // The message ends with the advice to choose a template.
    case let error as TokenizerError where [.unknownTemplate, .missingToken].contains(error.code):
      error.message + ": --chat-template NAME"
    // This one ends with the advice to choose a dtype.
    case let error as LlamaError where error.code == .range: error.message + " with --dtype, such as float32"
    default: ErrorMessage.text(of: error)
    }
  }

  private static func flags(for code: AdapterError.Code) -> String {
    let force = ", or use it all the same with --force-adapter"
    return switch code {
    case .unknownTemplate: "; choose one with --chat-template, or use it with the model's own with --force-adapter"
    case .otherModel: " with --model" + force
    case .otherAdaptersBefore: " with --adapter" + force
    default: force
    }
  }
}

extension MissingAdapter {
  /// What that means, and what can be done.
  var advice: String {
    "\(finding); name its folder with --adapter, set PATRON_MODELS to the folder that holds \(adapter), or say --no-adapter"
  }
}
