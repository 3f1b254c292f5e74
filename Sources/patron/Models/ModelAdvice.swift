import Files
import PatronKit

/// What the command line adds to the library's messages about models: the flags that help.
enum ModelAdvice {
  /// An error in words, with the flags that help.
  static func text(of error: any Error) -> String {
    guard let error = error as? AdapterError else { return ErrorMessage.text(of: error) }
    return error.message + flags(for: error.code)
  }

  private static func flags(for code: AdapterError.Code) -> String {
    let force = ", or use it all the same with --force-adapter"
    return switch code {
    case .unknownTemplate: "; use it with the model's own with --force-adapter"
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
