import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file mapped into memory for reading.
///
/// Pages are read when they are touched and can be dropped again by the system, so mapping a 16 GB model costs
/// nothing by itself. Whoever keeps a pointer into the mapping must keep this object. A file that another program
/// shortens while it is mapped ends the process on access, as with every mapped file: replace model files by renaming.
public final class MappedFile: @unchecked Sendable {
  // The mapping is read-only and never changes between init and deinit, hence unchecked Sendable.
  public let path: String
  public let byteCount: Int
  private let base: UnsafeRawPointer

  /// Maps the file at `path`.
  /// - Throws: `FileError` for anything but a non-empty regular file, and for files that are well known to be
  ///   something else than a model (Git-LFS pointers, web pages).
  public init(path: String) throws {
    // O_NONBLOCK: opening a named pipe must not wait for a writer.
    let descriptor = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
    let status = try descriptor.status()
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(.wrongKind, "\(path): a folder, expected a file")
    default: throw FileError(.wrongKind, "\(path): not a regular file (a pipe, socket or device)")
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      throw FileError(.wrongKind, "\(path): the file is empty; the download may have failed, fetch it again")
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor.raw, 0), address != MAP_FAILED else {
      throw FileError.system("map", path, errno)
    }
    self.path = path
    self.byteCount = size
    self.base = UnsafeRawPointer(address)
    try refuseKnownStrangers()
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: base), byteCount)
  }

  /// The whole file. Valid as long as this object lives.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

  /// A copy of the whole file, which needs this object no longer: for `MappedFile(path:).copy()`, after which nobody
  /// keeps the mapping.
  public func copy() -> [UInt8] { withExtendedLifetime(self) { Array(bytes) } }

  /// `count` bytes from `offset` on. Valid as long as this object lives.
  /// - Throws: `FileError` where the range leaves the file.
  public func bytes(at offset: Int, count: Int) throws -> UnsafeRawBufferPointer {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
      throw FileError(
        .malformed, "\(path): \(count) bytes at offset \(offset) leave the file, which has \(byteCount) bytes")
    }
    return UnsafeRawBufferPointer(start: base + offset, count: count)
  }

  /// What the system may assume about a part of the file.
  public enum Advice: Sendable {
    /// It will be read once from front to back.
    case sequential
    /// It will be needed soon: start reading.
    case willNeed
    /// It is not needed now: its pages may go (they are read again if touched).
    case dontNeed
  }

  /// Gives advice about a range; ranges are clamped to the file. For `.dontNeed` only pages that lie wholly inside the
  /// range are given back, so that neighbours are not disturbed.
  public func advise(_ advice: Advice, at offset: Int = 0, count: Int = .max) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    var start = min(max(offset, 0), byteCount)
    var end = count >= byteCount - start ? byteCount : start + max(count, 0)
    if case .dontNeed = advice {
      start = (start + page - 1) / page * page
      if end < byteCount { end = end / page * page }
    } else {
      start = start / page * page
    }
    guard start < end else { return }
    let flag =
      switch advice {
      case .sequential: MADV_SEQUENTIAL
      case .willNeed: MADV_WILLNEED
      case .dontNeed: MADV_DONTNEED
      }
    _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, Int32(flag))
  }

  /// Recognises the files that are most often found where a model should be.
  private func refuseKnownStrangers() throws {
    if starts(with: "version https://git-lfs") {
      throw FileError(
        .wrongKind,
        "\(path): a Git-LFS pointer (\(byteCount) bytes of text), not the model itself; run `git lfs pull` in that "
          + "repository or download the file")
    }
    let firstNonSpace = bytes.prefix(64).firstIndex { $0 > 0x20 } ?? 0
    for opening in ["<!doctype html", "<html", "<?xml"] where starts(with: opening, at: firstNonSpace) {
      throw FileError(
        .wrongKind, "\(path): a web page, not a model; the download was answered with an error or log-in page")
    }
    for opening in ["Entry not found", "Access to model", "Invalid username or password", "Repository not found"]
    where starts(with: opening) {
      throw FileError(
        .wrongKind, "\(path): the hub's refusal (\(opening)…) saved as a file, not a model; log in and download again")
    }
    if starts(with: "PK\u{3}\u{4}") {
      throw FileError(
        .wrongKind,
        "\(path): a ZIP archive, probably PyTorch's own format (.bin, .pt), which can run code; "
          + "convert it to safetensors")
    }
  }

  private func starts(with text: String, at offset: Int = 0) -> Bool {
    let lowered = bytes.dropFirst(offset).prefix(text.utf8.count).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    return lowered.elementsEqual(text.lowercased().utf8)
  }
}
