import ArgumentParser
import Foundation
import ModelFiles
import Runs
import Training

/// `patron train report`: a run as a page.
struct TrainReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a training run as a page for the browser.",
    discussion: """
      The page holds the curves, the settings, the checkpoints, the data and what the model wrote on the way, and needs no \
      other file and no network. A run that is still going on or was interrupted is shown as far as it came; nothing of it \
      is changed.
      """)

  @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"), completion: .directory)
  var folder: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("File to write to (default: report.html in the run's folder).", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() throws {
    let url = URL(fileURLWithPath: folder)
    let page = try RunReport(url).html()
    let file = try OutputFile(path: output ?? url.appendingPathComponent("report.html").path, inPlace: false)
    try file.write(page)
    try file.commit()
    consoleOptions.console.note("\(file.path): open it in a browser")
  }
}
