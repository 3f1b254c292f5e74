import ArgumentParser
import Foundation
import Torch
import Training

/// Options of a run on several processes, which torchrun or srun starts.
struct ProcessOptions: ParsableArguments {
  /// What adds up the gradients of GPUs.
  enum Collectives: String, ExpressibleByArgument, CaseIterable { case nccl, gloo }

  @Option(
    name: .long,
    help: ArgumentHelp("How long to wait for the other processes to join.", valueName: "seconds"))
  var joinTimeout = 30.0

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How long to wait for another process that has joined and stalls; one that ends is noticed at once.",
      valueName: "seconds"))
  var groupTimeout = 1800.0

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What adds up the gradients of GPUs: nccl, or gloo by way of the CPU, which CPUs always use.",
      valueName: "library"))
  var collectives: Collectives = .nccl

  func validate() throws {
    for (flag, seconds) in [("--join-timeout", joinTimeout), ("--group-timeout", groupTimeout)] {
      guard seconds > 0, seconds <= 7 * 86_400 else {
        throw ValidationError("found \(flag) \(seconds), expected more than 0 and at most a week of seconds")
      }
    }
  }

  /// Joins the processes that this one was started with; nil: it is alone.
  func join(_ launch: LaunchEnvironment?, on device: Device) throws -> ProcessWorkers? {
    guard let launch else { return nil }
    return try ProcessWorkers(
      launch, joinSeconds: joinTimeout, waitSeconds: groupTimeout,
      ncclDevice: device != .cpu && collectives == .nccl ? device : nil
    ) { sentence in
      // The thread that trains is in the middle of something long. All that counts is in the last checkpoint.
      Console.standard.error(Self.prefix(launch.rank) + sentence + " (--resume goes on from the last checkpoint)")
      _exit(ExitStatus.failed.rawValue)
    }
  }

  /// What the messages of a process begin with.
  static func prefix(_ rank: Int) -> String { rank == 0 ? "" : "rank \(rank): " }
}
