import Foundation
import JSON
import TestSupport
import Testing

@testable import Runs

@Suite struct MetricLogTests {
  private func steps(_ folder: TemporaryFolder) throws -> [Int] { try MetricRecord.records(of: folder.run).map(\.step) }

  private func url(_ folder: TemporaryFolder) -> URL { folder.run.appendingPathComponent("metrics.jsonl") }

  @Test func linesReadBack() throws {
    let folder = try TemporaryFolder()
    let log = try MetricLog(try folder.open(), resumingAt: nil)
    try log.record(step: 1, [(MetricName.loss, 2.5), (MetricName.learningRate, 1e-4)])
    try log.record(step: 1, [(MetricName.gradientNorm, .infinity)])
    let records = try MetricRecord.records(of: folder.run)
    #expect(records.map(\.step) == [1, 1])
    #expect(records[0].values == ["train/loss": 2.5, "train/learning_rate": 1e-4])
    #expect(records[1].values["train/grad_norm"]?.isNaN == true)
    #expect(abs(records[0].time - Date().timeIntervalSince1970) < 60 && records[0].seconds < 60)
    // Any JSON reader takes the lines.
    for line in try read(url(folder)).split(separator: "\n") { _ = try JSON.parse(String(line)) }
  }

  @Test func aResumedRunHasEachLineOnce() throws {
    let folder = try TemporaryFolder()
    do {
      let log = try MetricLog(try folder.open(), resumingAt: nil)
      for step in 1...7 { try log.record(step: step, [("train/loss", 1 / Double(step))]) }
      try log.record(step: 7, [("dev/loss", 0.5)])
    }
    let log = try MetricLog(try folder.open(), resumingAt: 5)
    #expect(try steps(folder) == [1, 2, 3, 4, 5])
    for step in 6...8 { try log.record(step: step, [("train/loss", 1 / Double(step))]) }
    #expect(try steps(folder) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try MetricRecord.records(of: folder.run).map { $0.values["train/loss"] } == (1...8).map { 1 / Double($0) })
  }

  @Test func theClockGoesOnWhereItStopped() throws {
    let folder = try TemporaryFolder()
    let run = try folder.open()
    try write(#"{"step":3,"time":1,"seconds":1000.5,"train/loss":1}"# + "\n", to: run.metrics)
    let log = try MetricLog(run, resumingAt: 3)
    #expect(log.seconds >= 1000.5 && log.seconds < 1060)
    try log.record(step: 4, [])
    #expect(try MetricRecord.records(of: folder.run)[1].seconds >= 1000.5)
  }

  @Test func aRunThatBeginsAgainBeginsEmpty() throws {
    let folder = try TemporaryFolder()
    try MetricLog(try folder.open(), resumingAt: nil).record(step: 0, [("dev/loss", 1)])
    _ = try MetricLog(try folder.open(), resumingAt: 0)
    #expect(try steps(folder) == [0], "step 0 is what a checkpoint of step 0 has seen")
    _ = try MetricLog(try folder.open(), resumingAt: nil)
    #expect(try steps(folder) == [])
  }

  /// The log cut off at every byte, as a killed process or a full disk may leave it.
  @Test func aTornLastLineIsTakenOut() throws {
    let lines = (1...3).map { #"{"step":\#($0),"time":0,"seconds":\#($0),"train/loss":0.\#($0)}"# + "\n" }
    let text = lines.joined()
    for length in 0...text.utf8.count {
      let folder = try TemporaryFolder()
      let run = try folder.open()
      try write(String(text.prefix(length)), to: run.metrics)
      // A line without its end is whole if its object is: the newline is added.
      let whole = (1...3).filter { length >= lines[..<$0].joined().utf8.count - 1 }
      #expect(try steps(folder) == whole)
      let log = try MetricLog(run, resumingAt: 9)
      try log.record(step: 10, [])
      #expect(try steps(folder) == whole + [10])
      #expect(try read(url(folder)).hasPrefix(lines.prefix(whole.count).joined()))
    }
  }

  @Test func garbageInTheMiddleCostsOnlyItself() throws {
    let folder = try TemporaryFolder()
    let run = try folder.open()
    try write(
      "{\"step\":1}\n\0\0\0\n[1]\n{\"step\":\"2\"}\n{\"step\":1e3}\n\n\u{FFFD}\n{\"step\":3}\n", to: url(folder))
    #expect(try steps(folder) == [1, 3])
    _ = try MetricLog(run, resumingAt: 5)
    #expect(try read(url(folder)) == "{\"step\":1}\n{\"step\":3}\n")
  }

  @Test func samplesAreCutBackToo() throws {
    let folder = try TemporaryFolder()
    func sample(_ step: Int) -> RunSample {
      RunSample(step: step, id: "a", task: "parse", promptExcerpt: "…", expected: "[]", generated: "\"\n\u{1F600}")
    }
    do {
      let log = try SampleLog(try folder.open(), resumingAt: nil)
      #expect(!FileManager.default.fileExists(atPath: folder.path("run/samples.jsonl")), "there is none yet")
      for step in [1, 2, 3] { try log.record(sample(step)) }
    }
    _ = try SampleLog(try folder.open(), resumingAt: 2)
    #expect(try RunSample.samples(of: folder.run) == [sample(1), sample(2)])
  }
}

@Suite struct EventFileTests {
  /// RFC 3720, B.4, and the check value of the CRC catalogue.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
      (Array("123456789".utf8), 0xE306_9283), ([], 0),
    ] as [([UInt8], UInt32)])
  func crc32c(_ bytes: [UInt8], _ sum: UInt32) {
    #expect(TFRecord.crc32c(bytes) == sum)
  }

