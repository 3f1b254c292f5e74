import ArgumentParser
struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "merge", shouldDisplay: false)
}
