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
      The page shows the curves, the settings, the checkpoints, the data and what the model wrote on the way. It needs \
      no other file and no network. Of a run that still goes on, or was interrupted, it shows what is there. The run \
      stays as it is.
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
