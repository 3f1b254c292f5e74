import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes a folder that appears complete or not at all.
///
/// The files go into a hidden folder beside the destination. `commit` waits until they are on the disk and renames the
/// folder; without a commit the hidden folder is removed again. One whose process was killed stays behind:
/// `removeAbandoned`.
public final class FolderWriter {
  public let destination: URL
  /// The hidden folder, for what writes files by itself.
  public let temporary: URL
  private let replacesExisting: Bool
  private var isCommitted = false

  /// - Parameter replacingExisting: whether a folder with content may stand at `destination`; it is replaced by
  ///   `commit`.
  /// - Throws: `FileError` with code `.exists` where something stands at `destination` and must not be replaced.
  public init(_ destination: URL, replacingExisting: Bool = false) throws {
    let destination = destination.standardizedFileURL
    self.destination = destination
    replacesExisting = replacingExisting
    try Self.check(destination, mayReplace: replacingExisting)
    temporary = partialName(of: destination)
    do {
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    } catch {
      let code: FileError.Code = isDiskFull(error) ? .diskFull : .inputOutput
      throw FileError(code, "\(temporary.path): cannot create the folder: \(error.localizedDescription)")
    }
  }

  deinit {
    if !isCommitted { try? FileManager.default.removeItem(at: temporary) }
  }

  /// Where to write a file of this name before the commit.
  public func url(for name: String) -> URL { temporary.appendingPathComponent(name) }

  public func write(_ bytes: [UInt8], to name: String) throws {
    let file = try FileDescriptor(opening: url(for: name).path, flags: O_WRONLY | O_CREAT | O_EXCL)
    try bytes.withUnsafeBytes { try file.writeAll($0) }
  }

  /// Copies a file, under the same name unless another is given.
  public func copy(_ source: URL, as name: String? = nil) throws {
    let input = try FileDescriptor(opening: source.path, flags: O_RDONLY | O_NONBLOCK)
    let output = try FileDescriptor(
      opening: url(for: name ?? source.lastPathComponent).path, flags: O_WRONLY | O_CREAT | O_EXCL)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try input.read(into: buffer)
      if count == 0 { return }
      try output.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// Makes the folder appear at its destination. The writer is of no further use.
  public func commit() throws {
    for file in try Self.files(in: temporary) {
      try FileDescriptor(opening: url(for: file).path, flags: O_RDONLY).synchronize()
    }
    for folder in try Self.folders(in: temporary) { try synchronizeFolder(url(for: folder).path) }
    try synchronizeFolder(temporary.path)

    try Self.check(destination, mayReplace: replacesExisting)
    // rename(2) replaces an empty folder by itself; one with content has to step aside first.
    var aside: URL?
    if Self.hasContent(destination) {
      let old = temporary.appendingPathExtension("old")
      try Self.rename(destination, to: old)
      aside = old
    }
    do {
      try Self.rename(temporary, to: destination)
    } catch {
      if let aside { try? Self.rename(aside, to: destination) }
      throw error
    }
    isCommitted = true
    try synchronizeFolder(destination.deletingLastPathComponent().path)
    if let aside { try? FileManager.default.removeItem(at: aside) }
  }

  /// Paths of the files in a folder and its subfolders, relative to it, sorted.
  /// - Throws: `FileError` where something is neither a file nor a folder: a link would not keep what it points to.
  public static func files(in folder: URL) throws -> [String] { try entries(of: folder).files }

  private static func folders(in folder: URL) throws -> [String] { try entries(of: folder).folders }

  private static func entries(of folder: URL) throws -> (files: [String], folders: [String]) {
    var result: (files: [String], folders: [String]) = ([], [])
    let paths: [String]
    do {
      paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    } catch {
      throw FileError(.inputOutput, "\(folder.path): cannot read the folder: \(error.localizedDescription)")
    }
    for path in paths.sorted() {
      var status = stat()
      let full = folder.appendingPathComponent(path).path
      guard lstat(full, &status) == 0 else { throw FileError.system("examine", full, errno) }
      switch status.st_mode & S_IFMT {
      case S_IFREG: result.files.append(path)
      case S_IFDIR: result.folders.append(path)
      default: throw FileError(.unsupported, "\(full): neither a file nor a folder")
      }
    }
    return result
  }

  /// Removes what killed processes left of their folders and files in this folder. Nobody else may be writing there.
  public static func removeAbandoned(in folder: URL) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(".") && (name.hasSuffix(partialSuffix) || name.hasSuffix(partialSuffix + ".old")) {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  private static func check(_ destination: URL, mayReplace: Bool) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: destination.path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw FileError(.exists, "\(destination.path): a file; the output has to be a folder")
    }
    guard mayReplace || !hasContent(destination) else {
      throw FileError(.exists, "\(destination.path): the folder exists and is not empty; choose another output")
    }
  }

  private static func hasContent(_ folder: URL) -> Bool {
    !((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).isEmpty
  }

  fileprivate static func rename(_ source: URL, to destination: URL) throws {
    #if canImport(Glibc)
      let result = Glibc.rename(source.path, destination.path)
    #elseif canImport(Musl)
      let result = Musl.rename(source.path, destination.path)
    #else
      let result = Darwin.rename(source.path, destination.path)
    #endif
    guard result == 0 else { throw FileError.system("rename to \(destination.path)", source.path, errno) }
  }
}

/// Writes a file that appears, or takes the place of an older one, complete or not at all.
public enum AtomicFile {
  /// - Throws: `FileError`; what stood at `destination` is then as it was.
  public static func write(_ bytes: [UInt8], to destination: URL) throws {
    let destination = destination.standardizedFileURL
    let temporary = partialName(of: destination)
    do {
      let file = try FileDescriptor(opening: temporary.path, flags: O_WRONLY | O_CREAT | O_EXCL)
      try bytes.withUnsafeBytes { try file.writeAll($0) }
      try file.synchronize()
      try FolderWriter.rename(temporary, to: destination)
    } catch {
      unlink(temporary.path)
      throw error
    }
    try synchronizeFolder(destination.deletingLastPathComponent().path)
  }
}

private let partialSuffix = ".partial"

/// A hidden name beside `destination` that nothing else has.
private func partialName(of destination: URL) -> URL {
  destination.deletingLastPathComponent()
    .appendingPathComponent(".\(destination.lastPathComponent).\(UUID().uuidString.prefix(8))\(partialSuffix)")
}
