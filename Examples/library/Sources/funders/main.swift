import Foundation
import Funding
import PatronKit

let path = CommandLine.arguments.dropFirst().first ?? "article.md"
let extractor = try Extractor.open()
let record = try await extractor.extract(file: path)
for statement in record.statements {
  print("\(path):\(statement.span?.line ?? 0): \(statement.text)")
}
for funder in record.funders {
  let awards = funder.awards.flatMap(\.awardIDs)
  print("- \(funder.name ?? "unnamed")" + (awards.isEmpty ? "" : ": " + awards.joined(separator: ", ")))
}
