import CVersion
import Torch

enum Version {
  static let number = "0.1.0"

  /// The number with the git revision of the build, if it was given one: "0.1.0+148b06e".
  static let full: String = {
    let revision = String(cString: patron_revision())
    return revision.isEmpty ? number : "\(number)+\(revision)"
  }()

  /// What `patron --version` prints.
  static var description: String { "patron \(full), libtorch \(Runtime.version)" }
}
