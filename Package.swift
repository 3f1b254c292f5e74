// swift-tools-version: 6.2
// 6.2 is the first version whose packages may ask for unsafe flags and still be depended on by version.
import Foundation
import PackageDescription

let environment = ProcessInfo.processInfo.environment

func setting(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

// SwiftPM checks out what another package depends on into a folder of this name.
let isDependency = Context.packageDirectory.contains("/checkouts/")

// libtorch: `make` fetches it into .deps/torch; LIBTORCH=/path uses one that is already there
// (the folder that holds lib/ and include/, such as a pip-installed `torch`).
//
// As a dependency this package has no .deps: without LIBTORCH the flags are those of the patron-torch.pc that `make
// install` writes, found by PKG_CONFIG_PATH. SwiftPM reads that file itself, at each build. Nothing here may look at
// files, because SwiftPM keeps what this manifest gave for the same environment.
let pkgConfigFolders = (setting("PKG_CONFIG_PATH") ?? "").split(separator: ":").map(String.init)
let usesPkgConfig = isDependency && setting("LIBTORCH") == nil && !pkgConfigFolders.isEmpty
let libtorch = setting("LIBTORCH") ?? Context.packageDirectory + "/.deps/torch"
let torchHeaders = ["/include", "/include/torch/csrc/api/include"].flatMap { ["-isystem", libtorch + $0] }

// Where programs look for the libraries when they start. SwiftPM leaves such flags of a .pc file out: here they follow
// from where the file lies.
let torchFolders =
  usesPkgConfig
  ? pkgConfigFolders.map { $0 + "/../patron/torch/lib" } : ["$ORIGIN/../lib/patron/torch/lib", libtorch + "/lib"]
let torchSearch = torchFolders.flatMap { ["-Xlinker", "-rpath", "-Xlinker", $0] }

// Optimised also in debug builds: these loops are as hot as the library's own.
let kernelFlags =
  (usesPkgConfig ? [] : torchHeaders) + ["-O2"] + (isDependency ? [] : ["-Wall", "-Wextra", "-Werror"])
let torchLinking =
  (usesPkgConfig ? [] : ["-L" + libtorch + "/lib"]) + torchSearch + ["-Xlinker", "--allow-shlib-undefined"]

// `make` passes the git revision for `patron --version`; only what cannot break a C string literal is taken over.
let revision = (environment["PATRON_REVISION"] ?? "").filter { $0.isLetter || $0.isNumber || "-._".contains($0) }

let package = Package(
  name: "patron",
  products: [
    .executable(name: "patron", targets: ["patron"]),
    // The text rooms, which need nothing but Swift.
    .library(name: "Text", targets: ["Text"]),
    .library(name: "JSON", targets: ["JSON"]),
    .library(name: "Files", targets: ["Files"]),
    .library(name: "TextRepair", targets: ["TextRepair"]),
    .library(name: "Generation", targets: ["Generation"]),
    .library(name: "Tokenizer", targets: ["Tokenizer"]),
    .library(name: "Constraints", targets: ["Constraints"]),
    .library(name: "Funding", targets: ["Funding"]),
    .library(name: "Scoring", targets: ["Scoring"]),
    .library(name: "ModelFiles", targets: ["ModelFiles"]),
    .library(name: "TrainingData", targets: ["TrainingData"]),
    .library(name: "Runs", targets: ["Runs"]),
    // Reads articles with a model, for those who have libtorch.
    .library(name: "PatronKit", targets: ["PatronKit"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Text only: these never see a tensor and build without libtorch.
    .target(name: "Text"),
    .target(name: "JSON"),
    .target(name: "Files", dependencies: ["JSON", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "TextRepair", dependencies: ["Text"]),
    .target(name: "Generation", dependencies: ["JSON"]),
    .target(name: "Tokenizer", dependencies: ["Generation", "JSON", "Text"]),
    .target(name: "Constraints", dependencies: ["Generation", "Text"]),
    .target(name: "Funding", dependencies: ["Generation", "JSON", "Text", "Files"]),
    .target(name: "Scoring", dependencies: ["Funding", "JSON", "Text", "TextRepair"]),
    .target(name: "ModelFiles", dependencies: ["Files", "Generation", "JSON", "Tokenizer"]),
    .target(
      name: "TrainingData",
      dependencies: ["Files", "Funding", "Generation", "JSON", "Text", "Tokenizer"]),
    .target(name: "Runs", dependencies: ["Files", "JSON", "Text"]),

    // Tensors.
    .target(
      name: "CTorch",
      dependencies: usesPkgConfig ? ["CLibtorch"] : [],
      // Gloo's own headers are not in libtorch's wheel.
      cxxSettings: [.headerSearchPath("declarations"), .unsafeFlags(kernelFlags)],
      linkerSettings: [
        .unsafeFlags(torchLinking),
        .linkedLibrary("torch_cpu"),
        .linkedLibrary("c10"),
        .linkedLibrary("dl"),
      ]
    ),
    .target(name: "CVersion", cSettings: [.define("PATRON_REVISION", to: "\"\(revision)\"")]),
    .target(name: "Torch", dependencies: ["CTorch"]),
    .target(
      name: "Llama",
      dependencies: ["Constraints", "Files", "Generation", "JSON", "ModelFiles", "Text", "Tokenizer", "Torch"]),
    .target(
      name: "Training",
      dependencies: [
        "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Runs", "Scoring", "Tokenizer",
        "Torch",
        "TrainingData",
      ]),
    .target(
      name: "PatronKit",
      dependencies: [
        "CVersion", "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Text", "Tokenizer", "Torch",
      ]),

    .executableTarget(
      name: "patron",
      dependencies: [
        "Constraints", "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "PatronKit", "Runs",
        "Scoring", "Text", "Tokenizer", "Torch", "Training", "TrainingData", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),

    .target(name: "TestSupport", dependencies: ["Generation", "JSON", "Tokenizer"], path: "Tests/TestSupport"),
    .target(
      name: "TensorTestSupport",
      dependencies: ["Funding", "Generation", "JSON", "Llama", "ModelFiles", "TestSupport", "Torch"],
      path: "Tests/TensorTestSupport"),
    .testTarget(name: "TextTests", dependencies: ["Text", "TestSupport"]),
    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(name: "TextRepairTests", dependencies: ["TextRepair", "Text", "JSON", "TestSupport"]),
    .testTarget(name: "GenerationTests", dependencies: ["Generation"]),
    .testTarget(name: "TokenizerTests", dependencies: ["Tokenizer", "Generation", "JSON", "Text", "TestSupport"]),
    .testTarget(
      name: "ConstraintsTests",
      dependencies: ["Constraints", "Funding", "Generation", "Tokenizer", "JSON", "Text", "TestSupport"]),
    .testTarget(name: "FundingTests", dependencies: ["Funding", "Generation", "JSON", "Text", "TestSupport"]),
    .testTarget(
      name: "ScoringTests", dependencies: ["Scoring", "Funding", "JSON", "Text", "TestSupport"]),
    .testTarget(
      name: "ModelFilesTests", dependencies: ["ModelFiles", "Files", "Generation", "JSON", "Text", "TestSupport"]),
    .testTarget(
      name: "TrainingDataTests",
      dependencies: [
        "TrainingData", "Files", "Funding", "Generation", "JSON", "ModelFiles", "Tokenizer", "TestSupport",
      ]),
    .testTarget(name: "RunsTests", dependencies: ["Runs", "Files", "JSON", "TestSupport"]),
    .testTarget(name: "TorchTests", dependencies: ["Torch", "TensorTestSupport", "TestSupport"]),
    .testTarget(
      name: "LlamaTests",
      dependencies: [
        "Constraints", "Files", "Generation", "JSON", "Llama", "ModelFiles", "Text", "Tokenizer", "Torch",
        "TensorTestSupport", "TestSupport",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Runs", "Tokenizer", "Torch",
        "Training",
        "TrainingData", "TensorTestSupport", "TestSupport",
      ]),
    .testTarget(
      name: "PatronKitTests",
      dependencies: [
        "PatronKit", "Files", "Funding", "Generation", "JSON", "ModelFiles", "Tokenizer", "TensorTestSupport",
        "TestSupport",
      ]),
    .testTarget(name: "patronTests", dependencies: ["patron", "ModelFiles", "TensorTestSupport", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)

if usesPkgConfig {
  package.targets.append(.systemLibrary(name: "CLibtorch", pkgConfig: "patron-torch"))
}

// Each token walks a vocabulary: the debug builds of this checkout optimise these. Packages that depend on the text
// rooms get no such flag.
for target in package.targets where ["Constraints", "ConstraintsTests"].contains(target.name) && !isDependency {
  target.swiftSettings = [.unsafeFlags(["-O"])]
}

for target in package.targets where target.type != .system && !["CTorch", "CVersion"].contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
