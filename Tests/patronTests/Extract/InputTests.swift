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

@Suite struct StatementLinesTests {
  private func items(_ text: String, id: String = "s.txt") -> [String] {
    StatementLines.items(in: Array(text.utf8), id: id).map { item in
      switch item.contents {
      case .success(let bytes): "\(item.id)=\(String(decoding: bytes, as: UTF8.self))"
      case .failure(let error): "\(item.id)!\(error.message)"
      }
    }
  }

  @Test func aStatementPerLine() {
    #expect(items("\u{FEFF}Funded by A.\r\n\r\n  \nFunded by B.") == ["s.txt:1=Funded by A.", "s.txt:4=Funded by B."])
    #expect(items("") == [])
    #expect(items("\n \n") == [])
  }

  @Test func linesOfJSON() {
    let text = """
      {"id": "x", "statement": "A\\nB"}
      {"funding_statement": "C"}
      {"id": 7, "text": "D", "other": [1]}
      {"id": null, "statement": null, "text": "E"}
      {"id": " ", "statement": "", "text": "F"}
      """
    #expect(items(text) == ["x=A\nB", "s.txt:2=C", "7=D", "s.txt:4=E", "s.txt:5=F"])
  }

  @Test func aBrokenLineOfJSONFailsAlone() {
    let text = """
      {"statement": "A"}
      {"statement": "B"
      {"id": "y", "title": "C"}
      [1]
      """
    let found = items(text)
    #expect(found.count == 4)
    #expect(found[0] == "s.txt:1=A")
    #expect(found[1].hasPrefix("s.txt:2!not a line of JSON: "))
    #expect(
      found[2]
        == #"y!found an object without a text, expected an object with "statement" or "funding_statement" or "text""#)
    #expect(found[3].hasPrefix("s.txt:4!found an array without a text"))
  }

  @Test func theNameSaysJSONLinesToo() {
    #expect(items("A", id: "s.JSONL")[0].hasPrefix("s.JSONL:1!not a line of JSON: "))
    #expect(items("{A}") == ["s.txt:1={A}"])
  }
}
