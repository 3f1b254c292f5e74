import Files
import Foundation

extension ModelLocation {
  /// The weight files, in a stable order.
  public var weightFiles: [URL] {
    get throws {
      switch self {
      case .gguf(let gguf): return [URL(fileURLWithPath: gguf.file.path)]
      case .folder(let folder):
        switch folder.weights {
        case .single(let url): return [url]
        case .sharded(let index):
          return try ShardedSafetensors(index: index).shards.values.map { URL(fileURLWithPath: $0.file.path) }
            .sorted { $0.path < $1.path }
        }
      }
    }
  }

  /// What identifies the weights in records: the SHA-256 of a single file of up to 1 GB, which takes a fraction of a
  /// second; for larger models a fingerprint, the SHA-256 over the names, the sizes, and the first and last megabyte of
  /// each file.
  public func identity() throws -> (kind: AdapterCard.BaseModel.IdentityKind, value: String) {
    let files = try weightFiles
    let sizes = try files.map { try MappedFile(path: $0.path).byteCount }
    if files.count == 1, sizes[0] <= 1_000_000_000 {
      return (.sha256, try FileHash.sha256(of: files[0]))
    }
    var digest: [UInt8] = []
    for file in files {
      let mapped = try MappedFile(path: file.path)
      digest += Array("\(file.lastPathComponent) \(mapped.byteCount)\n".utf8)
      let part = min(1 << 20, mapped.byteCount)
      try withExtendedLifetime(mapped) {
        digest += try Array(mapped.bytes(at: 0, count: part))
        digest += try Array(mapped.bytes(at: mapped.byteCount - part, count: part))
      }
    }
    return (.fingerprint, FileHash.sha256(of: digest))
  }
}
