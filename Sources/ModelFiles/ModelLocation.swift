import Files
import Foundation

/// A model as a user names it: a Hugging Face folder, a GGUF file, or a safetensors file beside its `config.json`.
public enum ModelLocation: Sendable {
  case folder(ModelFolder)
  case gguf(GGUFFile)

  /// Recognises what stands at `url`. A folder that holds nothing but one GGUF file stands for that file.
  /// - Throws: `FileError` that says what was there instead.
  public init(_ url: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw FileError(
        .notFound, "\(url.path): there is no such file or folder; a model is a Hugging Face folder or a .gguf file")
    }
    if isFolder.boolValue {
      let names = try ModelFolder.fileNames(in: url)
      let ggufs = names.filter { $0.hasSuffix(".gguf") }
      if !names.contains("config.json"), !ggufs.isEmpty {
        guard ggufs.count == 1 else {
          throw FileError(
            .wrongKind, "\(url.path): \(ggufs.count) GGUF files (\(firstNames(ggufs))); name the one that is meant")
        }
        self = .gguf(try GGUFFile(url.appendingPathComponent(ggufs[0])))
      } else {
        self = .folder(try ModelFolder(url))
      }
      return
    }
    if url.pathExtension == "safetensors" {
      self = .folder(try ModelFolder(url.deletingLastPathComponent(), weights: .single(url)))
    } else if url.lastPathComponent.hasSuffix(".safetensors.index.json") {
      self = .folder(try ModelFolder(url.deletingLastPathComponent(), weights: .sharded(index: url)))
    } else {
      let file = try MappedFile(path: url.path)
      guard url.pathExtension == "gguf" || file.bytes.prefix(4).elementsEqual("GGUF".utf8) else {
        throw FileError(
          .wrongKind,
          "\(url.path): neither a .gguf nor a .safetensors file; a model is a Hugging Face folder or a .gguf file")
      }
      self = .gguf(try GGUFFile(file: file))
    }
  }

  /// The folder or the file.
  public var url: URL {
    switch self {
    case .folder(let folder): folder.url
    case .gguf(let gguf): URL(fileURLWithPath: gguf.file.path)
    }
  }

  /// Reads the configuration and opens the weights, checked against each other. What was settled where they differ
  /// stands in the checkpoint's warnings.
  public func open() throws -> (configuration: LlamaConfiguration, checkpoint: Checkpoint) {
    switch self {
    case .folder(let folder):
      return try folder.checkpoint().settled(with: folder.configuration)
    case .gguf(let file):
      let configuration = try file.llamaConfiguration()
      return try file.checkpoint(for: configuration).settled(with: configuration)
    }
  }
}