  /// The masked sum is undone as TensorFlow's `crc32c::Unmask` does it.
  @Test func theMaskCanBeTakenOff() {
    for text in ["", "a", "123456789"] {
      let rotated = TFRecord.maskedCRC(Array(text.utf8)) &- 0xA282_EAD8
      #expect(rotated >> 17 | rotated << 15 == TFRecord.crc32c(Array(text.utf8)))
    }
  }

  /// Records that `tensorboard` 2.21 writes for the same messages.
  @Test func recordsAreThoseOfTensorBoard() {
    var version = EventFileWriter.Event(time: 1_700_000_000.5, step: 0)
    version.fileVersion = "brain.Event:2"
    var scalar = EventFileWriter.Event(time: 1_700_000_000.5, step: 300)
    scalar.scalars = [("train/loss", 0.25)]
    var start = EventFileWriter.Event(time: 1_700_000_000.5, step: 0)
    start.isSessionStart = true
    let expected = [
      "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110",
      "2100000000000000017becf60900002040fc54d94110ac022a130a110a0a747261696e2f6c6f7373150000803e0da12f0e",
      "0d000000000000003c37b8340900002040fc54d9413a020801a870fdd5",
    ]
    for (event, record) in zip([version, scalar, start], expected) {
      let bytes = TFRecord.framed(event.serialized).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
      #expect(bytes.joined() == record)
    }
  }

  @Test func integersAreVarints() {
    var writer = ProtobufWriter()
    writer.integer(2, 300)
    writer.integer(16, -1)
    #expect(writer.bytes == [0x10, 0xAC, 0x02, 0x80, 0x01] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
  }

  /// Reads a file back by the format's definition.
  private func scalars(_ url: URL) throws -> [(step: Int, tag: String, value: Float)] {
    var bytes = ArraySlice([UInt8](try Data(contentsOf: url)))
    func number(_ slice: ArraySlice<UInt8>) -> Int { slice.reversed().reduce(0) { $0 << 8 | Int($1) } }
    var result: [(Int, String, Float)] = []
    while !bytes.isEmpty {
      let length = number(bytes.prefix(8))
      let data = bytes.dropFirst(12).prefix(length)
      #expect(number(bytes.dropFirst(8).prefix(4)) == Int(TFRecord.maskedCRC(Array(bytes.prefix(8)))))
      #expect(number(bytes.dropFirst(12 + length).prefix(4)) == Int(TFRecord.maskedCRC(Array(data))))
      bytes = bytes.dropFirst(16 + length)
      let event = fields(data)
      for value in event.filter({ $0.0 == 5 }).flatMap({ fields($0.1) }) {
        let scalar = fields(value.1)
        let step = event.first { $0.0 == 2 }.map { number($0.1) } ?? 0
        result.append(
          (
            step, String(decoding: scalar[0].1, as: UTF8.self),
            Float(bitPattern: UInt32(number(scalar[1].1)))
          ))
      }
    }
    return result
  }

  /// Fields of a message; a varint's value as its eight bytes.
  private func fields(_ message: ArraySlice<UInt8>) -> [(Int, ArraySlice<UInt8>)] {
    var rest = message
    func varint() -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    var result: [(Int, ArraySlice<UInt8>)] = []
    while !rest.isEmpty {
      let key = varint()
      var value: ArraySlice<UInt8>
      switch key & 7 {
      case 0: value = ArraySlice(withUnsafeBytes(of: varint().littleEndian, Array.init))
      case 1:
        value = rest.prefix(8)
        rest = rest.dropFirst(8)
      case 5:
        value = rest.prefix(4)
        rest = rest.dropFirst(4)
      default:
        let count = Int(varint())
        value = rest.prefix(count)
        rest = rest.dropFirst(count)
      }
      result.append((Int(key >> 3), value))
    }
    return result
  }

  @Test func theEventsAreTheLines() throws {
    let folder = try TemporaryFolder()
    do {
      let log = try MetricLog(try folder.open(), resumingAt: nil)
      for step in 1...3 { try log.record(step: step, [("train/loss", Double(step)), ("train/grad_norm", 0.5)]) }
    }
    // An interrupted run leaves one file, with the points of one history.
    let log = try MetricLog(try folder.open(), resumingAt: 2)
    try log.record(step: 3, [("train/loss", 30)])
    let files = contents(of: folder.run).filter { $0.hasPrefix("events.out.tfevents.") }
    #expect(files.count == 1)
    let points = try scalars(folder.run.appendingPathComponent(files[0]))
    #expect(points.map(\.step) == [1, 1, 2, 2, 3])
    #expect(points.map(\.tag) == ["train/loss", "train/grad_norm", "train/loss", "train/grad_norm", "train/loss"])
    #expect(points.map(\.value) == [1, 0.5, 2, 0.5, 30])
  }
}
