import Files
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
  @Test func givesTheBytesOfTheFile() throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(path: folder.file("digits", "0123456789").path)
    #expect(file.byteCount == 10)
    #expect(Array(try file.bytes(at: 3, count: 4)) == Array("3456".utf8))
    #expect(try file.bytes(at: 10, count: 0).isEmpty)
  }

  @Test(arguments: [(11, 0), (10, 1), (0, 11), (-1, 1), (0, -1), (5, .max), (.max, .max)])
  func rangesOutsideAreRefused(_ range: (Int, Int)) throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(path: folder.file("digits", "0123456789").path)
    let error = try #require(failure(FileError.self) { _ = try file.bytes(at: range.0, count: range.1) })
    #expect(error.code == .malformed && error.message.contains("offset \(range.0)"))
  }

  @Test func adviceMayCoverAnything() throws {
    let folder = try TemporaryFolder()
    let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    let file = try MappedFile(path: folder.file("large", content).path)
    file.advise(.sequential)
    file.advise(.willNeed, at: 5000, count: 10)
    file.advise(.dontNeed, at: 1, count: 99_998)
    file.advise(.dontNeed, at: -5, count: .max)
    file.advise(.dontNeed, at: 200_000, count: 5)
    file.advise(.willNeed, at: 7, count: -3)
    #expect(file.bytes.elementsEqual(content))
  }

  @Test func whatIsNoFileIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(failure(FileError.self) { _ = try MappedFile(path: folder.url.path) }?.code == .wrongKind)
    #expect(failure(FileError.self) { _ = try MappedFile(path: folder.url.path + "/absent") }?.code == .notFound)
    let empty = try folder.file("empty", "")
    #expect(failure(FileError.self) { _ = try MappedFile(path: empty.path) }?.message.contains("empty") == true)
    let pipe = folder.url.appendingPathComponent("pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    #expect(
      failure(FileError.self) { _ = try MappedFile(path: pipe.path) }?.message.contains("not a regular file") == true)
    #expect(failure(FileError.self) { _ = try FileHash.sha256(of: pipe) }?.code == .wrongKind)
  }

  @Test func hashesAreThoseOfTheStandard() throws {
    let folder = try TemporaryFolder()
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(FileHash.sha256(of: "abc") == abc)
    #expect(try FileHash.sha256(of: folder.file("abc", "abc")) == abc)
    let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    let file = try folder.file("million", [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(try FileHash.sha256(of: file) == million)
  }
}
