import Files
import Foundation

/// The inputs that a command line names, folders opened up.
package struct InputCollection: Sendable, Equatable {
  package var sources: [InputSource] = []
  /// What lies in the folders and is not read, with the reason.
  package var skipped: [String] = []

  /// - Parameters:
  ///   - paths: files, folders, `-` for standard input. What does not exist becomes a source that cannot be read.
  ///   - extensions: of the files that are taken from folders, in lower case.
  package init(_ paths: [String], extensions: [String]) {
    for path in paths {
      if path == "-" {
        sources.append(InputSource(id: "stdin", place: .standardInput))
      } else if Self.isFolder(path) {
        let before = sources.count
        add(folder: path, extensions)
        if sources.count == before {
          fail(path, "the folder holds no file that ends in \(Self.list(extensions))")
        }
      } else {
        sources.append(InputSource(id: path, place: .file(path: path)))
      }
    }
  }

  private mutating func add(folder: String, _ extensions: [String]) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      return fail(folder, "the folder cannot be listed: \(error.localizedDescription)")
    }
    // By bytes: the same order on every machine.
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      if Self.isFolder(path) {
        if Self.isLink(path) {
          skipped.append("\(path) (a link to a folder)")
        } else {
          add(folder: path, extensions)
        }
      } else if extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased()) {
        sources.append(InputSource(id: path, place: .file(path: path)))
      } else {
        skipped.append(path)
      }
    }
  }

  private mutating func fail(_ path: String, _ message: String) {
    sources.append(InputSource(id: path, place: .unreadable(InputError(message))))
  }

  /// What was skipped in one sentence; nil if nothing was.
  package func skippedMessage(extensions: [String]) -> String? {
    guard !skipped.isEmpty else { return nil }
    let more = skipped.count > 5 ? " and \(skipped.count - 5) more" : ""
    return "skipped \(skipped.prefix(5).joined(separator: ", "))\(more); from folders, files are read that end in "
      + Self.list(extensions)
  }

  package static func list(_ extensions: [String]) -> String { extensions.map { "." + $0 }.joined(separator: ", ") }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }
}
