import Files
import Foundation
import ModelFiles

/// An adapter that a known model comes with, and that is not on this machine.
package struct MissingAdapter: Sendable, CustomStringConvertible {
  package let model: String
  package let adapter: String
  /// Where it was looked for.
  package let folders: [URL]

  /// What that means, without advice.
  package var finding: String {
    "\(model) is used without its adapter \(adapter), with which it was taught to read funding: found in none of "
      + folders.map(\.path).joined(separator: ", ")
  }

  package var description: String { "\(finding); set PATRON_MODELS to the folder that holds \(adapter)" }
}

/// The models that Patron knows by name, and where they are on this machine.
public enum ModelCatalog {
  package struct Entry {
    package let name: String
    package let fileName: String
    package let sha256: String
    package let summary: String
    /// Folders of the adapters that `patron extract` puts on it where they are there, in the order of merging; relative
    /// to the folders that hold adapters.
    package let adapters: [String]
  }

  /// The model that is used where none is named.
  public static let defaultName = "smollm2-135m"

  package static let entries = [
    Entry(
      name: defaultName, fileName: "SmolLM2-135M-Instruct.Q4_1.gguf",
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
      summary: "SmolLM2 135M Instruct, Q4_1; runs anywhere", adapters: ["smollm2-135m/sft"])
  ]

  /// Folders that are searched for models, in this order: PATRON_MODELS, then `share/patron/models` beside the
  /// installed binary, then `.deps/models` of the checkout that the binary was built in.
  package static func folders(executable: URL? = Bundle.main.executableURL) -> [URL] {
    folders(executable: executable, ofCheckout: ".deps/models")
  }

  /// Folders that are searched for the adapters of known models: as for models, but `Models` of the checkout.
  package static func adapterFolders(executable: URL? = Bundle.main.executableURL) -> [URL] {
    folders(executable: executable, ofCheckout: "Models")
  }

  private static func folders(executable: URL?, ofCheckout name: String) -> [URL] {
    var folders: [URL] = []
    if let path = ProcessInfo.processInfo.environment["PATRON_MODELS"], !path.isEmpty {
      folders.append(URL(fileURLWithPath: path))
    }
    guard let executable else { return folders }
    let real = executable.resolvingSymlinksInPath()
    folders.append(
      real.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("share/patron/models"))
    var folder = real.deletingLastPathComponent()
    while folder.path != "/" {
      if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
        folders.append(folder.appendingPathComponent(name))
        break
      }
      folder = folder.deletingLastPathComponent()
    }
    return folders
  }

  /// Where a known model is; nil when it is in none of the folders.
  package static func find(_ entry: Entry) -> URL? {
    folders().map { $0.appendingPathComponent(entry.fileName) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// The adapters that a model called by its name comes with, as far as they are on this machine. One that is missing
  /// ends the list, because the next was trained on top of it.
  package static func defaultAdapters(
    of model: String, in folders: [URL] = adapterFolders()
  ) -> ([URL], missing: MissingAdapter?) {
    var found: [URL] = []
    for adapter in entries.first(where: { $0.name == model })?.adapters ?? [] {
      let places = folders.map { $0.appendingPathComponent(adapter) }
      let place = places.first {
        FileManager.default.fileExists(atPath: $0.appendingPathComponent("adapter_config.json").path)
      }
      guard let place else {
        return (found, MissingAdapter(model: model, adapter: adapter, folders: folders))
      }
      found.append(place)
    }
    return (found, nil)
  }

  /// The file or folder that `--model` means: a known name, or a path.
  package static func url(of model: String) throws -> URL {
    guard let entry = entries.first(where: { $0.name == model }) else {
      let url = URL(fileURLWithPath: model)
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw FileError(
          .notFound,
          "model \(model): neither a file or folder nor a known name "
            + "(\(entries.map(\.name).joined(separator: ", "))); see `patron models list`")
      }
      return url
    }
    guard let url = find(entry) else {
      throw FileError(
        .notFound,
        "model \(model): \(entry.fileName) is in none of \(folders().map(\.path).joined(separator: ", ")); "
          + howToGet)
    }
    return url
  }

  package static let howToGet = "run `make setup` in the checkout, or set PATRON_MODELS to the folder that holds it"

  /// The known models, and what else lies in the folders that are searched; those are called by their paths.
  package static func models() -> [(name: String, url: URL?)] {
    var models = entries.map { (name: $0.name, url: find($0)) }
    for folder in folders() {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      for name in names.sorted() where !name.hasPrefix(".") && !entries.contains(where: { $0.fileName == name }) {
        let url = folder.appendingPathComponent(name)
        let isFolder = FileManager.default.fileExists(atPath: url.appendingPathComponent("config.json").path)
        if isFolder || url.pathExtension == "gguf" { models.append((url.path, url)) }
      }
    }
    return models
  }
}
