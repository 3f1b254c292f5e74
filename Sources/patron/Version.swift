import PatronKit
import Torch

enum Version {
  static let full = PatronVersion.full

  /// What `patron --version` prints.
  static var description: String { "patron \(full), libtorch \(Runtime.version)" }
}
