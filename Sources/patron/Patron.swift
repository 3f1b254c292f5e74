import ArgumentParser
import Foundation
import Torch

@main
struct Patron: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "patron",
    abstract: "Reads research articles and says who funded them.",
    discussion: """
      Data goes to standard output; messages go to standard error.

      Exit status: 0 all went well; 1 one or more inputs failed and the others are in the output; 2 nothing could be \
      done (no such model, output not writable, ...); 64 the command line was not understood; 130 interrupted.
      """,
    version: Version.description,
    subcommands: [
      ExtractCommand.self, EvaluateCommand.self, RewardCommand.self, CalibrateCommand.self, TrainCommand.self,
      DataCommand.self, MergeCommand.self, ModelsCommand.self, BenchCommand.self, CheckCommand.self,
      LogitsCommand.self,
    ]
  )

  /// Like ArgumentParser's own `main`, but with the exit statuses that the help promises.
  static func main() async {
    Runtime.keepFreedMemory()
    do {
      var command = try parseAsRoot(SettingsFile.expand(Array(CommandLine.arguments.dropFirst())))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      ExitStatus.exit(for: error)
    }
  }
}
