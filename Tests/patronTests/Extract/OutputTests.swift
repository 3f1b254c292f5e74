import Foundation
import Funding
import JSON
import Runs
import TestSupport
import Testing

@testable import patron

@Suite struct RecordWriterTests {
  private let record = ExtractionRecord(
    id: "a.md", sha256: "00", statements: [FundingStatement(text: "By A.", status: .unverified)],
    funders: [Funder(name: "A", awards: [Award(awardIDs: ["1", "2"])])], warnings: ["two\nlines"])

  /// What two records and a failure look like.
  private func written(_ format: any RecordFormat, _ body: (inout RecordWriter) throws -> Void) throws -> String {
    let folder = try TemporaryFolder()
    var writer = RecordWriter(format, to: try OutputFile(path: folder.path("out"), inPlace: false))
    try body(&writer)
    #expect(!folder.names.contains("out"), "the file appears only when it is complete")
    try writer.finish()
    #expect(folder.names == ["out"])
    return try folder.read("out")
  }

  private func recordAndFailure(_ writer: inout RecordWriter) throws {
    try writer.write(record)
    try writer.write(failure: "cannot be read", of: "b.md")
    try writer.write(record)
  }

  @Test func jsonIsTheArrayThatTheLibraryWrites() throws {
    #expect(
      try written(JSONFormat()) {
        try $0.write(record)
        try $0.write(record)
      } == JSONFormat().output([record, record]))
    #expect(try written(JSONFormat()) { try $0.write(record) } == JSONFormat().output([record]))
    #expect(try written(JSONFormat()) { _ in } == "[]\n")
  }

  @Test func failuresStandAmongTheRecords() throws {
    let json = try JSON.parse(written(JSONFormat(), recordAndFailure)).array ?? []
    #expect(json == [record.json, ["id": "b.md", "error": "cannot be read"], record.json])

    let lines = try written(JSONLinesFormat(), recordAndFailure).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 4 && lines[3].isEmpty)
    #expect(try lines.prefix(3).map { try JSON.parse(String($0)) } == json)
  }

  @Test func textSeparatesRecordsByAnEmptyLine() throws {
    let text = TextFormat().record(record)
    #expect(try written(TextFormat(), recordAndFailure) == text + "\nb.md  error: cannot be read\n\n" + text)
  }

  @Test func csvHasOneHeader() throws {
    let csv = CSVFormat()
    #expect(try written(CSVFormat(), recordAndFailure) == csv.header + csv.record(record) + csv.record(record))
    #expect(try written(CSVFormat()) { _ in } == csv.header)
  }

  @Test func jsonLinesAreThereAtOnce() throws {
    let folder = try TemporaryFolder()
    try folder.write("out", "older content that is longer than a record")
    var writer = RecordWriter(JSONLinesFormat(), to: try OutputFile(path: folder.path("out"), inPlace: true))
    #expect(try folder.read("out").hasPrefix("older"), "nothing is lost before there is something new")
    try writer.write(record)
    #expect(try folder.read("out") == JSONLinesFormat().record(record))
  }

  @Test func anAbandonedOutputKeepsWhatIsDone() throws {
    let folder = try TemporaryFolder()
    try folder.write("out", "older")
    do {
      var writer = RecordWriter(JSONFormat(), to: try OutputFile(path: folder.path("out"), inPlace: false))
      try writer.abandon()
    }
    #expect(try folder.read("out") == "older")
    var writer = RecordWriter(JSONFormat(), to: try OutputFile(path: folder.path("out"), inPlace: false))
    try writer.write(record)
    try writer.abandon()
    #expect(try folder.read("out") == JSONFormat().output([record]))
    #expect(folder.names == ["out"])
  }
}

@Suite struct OutputFileTests {
  @Test func nothingIsLeftBehindWithoutACommit() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try OutputFile(path: folder.path("out"), inPlace: false)
      try file.write("half")
      #expect(folder.names.count == 1)
    }
    #expect(folder.names.isEmpty)
  }

  @Test func linksKeepPointing() throws {
    let folder = try TemporaryFolder()
    try folder.write("real", "old")
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: folder.path("real"))
    let file = try OutputFile(path: folder.path("link"), inPlace: false)
    try file.write("new")
    try file.commit()
    #expect(try folder.read("real") == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == folder.path("real"))
  }

  @Test func devicesAreWrittenInPlace() throws {
    let file = try OutputFile(path: "/dev/null", inPlace: false)
    try file.write("gone")
    try file.commit()
    var status = stat()
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func errorsNameThePath() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: OutputError.self) { try OutputFile(path: folder.path("no/out"), inPlace: true) }
    #expect(error?.message == "\(folder.path("no/out")): cannot write: No such file or directory")
    let other = #expect(throws: OutputError.self) { try OutputFile(path: folder.url.path, inPlace: true) }
    #expect(other?.message == "\(folder.url.path): a folder, expected a file to write")
  }
}
