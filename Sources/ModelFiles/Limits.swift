/// Bounds on what configurations may say: far above every published model, low enough that products of two stay in
/// range.
enum Limits {
  static let width = 1 << 24
  static let count = 1 << 16
  static let layers = 1 << 12
  static let context = 1 << 30
}
