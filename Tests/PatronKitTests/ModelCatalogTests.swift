import Files
import Foundation
import PatronKit
import TestSupport
import Testing

@Suite struct ModelCatalogTests {
  @Test func foldersBesideTheInstalledBinaryAndOfTheCheckout() throws {
    let folder = try TemporaryFolder()
    try folder.write("Package.swift", "")
    try folder.write(".build/debug/patron", "")
    let root = folder.url.resolvingSymlinksInPath().path
    let folders = ModelCatalog.folders(executable: folder.url(".build/debug/patron")).map(\.path)
    #expect(folders.suffix(2) == [root + "/.build/share/patron/models", root + "/.deps/models"])
  }

  @Test func unknownNamesAreRefusedWithAdvice() {
    let error = #expect(throws: FileError.self) { try ModelCatalog.url(of: "llama-9") }
    #expect(
      error?.message
        == "model llama-9: neither a file or folder nor a known name (smollm2-135m); see `patron models list`")
  }

  @Test func theDefaultModelComesWithItsAdapter() throws {
    let folder = try TemporaryFolder()
    let (first, second) = (folder.url("first"), folder.url("second"))
    func adapters(of model: String, in folders: [URL]) -> [String] {
      ModelCatalog.defaultAdapters(of: model, in: folders).0.map(\.path)
    }
    func warning(of model: String, in folders: [URL]) -> String? {
      ModelCatalog.defaultAdapters(of: model, in: folders).missing?.description
    }
    #expect(adapters(of: "smollm2-135m", in: [first, second]) == [])
    #expect(
      warning(of: "smollm2-135m", in: [first, second])
        == "smollm2-135m is used without its adapter smollm2-135m/sft, with which it was taught to read funding: found in none "
        + "of \(first.path), \(second.path); set PATRON_MODELS to the folder that holds smollm2-135m/sft")
    try folder.write("second/smollm2-135m/sft/adapter_config.json", "{}")
    #expect(
      adapters(of: "smollm2-135m", in: [first, second]) == [second.appendingPathComponent("smollm2-135m/sft").path])
    #expect(warning(of: "smollm2-135m", in: [first, second]) == nil)
    try folder.write("first/smollm2-135m/sft/README.md", "not here yet")
    #expect(adapters(of: "smollm2-135m", in: [first, second]).count == 1)
    // A path is a model of the user's own, whatever it is called.
    for model in ["./smollm2-135m", "x.gguf"] {
      #expect(adapters(of: model, in: [second]) == [])
      #expect(warning(of: model, in: [first]) == nil)
    }
  }

  @Test func adaptersOfTheCheckoutLieInModels() throws {
    let folder = try TemporaryFolder()
    try folder.write("Package.swift", "")
    try folder.write(".build/debug/patron", "")
    let root = folder.url.resolvingSymlinksInPath().path
    let folders = ModelCatalog.adapterFolders(executable: folder.url(".build/debug/patron")).map(\.path)
    #expect(folders.suffix(2) == [root + "/.build/share/patron/models", root + "/Models"])
  }
}
