import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A TensorBoard event file of scalars.
///
/// The format is TensorFlow's: records (`TFRecord`) of serialised `Event` messages (tensorflow/core/util/event.proto,
/// tensorflow/core/framework/summary.proto). Only their few fields that scalars need are written, so the wire format is
/// spelled out here instead of generated.
final class EventFileWriter {
  private let file: FileDescriptor
  private static let prefix = "events.out.tfevents."

  /// Begins a file in the folder.
  init(in folder: URL) throws {
    let now = Date().timeIntervalSince1970
    // TensorBoard reads files of a folder in the order of their names: a later one must not sort before an earlier one.
    let host = ProcessInfo.processInfo.hostName.filter {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0))
    }
    let name = "\(Self.prefix)\(Int(now * 1000)).\(host.isEmpty ? "host" : host).\(getpid())"
    file = try FileDescriptor(
      opening: folder.appendingPathComponent(name).path, flags: O_WRONLY | O_CREAT | O_APPEND)
    var version = Event(time: now, step: 0)
    version.fileVersion = "brain.Event:2"
    try write(version)
    // A TensorBoard that is running drops what it read of the run before.
    var start = Event(time: now, step: 0)
    start.isSessionStart = true
    try write(start)
  }

  func write(step: Int, time: Double, scalars: [(tag: String, value: Float)]) throws {
    guard !scalars.isEmpty else { return }
    var event = Event(time: time, step: step)
    event.scalars = scalars
    try write(event)
  }

  private func write(_ event: Event) throws {
    let before = Int(try file.status().st_size)
    do {
      try TFRecord.framed(event.serialized).withUnsafeBytes { try file.writeAll($0) }
    } catch {
      try? file.truncate(to: before)
      throw error
    }
  }

  /// Removes the event files of a folder.
  static func removeFiles(in folder: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix(prefix) {
      try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// TensorFlow's `Event`.
  struct Event {
    /// Seconds since 1970.
    var time: Double
    var step: Int
    var fileVersion: String?
    var isSessionStart = false
    var scalars: [(tag: String, value: Float)] = []

    init(time: Double, step: Int) {
      self.time = time
      self.step = step
    }

    var serialized: [UInt8] {
      var event = ProtobufWriter()
      event.double(1, time)  // wall_time
      if step != 0 { event.integer(2, step) }  // step; 0 is what absence means
      if let fileVersion { event.bytes(3, Array(fileVersion.utf8)) }  // file_version
      if !scalars.isEmpty {
        var summary = ProtobufWriter()
        for scalar in scalars {
          var value = ProtobufWriter()
          value.bytes(1, Array(scalar.tag.utf8))  // tag
          value.float(2, scalar.value)  // simple_value
          summary.bytes(1, value.bytes)  // value
        }
        event.bytes(5, summary.bytes)  // summary
      }
      if isSessionStart {
        var session = ProtobufWriter()
        session.integer(1, 1)  // status: START
        event.bytes(7, session.bytes)  // session_log
      }
      return event.bytes
    }
  }
}

/// Protocol buffers' wire format, as far as it is needed here.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ field: Int, _ value: Int) {
    key(field, wireType: 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: Int, _ value: Double) {
    key(field, wireType: 1)
    bytes += withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
  }

  mutating func bytes(_ field: Int, _ value: [UInt8]) {
    key(field, wireType: 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func float(_ field: Int, _ value: Float) {
    key(field, wireType: 5)
    bytes += withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
  }

  private mutating func key(_ field: Int, wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(value & 0x7F) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}

/// TensorFlow's record framing: length, its sum, data, its sum (tensorflow/core/lib/io/record_writer.h).
enum TFRecord {
  static func framed(_ data: [UInt8]) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(data.count).littleEndian, Array.init)
    return length + sum(length) + data + sum(data)
  }

  private static func sum(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: maskedCRC(bytes).littleEndian, Array.init)
  }

  /// A CRC of data that itself holds CRCs is a weak one, so TensorFlow stores it rotated and offset.
  static func maskedCRC(_ bytes: [UInt8]) -> UInt32 {
    let crc = crc32c(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  /// CRC-32C (Castagnoli), RFC 3720.
  static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }
}
