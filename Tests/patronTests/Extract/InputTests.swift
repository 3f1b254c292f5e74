import Foundation
import PatronKit
import Runs
import TestSupport
import Testing

@testable import patron

@Suite struct InputCollectionTests {
  private let extensions = ["md", "txt"]

  @Test func foldersAreReadInOrderWithoutHiddenFiles() throws {
    let folder = try TemporaryFolder()
    for name in ["b.md", "a.TXT", "sub/c.md", "Z.md", ".hidden.md", ".git/x.md", "image.png"] {
      try folder.write(name, "x")
    }
    let collection = InputCollection([folder.url.path], extensions: extensions)
    #expect(collection.sources.map(\.id) == ["Z.md", "a.TXT", "b.md", "sub/c.md"].map(folder.path))
    #expect(collection.skipped == [folder.path("image.png")])
    #expect(
      collection.skippedMessage(extensions: extensions)
        == "skipped \(folder.path("image.png")); from folders, files are read that end in .md, .txt")
  }

  @Test func pathsKeepTheFormInWhichTheyWereGiven() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.md", "x")
    let collection = InputCollection([folder.url.path + "/", "x/../nowhere.pdf", "-"], extensions: extensions)
    #expect(collection.sources.map(\.id) == [folder.url.path + "/a.md", "x/../nowhere.pdf", "stdin"])
    #expect(collection.sources.map(\.place).last == .standardInput)
    #expect(collection.skippedMessage(extensions: extensions) == nil)
  }

  @Test func namedFilesAreReadWhateverTheirExtension() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("article.tei", "text")
    let source = try #require(InputCollection([path], extensions: extensions).sources.first)
    #expect(source.byteCount == 4)
    #expect(try source.contents(limit: 4, advice: "") == Array("text".utf8))
  }

  @Test func linksToFoldersAreNotFollowed() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.md", "x")
    try FileManager.default.createSymbolicLink(atPath: folder.path("loop"), withDestinationPath: folder.url.path)
    let collection = InputCollection([folder.url.path], extensions: extensions)
    #expect(collection.sources.map(\.id) == [folder.path("a.md")])
    #expect(collection.skipped == [folder.path("loop") + " (a link to a folder)"])
  }

  @Test func longListsOfSkippedFilesAreShortened() {
    var collection = InputCollection([], extensions: extensions)
    collection.skipped = (1...8).map { "f\($0)" }
    #expect(
      collection.skippedMessage(extensions: extensions)
        == "skipped f1, f2, f3, f4, f5 and 3 more; from folders, files are read that end in .md, .txt")
  }

  @Test func whatCannotBeReadSaysWhy() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: folder.url("empty"), withIntermediateDirectories: true)
    try folder.write("large.md", String(repeating: "x", count: 11))
    let messages = try [folder.path("missing.md"), folder.path("empty"), folder.path("large.md"), "/dev/zero"]
      .map { path in
        let source = try #require(InputCollection([path], extensions: extensions).sources.first)
        let error = #expect(throws: InputError.self) {
          try source.contents(limit: 10, advice: "an article is smaller, --max-file-size raises the limit")
        }
        return error?.message ?? ""
      }
    #expect(
      messages == [
        "cannot be opened: No such file or directory", "the folder holds no file that ends in .md, .txt",
        "found 11 bytes, expected at most 10; an article is smaller, --max-file-size raises the limit",
        "found more than 10 bytes, expected at most 10; an article is smaller, --max-file-size raises the limit",
      ])
  }
}
