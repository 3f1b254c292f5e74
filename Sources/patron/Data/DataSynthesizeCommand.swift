import Generation
import ArgumentParser
import Files
import Foundation
import JSON
import ModelFiles
import TrainingData

/// `patron data synthesize`
struct DataSynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Makes funding statements with their funders, or articles with such statements.",
    discussion: """
      Writes JSON Lines. Row n of a seed is always the same, so a longer file begins like a shorter one.

      A list of funders has one funder a line. Tabs divide its columns: name, acronym, country, shapes of award ids, \
      and schemes. Only the name is needed. In a shape, # is a digit, @ a capital letter, and [a|b] one of several, as \
      in [R01|R21] CA######. A ";" divides several shapes or schemes.

      With --task extract, --articles and --statements put real statements among real paragraphs. Statements whose \
      funders nobody has annotated become examples of stage 1 in this way.
      """)

  @Option(name: .shortAndLong, help: ArgumentHelp("Rows to make.", valueName: "n"))
  var count = 1_000

  @Option(name: .long, help: ArgumentHelp("Seed of the rows.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(name: .long, help: "What to make: parse (statements with funders) or extract (articles with statements).")
  var task = SyntheticStage(.funders)

  @Option(
    name: .long,
    help: ArgumentHelp("A list of funders instead of the built-in one; repeat it for several.", valueName: "file"),
    completion: .file())
  var funders: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      For extract: a file with articles, whose paragraphs surround the statements (default: made-up paragraphs); repeat \
      it for several.
      """, valueName: "file"),
    completion: .file())
  var articles: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "For extract: a file with statements, which need no funders, instead of made-up ones; repeat it for several.",
      valueName: "file"),
    completion: .file())
  var statements: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Filter of articles and statements: none (all of them stay) or open (those whose licence says NC or ND go).",
      valueName: "filter"))
  var licenseFilter: LicenseFilter = .none

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File to write to (default: standard output).", valueName: "file"), completion: .file())
  var output: String?

  /// For which stage rows are made.
  struct SyntheticStage: NamedArgument {
    static var choices: KeyValuePairs<String, Stage> { ["parse": .funders, "extract": .statements] }

    let value: Stage

    init(_ value: Stage) { self.value = value }
  }

  func validate() throws {
    guard (1...100_000_000).contains(count) else {
      throw ValidationError("found --count \(count), expected a number from 1 to 100000000")
    }
    guard articles.isEmpty && statements.isEmpty || task.value == .statements else {
      throw ValidationError("--articles and --statements go with --task extract")
    }
  }

  func run() throws {
    Interruption.watch()
    let lists = try funders.map { path in
      (text: String(decoding: try MappedFile(path: path).copy(), as: UTF8.self), path: path)
    }
    let synthesizer = try StatementSynthesizer(seed: seed, lists: lists)
    let row: (Int) -> DataRow
    switch task.value {
    case .funders: row = synthesizer.row
    case .statements:
      let rows = try articles.flatMap { try DataFileContents(path: $0).rows.map(\.row) }
      let texts = try statements.flatMap(StatementText.all)
      row =
        ArticleSynthesizer(
          seed: seed, statements: synthesizer, articles: rows.filter { licenseFilter.accepts($0.license) },
          texts: texts.filter { licenseFilter.accepts($0.license) }
        ).row
    }
    let file = try output.map { try OutputFile(path: $0, inPlace: false) } ?? OutputFile()
    var text = ""
    for number in 0..<count {
      try Interruption.check()
      text += row(number).json.text() + "\n"
      if text.utf8.count > 1 << 16 {
        try file.write(text)
        text = ""
      }
    }
    try file.write(text)
    try file.commit()
  }
}
