import Foundation
import Runs

/// The output could not be written.
struct OutputError: Error, Sendable, CustomStringConvertible {
  let message: String
  /// The reader went away (`| head`).
  let isClosedPipe: Bool

  init(_ doing: String, _ path: String, _ number: Int32) {
    message = "\(path): cannot \(doing): \(String(cString: strerror(number)))"
    isClosedPipe = number == EPIPE
  }

  init(_ message: String) {
    self.message = message
    isClosedPipe = false
  }

  var description: String { message }
}

/// Where results go: standard output, or a file.
final class OutputFile {
  let path: String
  private let descriptor: Int32
  /// Written first and renamed to `path` by `commit`; nil: written in place.
  private var temporaryPath: String?
  /// An older file of the same name loses its content only with the first write.
  private var mustEmpty = false

  /// Standard output.
  init() {
    path = "standard output"
    descriptor = STDOUT_FILENO
  }

  /// - Parameter inPlace: written under its name from the first byte on, so that an interrupted run keeps what is done.
  ///   Otherwise the file appears, or is replaced, only by `commit`. Pipes and devices are always written in place.
  init(path: String, inPlace: Bool) throws {
    // A link keeps pointing where it points.
    let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT == S_IFDIR { throw OutputError("\(path): a folder, expected a file to write") }
    let isSpecial = exists && status.st_mode & S_IFMT != S_IFREG
    self.path = path
    if !inPlace, !isSpecial {
      let url = URL(fileURLWithPath: path)
      temporaryPath =
        url.deletingLastPathComponent().path + "/.\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial"
    }
    let target = temporaryPath ?? path
    mustEmpty = exists && !isSpecial && inPlace
    descriptor = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw OutputError("write", path, errno) }
  }

  /// `patron extract paper.md -o paper.md` must not cost the article.
  /// - Throws: `OutputError` where the file to write is one of the inputs.
  static func check(_ path: String, isNoneOf inputs: [String]) throws {
    var target = stat()
    guard stat(path, &target) == 0, target.st_mode & S_IFMT == S_IFREG else { return }
    for input in inputs {
      var status = stat()
      if stat(input, &status) == 0, status.st_dev == target.st_dev, status.st_ino == target.st_ino {
        throw OutputError("\(path): it is also an input; choose another file for the output")
      }
    }
  }

  deinit {
    if descriptor > STDERR_FILENO { close(descriptor) }
    if let temporaryPath { unlink(temporaryPath) }
  }

  func write(_ text: String) throws {
    try empty()
    var text = text
    try text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          throw OutputError("write", path, errno)
        }
        done += count
      }
    }
  }

  private func empty() throws {
    guard mustEmpty else { return }
    guard ftruncate(descriptor, 0) == 0 else { throw OutputError("write", path, errno) }
    mustEmpty = false
  }

  /// Puts the finished file under its name.
  func commit() throws {
    try empty()
    guard let temporary = temporaryPath else { return }
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw OutputError("write", path, errno) }
    temporaryPath = nil
  }
}
