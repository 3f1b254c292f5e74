import ArgumentParser
struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "models", shouldDisplay: false)
}
