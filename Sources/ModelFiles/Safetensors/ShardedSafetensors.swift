import Files
import Foundation
import JSON

/// A checkpoint in several safetensors files, listed by a `model.safetensors.index.json`.
public struct ShardedSafetensors: Sendable {
  /// The shards by file name.
  public let shards: [String: SafetensorsFile]
  public let checkpoint: Checkpoint

  /// Reads the index, opens every shard and checks that they agree.
  /// - Throws: `FileError` for a missing shard, a tensor that only one of index and shard has, or a shard name
  ///   that is not a plain file name.
  public init(index url: URL) throws {
    let names = try Self.readIndex(url)
    let folder = url.deletingLastPathComponent()

    var expected: [String: [String]] = [:]
    for (tensor, shard) in names { expected[shard, default: []].append(tensor) }

    let absent = expected.keys.filter { !fileExists(folder.appendingPathComponent($0).path) }.sorted()
    guard absent.isEmpty else {
      throw FileError(
        .notFound,
        "\(url.path): \(absent.count) of \(expected.count) shards are missing: \(firstNames(absent)); fetch them")
    }

    var shards: [String: SafetensorsFile] = [:]
    var tensors: [String: StoredTensor] = [:]
    for (shard, listed) in expected.sorted(by: { $0.key < $1.key }) {
      let file = try SafetensorsFile(folder.appendingPathComponent(shard))
      let missing = listed.filter { file.tensors[$0] == nil }
      guard missing.isEmpty else {
        throw FileError(
          .mismatch,
          "\(url.path): \(shard) lacks \(missing.count) tensors that the index places there: "
            + firstNames(missing.sorted()))
      }
      let unlisted = file.tensors.keys.filter { names[$0] != shard }
      guard unlisted.isEmpty else {
        throw FileError(
          .mismatch,
          "\(url.path): \(shard) holds \(unlisted.count) tensors that the index does not place there: "
            + firstNames(unlisted.sorted()))
      }
      shards[shard] = file
      tensors.merge(file.tensors) { first, _ in first }
    }
    self.shards = shards
    checkpoint = Checkpoint(tensors: tensors, origin: url.path)
  }

  /// Tensor name to shard file name.
  private static func readIndex(_ url: URL) throws -> [String: String] {
    let json = try parseJSONFile(url, rejectDuplicateKeys: true)
    guard let map = json["weight_map"]?.object else {
      throw FileError(.malformed, "\(url.path): \"weight_map\" is missing or not an object")
    }
    guard !map.isEmpty else { throw FileError(.malformed, "\(url.path): \"weight_map\" is empty") }
    var names: [String: String] = [:]
    names.reserveCapacity(map.count)
    for (tensor, value) in map.members {
      guard let shard = value.string else {
        throw FileError(
          .malformed, "\(url.path): \"weight_map\": \(quoted(tensor)) is \(value.kindDescription), not a file name")
      }
      // A shard lies beside its index. Anything with a path in it could read files elsewhere.
      let isPlain =
        !shard.isEmpty && !shard.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 32 }
      guard isPlain, shard != ".", shard != "..", shard.hasSuffix(".safetensors") else {
        throw FileError(
          .malformed,
          "\(url.path): \"weight_map\": \(quoted(tensor)) lies in \(quoted(shard)), which is not the name of a "
            + ".safetensors file in the same folder")
      }
      guard names.updateValue(shard, forKey: tensor) == nil else {
        throw FileError(.malformed, "\(url.path): \"weight_map\" names \(quoted(tensor)) twice")
      }
    }
    return names
  }
}
