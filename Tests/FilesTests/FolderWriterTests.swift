import Files
import Foundation
import TestSupport
import Testing

@Suite struct FolderWriterTests {
  private func contents(_ url: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  @Test func aFolderAppearsWithItsCommit() throws {
    let folder = try TemporaryFolder()
    let source = try folder.file("source.txt", "copied")
    let output = folder.url.appendingPathComponent("out")
    let writer = try FolderWriter(output)
    try writer.write(Array("{}".utf8), to: "config.json")
    try writer.copy(source, as: "other.txt")
    #expect(!FileManager.default.fileExists(atPath: output.path))
    try writer.commit()
    #expect(try contents(output) == ["config.json", "other.txt"])
    #expect(try String(contentsOf: output.appendingPathComponent("other.txt"), encoding: .utf8) == "copied")
    #expect(try contents(folder.url) == ["out", "source.txt"])
  }

  @Test func withoutACommitNothingIsLeft() throws {
    let folder = try TemporaryFolder()
    do {
      let writer = try FolderWriter(folder.url.appendingPathComponent("out"))
      try writer.write([1], to: "a")
      #expect(try contents(folder.url).count == 1)
    }
    #expect(try contents(folder.url).isEmpty)
  }

  @Test func whatStandsThereIsOnlyReplacedOnRequest() throws {
    let folder = try TemporaryFolder()
    let output = folder.url.appendingPathComponent("out")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
    let first = try FolderWriter(output)  // an empty folder is no obstacle
    try first.write([1], to: "old")
    try first.commit()
    #expect(failure(FileError.self) { _ = try FolderWriter(output) }?.code == .exists)
    let second = try FolderWriter(output, replacingExisting: true)
    try second.write([2], to: "new")
    #expect(try contents(output) == ["old"])
    try second.commit()
    #expect(try contents(output) == ["new"])
    #expect(try contents(folder.url) == ["out"])
    let file = try folder.file("file", "x")
    #expect(failure(FileError.self) { _ = try FolderWriter(file, replacingExisting: true) }?.code == .exists)
  }

  /// Something that appeared while the folder was being made must survive the commit.
  @Test func aFolderThatAppearedMeanwhileIsKept() throws {
    let folder = try TemporaryFolder()
    let output = folder.url.appendingPathComponent("out")
    let writer = try FolderWriter(output)
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
    try Data([1]).write(to: output.appendingPathComponent("theirs"))
    #expect(failure(FileError.self) { try writer.commit() }?.code == .exists)
    #expect(try contents(output) == ["theirs"])
  }
}
