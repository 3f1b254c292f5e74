import Files
import Foundation
import JSON

/// `complete.json`, the file that makes a checkpoint one.
enum CheckpointMarker {
  struct File: Sendable, Equatable {
    var byteCount: Int
    var sha256: String
  }

  static let name = "complete.json"
  private static let format = 1

  /// Sizes and sums of all files in a folder and its subfolders.
  static func examine(_ folder: URL) throws -> [String: File] {
    var files: [String: File] = [:]
    for path in try FolderWriter.files(in: folder) {
      guard path != name else {
        throw RunError(.malformed, "\(name): the name of the marker, not for the content of a checkpoint")
      }
      let url = folder.appendingPathComponent(path)
      files[path] = File(byteCount: try byteCount(of: url), sha256: try FileHash.sha256(of: url))
    }
    guard !files.isEmpty else { throw RunError(.malformed, "\(folder.path): found no file, expected a checkpoint") }
    return files
  }

  static func byteCount(of url: URL) throws -> Int {
    do {
      return try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int ?? -1
    } catch {
      throw RunError(.damaged, "\(url.path): cannot be examined: \(error.localizedDescription)")
    }
  }

  static func bytes(of checkpoint: SavedCheckpoint, ranking: CheckpointRanking?) -> [UInt8] {
    var members: [(String, JSON)] = [
      ("format", .number(format)), ("step", .number(checkpoint.step)), ("time", .number(checkpoint.time)),
      ("metrics", .object(checkpoint.metrics.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })),
    ]
    if let ranking {
      let choice: [(String, JSON)] = [
        ("metric", .string(ranking.metric)), ("prefers", .string(ranking.prefers.rawValue)),
      ]
      members.append(("ranking", .object(choice)))
    }
    let files = checkpoint.files.sorted { $0.key < $1.key }.map { path, file in
      (path, JSON.object([("bytes", .number(file.byteCount)), ("sha256", .string(file.sha256))]))
    }
    members.append(("files", .object(files)))
    return Array((JSON.object(members).text(pretty: true) + "\n").utf8)
  }

  /// The parsed marker of a checkpoint's folder.
  static func read(_ folder: URL) throws -> JSON {
    let url = folder.appendingPathComponent(name)
    let json: JSON
    do {
      json = try JSON.parse(readSmallFile(url, limit: 16 << 20), options: .init(rejectDuplicateKeys: true))
    } catch let error as JSONError {
      throw RunError(.damaged, "\(url.path): offset \(error.offset): \(error.message)")
    }
    guard json["format"]?.int == format else {
      throw RunError(
        .damaged, "\(url.path): found format \(json["format"]?.text().prefix(20) ?? "none"), expected \(format)")
    }
    return json
  }

  static func ranking(_ json: JSON) -> CheckpointRanking? {
    guard let metric = json["ranking"]?["metric"]?.string,
      let prefers = json["ranking"]?["prefers"]?.string.flatMap(CheckpointRanking.Preference.init)
    else { return nil }
    return CheckpointRanking(metric: metric, prefers: prefers)
  }
}

extension SavedCheckpoint {
  /// Reads the marker.
  /// - Throws: `RunError` of code `.damaged` or `FileError` where it is not there or not as it was written.
  init(_ url: URL) throws {
    let json = try CheckpointMarker.read(url)
    let place = url.appendingPathComponent(CheckpointMarker.name).path
    guard let step = json["step"]?.int, url.lastPathComponent == CheckpointStore.name(of: step) else {
      throw RunError(.damaged, "\(place): the step is not that of the folder's name")
    }
    var files: [String: CheckpointMarker.File] = [:]
    for (path, entry) in json["files"]?.object?.members ?? [] {
      // A marker cannot vouch for files elsewhere.
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard let byteCount = entry["bytes"]?.int, byteCount >= 0, let sum = entry["sha256"]?.string,
        !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
      else { throw RunError(.damaged, "\(place): \(JSON.string(path).text().prefix(80)) is not a sound entry") }
      files[path] = .init(byteCount: byteCount, sha256: sum)
    }
    guard !files.isEmpty else { throw RunError(.damaged, "\(place): names no file") }
    var metrics: [String: Double] = [:]
    for (key, value) in json["metrics"]?.object?.members ?? [] { metrics[key] = value.double }
    self.init(step: step, url: url, metrics: metrics, time: json["time"]?.double ?? 0, files: files)
  }

  /// Checks that each file is as it was written.
  /// - Throws: `RunError` of code `.damaged` that names the first that is not.
  func verify() throws {
    for (path, file) in files.sorted(by: { $0.key < $1.key }) {
      let place = url.appendingPathComponent(path)
      guard FileManager.default.fileExists(atPath: place.path) else {
        throw RunError(.damaged, "\(place.path): not there")
      }
      let byteCount = try CheckpointMarker.byteCount(of: place)
      guard byteCount == file.byteCount else {
        throw RunError(.damaged, "\(place.path): found \(byteCount) bytes, expected \(file.byteCount)")
      }
      let sum: String
      do {
        sum = try FileHash.sha256(of: place)
      } catch {
        throw RunError(.damaged, ErrorMessage.text(of: error))
      }
      guard sum == file.sha256 else {
        throw RunError(.damaged, "\(place.path): found SHA-256 \(sum), expected \(file.sha256)")
      }
    }
  }

  func adding(_ more: [String: Double]) -> SavedCheckpoint {
    SavedCheckpoint(
      step: step, url: url, metrics: metrics.merging(more) { $1 }, time: time, files: files)
  }
}
