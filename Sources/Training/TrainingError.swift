/// A failure of training, or of what it was asked to do.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
  /// Kinds of failure. New kinds may be added.
  public struct Code: Sendable, Hashable {
    private enum Kind { case setting, data, model, adapter, adapterScale, state, diverged, launch, group }
    private let kind: Kind

    /// Settings contradict one another or are out of range.
    public static let setting = Code(kind: .setting)
    /// The examples cannot be trained on.
    public static let data = Code(kind: .data)
    /// The base model cannot be trained.
    public static let model = Code(kind: .model)
    /// The adapter to go on from does not fit the model or the settings.
    public static let adapter = Code(kind: .adapter)
    /// The adapter to go on from has another rank or scale than the settings.
    public static let adapterScale = Code(kind: .adapterScale)
    /// A saved state does not belong to this run.
    public static let state = Code(kind: .state)
    /// The loss left all bounds.
    public static let diverged = Code(kind: .diverged)
    /// What started the processes left out how many there are, or which one this is.
    public static let launch = Code(kind: .launch)
    /// Another process of the run did not come, ended, stalled, or differs.
    public static let group = Code(kind: .group)
  }

  public let code: Code
  /// What was found, what was expected, what to do.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
