import Runs
import Training

/// Puts the flags of `patron train` behind what the libraries say, which know no command line.
enum TrainingFlags {
  static func named<Result>(_ work: () throws -> Result) throws -> Result {
    do {
      return try work()
    } catch let error as RunError {
      throw RunError(error.code, error.message + (hint(error.code).map { " (\($0))" } ?? ""))
    } catch let error as TrainingError {
      throw TrainingError(error.code, error.message + (hint(error.code).map { " (\($0))" } ?? ""))
    }
  }

  private static func hint(_ code: RunError.Code) -> String? {
    switch code {
    case .isRun, .diskFull: "--resume goes on with it"
    default: nil
    }
  }

  private static func hint(_ code: TrainingError.Code) -> String? {
    switch code {
    case .adapterScale: "--rank, --alpha"
    case .model: "--merge peft or fp32"
    case .diverged:
      "--output, --learning-rate, --compute-dtype; --init-adapter RUN/checkpoints/step-N for a checkpoint's"
    case .group: "--resume goes on from the last checkpoint; --join-timeout, --group-timeout"
    default: nil
    }
  }
}
