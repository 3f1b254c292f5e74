import Foundation
import TestSupport
import Testing

/// Guides/Architecture.md says what Package.swift and the sources say.
@Suite struct ArchitectureTests {
  private let page: String
  private let package: String

  init() throws {
    page = try String(contentsOf: Checkout.root.appendingPathComponent("Guides/Architecture.md"), encoding: .utf8)
    package = try String(contentsOf: Checkout.root.appendingPathComponent("Package.swift"), encoding: .utf8)
  }

  @Test func thePageNamesTheDependenciesOfPackageSwift() {
    let rooms = Self.rooms(page)
    let targets = Self.targets(package)
    #expect(targets.count > 10, "Package.swift was not understood")
    #expect(Set(rooms.keys) == Set(targets.keys))
    for (name, dependencies) in targets {
      #expect(rooms[name] == dependencies, "the line of \(name)")
    }
  }

  @Test func roomsWithoutTensorsNeverReachLibtorch() throws {
    let targets = Self.targets(package)
    let section = try #require(page.components(separatedBy: "## Rooms with tensors").first)
    let textRooms = Self.rooms(section)
    #expect(textRooms["Funding"] != nil && textRooms["Torch"] == nil)
    for name in textRooms.keys {
      #expect(!Self.reachable(from: name, targets).contains("CTorch"), "\(name)")
    }
  }

  /// SwiftPM does not refuse an `import` of a module that happens to be built.
  @Test func sourcesImportWhatTheirRoomMay() throws {
    let targets = Self.targets(package)
    var fileCount = 0
    for (name, dependencies) in targets {
      let folder = Checkout.root.appendingPathComponent("Sources/\(name)")
      let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      var imported: Set<String> = []
      for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
        fileCount += 1
        let text = try String(contentsOf: file, encoding: .utf8)
        for match in text.matches(
          of: /(?m)^(?:@\w+ |public |package |internal )*import (?:struct |enum |class |func )?(\w+)/)
        {
          imported.insert(String(match.1))
        }
      }
      let own = imported.intersection(targets.keys)
      #expect(own.subtracting(dependencies) == [], "\(name) imports rooms that it does not depend on")
      #expect(
        dependencies.intersection(targets.keys).subtracting(own) == [],
        "\(name) depends on rooms that it does not import")
    }
    #expect(fileCount > 100)
  }

  /// Links of what people read lead somewhere.
  @Test func linksLeadSomewhere() throws {
    let guides = try FileManager.default.contentsOfDirectory(
      atPath: Checkout.root.appendingPathComponent("Guides").path
    )
    .filter { $0.hasSuffix(".md") }
    let index = try String(contentsOf: Checkout.root.appendingPathComponent("Guides/README.md"), encoding: .utf8)
    for guide in guides where guide != "README.md" {
      #expect(index.contains("](\(guide))"), "Guides/README.md does not list \(guide)")
    }
    for path in guides.map({ "Guides/" + $0 }) + ["README.md", "CONTRIBUTING.md", "Models/smollm2-135m/sft/README.md"] {
      let url = Checkout.root.appendingPathComponent(path)
      for match in try String(contentsOf: url, encoding: .utf8).matches(of: /\]\(([^)#\s]+)[^)\s]*\)/) {
        let link = String(match.1)
        if link.contains("://") { continue }
        let target = url.deletingLastPathComponent().appendingPathComponent(link)
        #expect(FileManager.default.fileExists(atPath: target.path), "\(path): \(link)")
      }
    }
  }

  /// The rooms of the page's tables with what they import: `` | `Room` | holds | `Other`, … | ``.
  private static func rooms(_ page: String) -> [String: Set<String>] {
    var rooms: [String: Set<String>] = [:]
    for line in page.split(separator: "\n") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
      guard cells.count == 5, let name = cells[1].firstMatch(of: /^ `(\w+)` $/)?.1 else { continue }
      rooms[String(name)] = Set(cells[3].matches(of: /`(\w+)`/).map { String($0.1) })
    }
    return rooms
  }

  /// The targets under Sources/ with the names of their dependencies.
  private static func targets(_ package: String) -> [String: Set<String>] {
    var targets: [String: Set<String>] = [:]
    for match in package.matches(of: /\.(?:target|executableTarget)\(/) {
      let arguments = balanced(package[match.range.upperBound...], "(", ")")
      guard let name = arguments.firstMatch(of: /name: "(\w+)"/)?.1, !arguments.contains("path: \"Tests/") else {
        continue
      }
      var names: Set<String> = []
      if let list = arguments.firstMatch(of: /\bdependencies: \[/) {
        let dependencies = balanced(arguments[list.range.upperBound...], "[", "]")
          .replacing(/, package: "[^"]*"/, with: "")
        names = Set(dependencies.matches(of: /"(\w+)"/).map { String($0.1) })
      }
      targets[String(name)] = names
    }
    return targets
  }

  /// The text up to the bracket that closes one already open.
  private static func balanced(_ text: Substring, _ open: Character, _ close: Character) -> Substring {
    var depth = 1
    for index in text.indices {
      if text[index] == open { depth += 1 }
      if text[index] == close { depth -= 1 }
      if depth == 0 { return text[..<index] }
    }
    return text
  }

  private static func reachable(from name: String, _ targets: [String: Set<String>]) -> Set<String> {
    var found: Set<String> = []
    var open = [name]
    while let next = open.popLast() {
      if found.insert(next).inserted { open += targets[next] ?? [] }
    }
    return found
  }
}
