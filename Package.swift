// swift-tools-version: 6.1
import Foundation
import PackageDescription

// libtorch: `make` fetches it into .deps/torch; LIBTORCH=/path uses one that is already there
// (the folder that holds lib/ and include/, such as a pip-installed `torch`).
let environment = ProcessInfo.processInfo.environment
let libtorch = environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 } ?? Context.packageDirectory + "/.deps/torch"
// `make` passes the git revision for `patron --version`; only what cannot break a C string literal is taken over.
let revision = (environment["PATRON_REVISION"] ?? "").filter { $0.isLetter || $0.isNumber || "-._".contains($0) }

let package = Package(
  name: "patron",
  products: [
    .executable(name: "patron", targets: ["patron"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Text only: these never see a tensor and build without libtorch.
    .target(name: "Text"),
    .target(name: "JSON", dependencies: ["Text"]),
    .target(name: "Files", dependencies: ["JSON", "Text", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "TextRepair", dependencies: ["Text"]),
    .target(name: "Generation", dependencies: ["JSON"]),
    .target(name: "Tokenizer", dependencies: ["Generation", "JSON", "Text"]),
    // Optimised also in debug builds, like the kernels below: each token walks a vocabulary.
    .target(name: "Constraints", dependencies: ["Generation", "Text"], swiftSettings: [.unsafeFlags(["-O"])]),
    .target(name: "Funding", dependencies: ["Generation", "JSON", "Text", "Files"]),
    .target(name: "Scoring", dependencies: ["Funding", "JSON", "Text", "TextRepair"]),
    .target(name: "ModelFiles", dependencies: ["Files", "Generation", "JSON", "Text", "Tokenizer"]),
    .target(
      name: "TrainingData",
      dependencies: ["Files", "Funding", "Generation", "JSON", "ModelFiles", "Text", "Tokenizer"]),
    .target(name: "Runs", dependencies: ["Files", "JSON", "Text"]),

    // Tensors.
    .target(
      name: "CTorch",
      cxxSettings: [
        .unsafeFlags([
          "-isystem", libtorch + "/include",
          "-isystem", libtorch + "/include/torch/csrc/api/include",
          // Optimised also in debug builds: these loops are as hot as the library's own.
          "-O2", "-Wall", "-Wextra", "-Werror",
        ])
      ],
      linkerSettings: [
        .unsafeFlags([
          "-L" + libtorch + "/lib",
          "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/patron/torch/lib",
          "-Xlinker", "-rpath", "-Xlinker", libtorch + "/lib",
          "-Xlinker", "--allow-shlib-undefined",
        ]),
        .linkedLibrary("torch_cpu"),
        .linkedLibrary("c10"),
        .linkedLibrary("dl"),
      ]
    ),
    .target(name: "CVersion", cSettings: [.define("PATRON_REVISION", to: "\"\(revision)\"")]),
    .target(name: "Torch", dependencies: ["CTorch"]),
    .target(
      name: "Llama", dependencies: ["Constraints", "Files", "Generation", "JSON", "ModelFiles", "Text", "Tokenizer", "Torch"]),
    .target(
      name: "Training",
      dependencies: [
        "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Runs", "Scoring", "Text", "Tokenizer", "Torch",
        "TrainingData",
      ]),
    .target(
      name: "PatronKit",
      dependencies: ["Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Text", "Tokenizer", "Torch"]),

    .executableTarget(
      name: "patron",
      dependencies: [
        "CVersion", "Constraints", "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "PatronKit", "Runs",
        "Scoring", "Text", "Tokenizer", "Torch", "Training", "TrainingData", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),

    .target(name: "TestSupport", dependencies: ["JSON", "Tokenizer"], path: "Tests/TestSupport"),
    .target(
      name: "TensorTestSupport", dependencies: ["JSON", "Llama", "ModelFiles", "TestSupport", "Torch"],
      path: "Tests/TensorTestSupport"),
    .testTarget(name: "TextTests", dependencies: ["Text", "TestSupport"]),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(name: "TextRepairTests", dependencies: ["TextRepair", "Text", "JSON", "TestSupport"]),
    .testTarget(name: "TokenizerTests", dependencies: ["Tokenizer", "Generation", "JSON", "Text", "TestSupport"]),
    .testTarget(
      name: "ConstraintsTests",
      dependencies: ["Constraints", "Funding", "Generation", "Tokenizer", "JSON", "Text", "TestSupport"],
      swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "FundingTests", dependencies: ["Funding", "Generation", "JSON", "Text", "TestSupport"]),
    .testTarget(name: "ScoringTests", dependencies: ["Scoring", "Funding", "JSON", "Text", "TextRepair", "TestSupport"]),
    .testTarget(
      name: "ModelFilesTests", dependencies: ["ModelFiles", "Files", "Generation", "JSON", "Text", "TestSupport"]),
    .testTarget(
      name: "TrainingDataTests",
      dependencies: [
        "TrainingData", "Files", "Funding", "Generation", "JSON", "ModelFiles", "Text", "Tokenizer", "TestSupport",
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
        "Files", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Runs", "Scoring", "Tokenizer", "Torch", "Training",
        "TrainingData", "TensorTestSupport", "TestSupport",
      ]),
    .testTarget(name: "patronTests", dependencies: ["patron", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)

for target in package.targets where target.type != .system && !["CTorch", "CVersion"].contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
