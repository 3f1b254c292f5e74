import Files
import Foundation
import JSON
import ModelFiles

extension ModelMerger {
  /// A file beside the weights.
  private enum Companion {
    case copy(URL)
    case json(JSON)
  }

  /// Writes the files beside the weights but `config.json`: the base's, and in their place those that were saved with
  /// the adapters.
  /// - Parameter made: what is written in place of files, for a base that has none.
  func writeCompanions(
    of base: ModelLocation, made: [(name: String, content: JSON)], chat: ModelChat, to folder: FolderWriter
  ) throws {
    var companions = Dictionary(made.map { ($0.name, Companion.json($0.content)) }, uniquingKeysWith: { $1 })
    func take(_ names: [String], from source: URL) {
      for name in names {
        let url = source.appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: url.path) { companions[name] = .copy(url) }
      }
    }
    if case .folder(let base) = base {
      let others = ["LICENSE", "LICENSE.txt", "USE_POLICY.md"]
      take(
        ChatFiles.tokenizerNames + ChatFiles.vocabularyNames + ChatFiles.templateNames + [ChatFiles.generationName]
          + others, from: base.url)
    }
    if let files = chat.tokenizerFiles {
      for name in ChatFiles.vocabularyNames { companions[name] = nil }
      take(ChatFiles.vocabularyNames + ChatFiles.tokenizerNames, from: files.folder)
    }
    if let files = chat.generationFiles { take([ChatFiles.generationName], from: files.folder) }
    if let jinja = try chat.mergedJinja() {
      for name in ChatFiles.templateNames { companions[name] = nil }
      try folder.write(Array(jinja.utf8), to: ChatFiles.templateNames[0])
      // Older versions of transformers read it here only.
      let name = "tokenizer_config.json"
      var members =
        switch companions[name] {
        case .copy(let url): try parseJSONFile(url).object ?? JSONObject()
        case .json(let json): json.object ?? JSONObject()
        case nil: JSONObject()
        }
      members["chat_template"] = .string(jinja)
      companions[name] = .json(.object(members))
    }
    for (name, companion) in companions.sorted(by: { $0.key < $1.key }) {
      switch companion {
      case .copy(let url): try folder.copy(url)
      case .json(let json): try folder.write(json.utf8(.pretty) + [0x0A], to: name)
      }
    }
  }
}
