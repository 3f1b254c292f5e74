import ArgumentParser

/// Options of every command that talks while it works.
struct ConsoleOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say only what went wrong.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Also say in a pipe what is otherwise said on a terminal only.")
  var verbose = false

  func validate() throws {
    if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  var console: Console { Console(level: quiet ? .quiet : verbose ? .verbose : .normal) }
}
