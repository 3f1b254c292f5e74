/// How this process was started together with others, by what torchrun or Slurm put into the environment.
public struct LaunchEnvironment: Sendable, Equatable {
  /// What started the processes.
  public enum Launcher: String, Sendable { case torchrun, slurm = "Slurm" }

  public var launcher: Launcher
  /// Which of all processes this is, and how many there are.
  public var rank: Int
  public var count: Int
  /// Which of the processes on this machine this is.
  public var localRank: Int
  /// Whether all processes are on this machine.
  public var isLocal: Bool
  /// Where the store is, through which they find one another.
  public var host: String
  public var port: Int
  /// Whether torchrun's agent runs the store already; else rank 0 does.
  public var usesAgentStore: Bool
  /// Tells attempts and runs apart that meet at the same store.
  public var attempt: String

  /// - Returns: nil where nothing says that there are other processes.
  /// - Throws: `TrainingError.launch` that names what is missing or wrong: half a setting is a mistake, and a process
  ///   that trains alone where it should not writes over the work of others.
  public static func read(_ environment: [String: String]) throws -> LaunchEnvironment? {
    let reader = Reader(environment: environment)
    if ["RANK", "WORLD_SIZE"].contains(where: { reader.text($0) != nil }) { return try torchrun(reader) }
    // A batch script has its job's variables; only what srun started is one process of several.
    if let count = try reader.number("SLURM_STEP_NUM_TASKS", 1...1_000_000), count > 1 {
      return try slurm(reader, count: count)
    }
    for name in ["LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID"] where reader.text(name) != nil {
      throw reader.missing(["RANK", "WORLD_SIZE"], because: [name])
    }
    return nil
  }

  private static func torchrun(_ reader: Reader) throws -> LaunchEnvironment {
    let names = ["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"]
    let missing = names.filter { reader.text($0) == nil }
    guard missing.isEmpty, let host = reader.text("MASTER_ADDR") else {
      throw reader.missing(missing, because: names.filter { reader.text($0) != nil })
    }
    let count = try reader.number("WORLD_SIZE", 1...1_000_000) ?? 1
    let rank = try reader.number("RANK", 0...count - 1) ?? 0
    // Without torchrun, as by hand: one machine where the store is on it.
    let isHere = ["127.0.0.1", "localhost", "::1"].contains(host)
    let localCount = try reader.number("LOCAL_WORLD_SIZE", 1...count) ?? (isHere ? count : 1)
    let localRank = try reader.number("LOCAL_RANK", 0...localCount - 1) ?? (isHere ? rank : 0)
    return LaunchEnvironment(
      launcher: .torchrun, rank: rank, count: count, localRank: localRank, isLocal: localCount == count,
      host: host,
      port: try reader.number("MASTER_PORT", 1...65_535) ?? 0,
      usesAgentStore: ["true", "1"].contains(reader.text("TORCHELASTIC_USE_AGENT_STORE")?.lowercased()),
      attempt: [reader.text("TORCHELASTIC_RUN_ID") ?? "run", reader.text("TORCHELASTIC_RESTART_COUNT") ?? "0"]
        .joined(separator: "/"))
  }

  private static func slurm(_ reader: Reader, count: Int) throws -> LaunchEnvironment {
    let missing = ["SLURM_PROCID", "SLURM_LOCALID"].filter { reader.text($0) == nil }
    guard missing.isEmpty else { throw reader.missing(missing, because: ["SLURM_STEP_NUM_TASKS"]) }
    let nodes = try reader.number("SLURM_STEP_NUM_NODES", 1...count) ?? 1
    guard let host = reader.text("MASTER_ADDR") ?? reader.text("SLURM_STEP_NODELIST").flatMap(firstHost) else {
      throw reader.missing(["MASTER_ADDR or SLURM_STEP_NODELIST"], because: ["SLURM_STEP_NUM_TASKS"])
    }
    let job = try reader.number("SLURM_JOB_ID", 0...Int.max) ?? 0
    return LaunchEnvironment(
      launcher: .slurm, rank: try reader.number("SLURM_PROCID", 0...count - 1) ?? 0, count: count,
      localRank: try reader.number("SLURM_LOCALID", 0...count - 1) ?? 0, isLocal: nodes == 1, host: host,
      port: try reader.number("MASTER_PORT", 1...65_535) ?? 20_000 + job % 10_000, usesAgentStore: false,
      attempt: ["\(job)", reader.text("SLURM_STEP_ID") ?? "0", reader.text("SLURM_RESTART_COUNT") ?? "0"]
        .joined(separator: "/"))
  }

  /// The first host of a list as Slurm writes it: `gpu[03-07,11],cpu1` begins with `gpu03`.
  static func firstHost(_ list: String) -> String? {
    let first = list.prefix { $0 != "," && $0 != "[" }
    guard list.dropFirst(first.count).first == "[" else { return first.isEmpty ? nil : String(first) }
    let inside = list.dropFirst(first.count + 1)
    guard let end = inside.firstIndex(of: "]") else { return nil }
    let number = inside[..<end].prefix { $0 != "," && $0 != "-" }
    let rest = inside[inside.index(after: end)...].prefix { $0 != "," }
    return number.isEmpty || rest.contains("[") ? nil : String(first + number + rest)
  }

  private struct Reader {
    let environment: [String: String]

    func text(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let text = text(name) else { return nil }
      guard let number = Int(text), range.contains(number) else {
        throw TrainingError(
          .launch,
          "found \(name)=\(text) in the environment, expected a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }

    func missing(_ names: [String], because found: [String]) -> TrainingError {
      TrainingError(
        .launch,
        "found \(found.joined(separator: ", ")) in the environment, but not \(names.joined(separator: ", ")): start the "
          + "processes with torchrun or srun, which set all of them, or unset them to train alone")
    }
  }
}
