// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "funders",
  dependencies: [
    // Elsewhere: .package(url: "…/patron", from: "0.1.0")
    .package(name: "patron", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "funders",
      dependencies: [
        .product(name: "Funding", package: "patron"), .product(name: "PatronKit", package: "patron"),
      ])
  ]
)
