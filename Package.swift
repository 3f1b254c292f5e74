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
    .target(name: "JSON"),
    .target(name: "Tokenizer", dependencies: ["JSON"]),
    .target(name: "Generation", dependencies: ["JSON"]),
    // Optimised also in debug builds, like the kernels below: each token walks a vocabulary.
    .target(name: "Constraints", dependencies: ["Generation"], swiftSettings: [.unsafeFlags(["-O"])]),
    .target(name: "Funding", dependencies: ["Generation", "JSON", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "Scoring", dependencies: ["Funding", "JSON"]),
    .target(name: "ModelFiles", dependencies: ["JSON", .product(name: "Crypto", package: "swift-crypto")]),

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
    .target(name: "Llama", dependencies: ["Torch", "Tokenizer", "ModelFiles", "Generation", "Constraints"]),
    .target(
      name: "Training",
      dependencies: ["Llama", "Funding", "Scoring", "Torch", "Tokenizer", "ModelFiles", "Generation", "JSON"]),

    .executableTarget(
      name: "patron",
      dependencies: [
        "Constraints", "Funding", "Generation", "JSON", "Llama", "ModelFiles", "Scoring", "Tokenizer", "Torch",
        "Training", "CVersion", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),

    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "TokenizerTests", dependencies: ["Tokenizer", "JSON"]),
    .testTarget(name: "FundingTests", dependencies: ["Funding", "Generation", "JSON"]),
    .testTarget(name: "ScoringTests", dependencies: ["Scoring", "Funding", "JSON"]),
    .testTarget(name: "ModelFilesTests", dependencies: ["ModelFiles", "JSON"]),
    .testTarget(name: "TorchTests", dependencies: ["Torch"]),
    .testTarget(
      name: "LlamaTests",
      dependencies: ["Llama", "Torch", "Tokenizer", "ModelFiles", "Generation", "Constraints", "JSON"]),
    .testTarget(
      name: "ConstraintsTests", dependencies: ["Constraints", "Funding", "Generation", "Tokenizer", "JSON"],
      swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Llama", "Funding", "Scoring", "Torch", "Tokenizer", "ModelFiles", "Generation", "JSON",
      ]),
    .testTarget(name: "patronTests", dependencies: ["patron"]),
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
