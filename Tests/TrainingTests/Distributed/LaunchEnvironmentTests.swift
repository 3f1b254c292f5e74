import Testing

@testable import Training

@Suite struct LaunchEnvironmentTests {
  private let torchrun = [
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "node7",
    "MASTER_PORT": "29500", "TORCHELASTIC_RUN_ID": "job", "TORCHELASTIC_RESTART_COUNT": "2",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
  ]
  private let slurm = [
    "SLURM_STEP_NUM_TASKS": "16", "SLURM_PROCID": "9", "SLURM_LOCALID": "1", "SLURM_STEP_NUM_NODES": "2",
    "SLURM_STEP_NODELIST": "gpu[03-04]", "SLURM_JOB_ID": "1234567", "SLURM_STEP_ID": "0",
  ]

  private func message(_ environment: [String: String]) -> String {
    let error = #expect(throws: TrainingError.self) { try LaunchEnvironment.read(environment) }
    #expect(error?.code == .launch)
    return error?.message ?? ""
  }

  @Test func nothingMeansAlone() throws {
    #expect(try LaunchEnvironment.read([:]) == nil)
    #expect(try LaunchEnvironment.read(["RANK": "", "MASTER_ADDR": "a", "OMP_NUM_THREADS": "1"]) == nil)
    // A batch script, and a shell on a node: one process, whatever the job has.
    #expect(try LaunchEnvironment.read(["SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_JOB_ID": "1"]) == nil)
    #expect(try LaunchEnvironment.read(["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"]) == nil)
  }

  @Test func torchrunIsRead() throws {
    var launch = LaunchEnvironment(
      launcher: .torchrun, rank: 3, count: 4, localRank: 1, isLocal: false, host: "node7", port: 29_500,
      usesAgentStore: true, attempt: "job/2")
    #expect(try LaunchEnvironment.read(torchrun) == launch)
    var environment = torchrun
    environment["LOCAL_WORLD_SIZE"] = "4"
    environment["TORCHELASTIC_USE_AGENT_STORE"] = "False"
    (launch.isLocal, launch.usesAgentStore) = (true, false)
    #expect(try LaunchEnvironment.read(environment) == launch)
    // By hand, on one machine.
    let hand = ["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"]
    launch = try #require(try LaunchEnvironment.read(hand))
    #expect(launch.isLocal && launch.localRank == 1 && !launch.usesAgentStore && launch.attempt == "run/0")
  }

  @Test func slurmIsRead() throws {
    var launch = LaunchEnvironment(
      launcher: .slurm, rank: 9, count: 16, localRank: 1, isLocal: false, host: "gpu03", port: 24_567,
      usesAgentStore: false, attempt: "1234567/0/0")
    #expect(try LaunchEnvironment.read(slurm) == launch)
    let more = ["MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "777", "SLURM_STEP_NUM_NODES": "1"]
    (launch.host, launch.port, launch.isLocal) = ("10.0.0.1", 777, true)
    #expect(try LaunchEnvironment.read(slurm.merging(more) { $1 }) == launch)
  }

  @Test func halfASettingIsRefusedByName() {
    for name in ["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"] {
      var environment = torchrun
      environment[name] = nil
      let text = message(environment)
      #expect(text.contains("but not \(name):"), "\(text)")
    }
    #expect(message(["LOCAL_RANK": "0"]).contains("found LOCAL_RANK in the environment, but not RANK, WORLD_SIZE"))
    for name in ["SLURM_PROCID", "SLURM_LOCALID"] {
      #expect(message(slurm.filter { $0.key != name }).contains("but not \(name):"))
    }
    #expect(message(slurm.filter { $0.key != "SLURM_STEP_NODELIST" }).contains("MASTER_ADDR or SLURM_STEP_NODELIST"))
  }

  @Test func numbersOutOfRangeAreRefusedByName() {
    for (name, value) in [
      ("RANK", "4"), ("RANK", "-1"), ("RANK", "x"), ("WORLD_SIZE", "0"), ("WORLD_SIZE", "99999999999999999999"),
      ("MASTER_PORT", "65536"), ("LOCAL_RANK", "2"), ("LOCAL_WORLD_SIZE", "5"),
    ] {
      #expect(message(torchrun.merging([name: value]) { $1 }).hasPrefix("found \(name)=\(value) in the environment"))
    }
    #expect(message(slurm.merging(["SLURM_PROCID": "16"]) { $1 }).hasPrefix("found SLURM_PROCID=16"))
  }

  @Test(arguments: [
    ("a", "a"), ("a,b", "a"), ("gpu[03-07,11],cpu1", "gpu03"), ("r[1,4]n", "r1n"), ("n[9]", "n9"), ("", nil),
    ("n[", nil), ("n[]", nil), ("r[1-2]n[3-4]", nil),
  ])
  func theFirstHostOfAList(_ list: String, _ host: String?) {
    #expect(LaunchEnvironment.firstHost(list) == host)
  }
}

@Suite struct WorkShareTests {
  @Test func everyPartIsDoneOnceAndNoProcessHasMuchMore() {
    var state: UInt64 = 1
    for count in [1, 2, 3, 8] {
      for parts in [0, 1, 5, 32] {
        let sizes = (0..<parts).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1
          return Int(state >> 55) + 1
        }
        let share = WorkShare(sizes, over: count)
        #expect(share.parts.count == count)
        #expect(share.parts.flatMap { $0 }.sorted() == Array(0..<parts))
        #expect(share.parts.allSatisfy { $0 == $0.sorted() })
        let loads = share.parts.map { $0.reduce(0) { $0 + sizes[$1] } }
        #expect(loads.max()! - loads.min()! <= sizes.max() ?? 0)
      }
    }
  }

  @Test func theLongestGoFirstToWhoHasLeast() {
    #expect(WorkShare([3, 9, 4, 4], over: 2).parts == [[1], [0, 2, 3]])
    #expect(WorkShare([1, 1, 1], over: 5).parts == [[0], [1], [2], [], []])
  }
}
