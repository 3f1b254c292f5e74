import ArgumentParser

/// `patron train`: adapters for one's own model and rows.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a LoRA adapter.",
    subcommands: [TrainSFTCommand.self, TrainReportCommand.self])
}
