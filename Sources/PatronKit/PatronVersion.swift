import CVersion

/// What records and adapters say of the program that made them.
public enum PatronVersion {
  public static let number = "0.1.0"

  /// The number with the git revision of the build, if it was given one: "0.1.0+148b06e".
  public static let full: String = {
    let revision = String(cString: patron_revision())
    return revision.isEmpty ? number : "\(number)+\(revision)"
  }()
}
