import ArgumentParser
import Runs
import Torch
import Training

/// Every number of the recipe.
struct SFTOptions: ParsableArguments {
  private static let defaults = SFTSettings()

  @Option(name: .long, help: "Rank of the adapter.")
  var rank = Self.defaults.lora.rank

  @Option(name: .long, help: "The adapter's product is scaled by alpha / rank.")
  var alpha = Self.defaults.lora.alpha

  @Option(name: .long, help: "Share of the adapter's inputs that is left out at random in training.")
  var dropout = Self.defaults.lora.dropout

  @Option(name: .long, help: "Highest learning rate.")
  var learningRate = Self.defaults.learningRate

  @Option(name: .long, help: "How the learning rate falls: linear, cosine or constant.")
  var schedule = Self.defaults.schedule

  @Option(name: .long, help: ArgumentHelp("Steps over which the learning rate rises from 0.", valueName: "n"))
  var warmupSteps = Self.defaults.warmupSteps

  @Option(name: .long, help: ArgumentHelp("The same as a share of all steps, rounded up.", valueName: "share"))
  var warmupRatio = Self.defaults.warmupRatio

  @Option(name: .long, help: "AdamW: decay of the mean of the gradients.")
  var beta1 = Self.defaults.optimizer.beta1

  @Option(name: .long, help: "AdamW: decay of the mean of their squares.")
  var beta2 = Self.defaults.optimizer.beta2

  @Option(name: .long, help: "AdamW: what is added to the denominator.")
  var adamEpsilon = Self.defaults.optimizer.epsilon

  @Option(name: .long, help: "AdamW: decoupled weight decay.")
  var weightDecay = Self.defaults.optimizer.weightDecay

  @Option(name: .long, help: "Largest norm of the gradients; 0: no clipping.")
  var gradientClip = Self.defaults.gradientClip

  @Option(name: .long, help: "Rows that go through the model together.")
  var microBatch = Self.defaults.microBatch

  @Option(name: .long, help: "Micro-batches of an optimizer step.")
  var accumulation = Self.defaults.accumulation

  @Option(name: .long, help: "Passes over the rows.")
  var epochs = Self.defaults.epochs

  @Option(name: .long, help: "Ends the run after so many steps.")
  var maxSteps: Int?

  @Flag(
    name: .long,
    help: """
      Take the examples in the same order in every epoch instead of shuffling them anew: as --data-seed puts those of \
      --train, as they stand in --tokenized.
      """)
  var noShuffle = false

  @Option(name: .long, help: "Decides the first values, the order of the rows and what dropout leaves out.")
  var seed = Self.defaults.seed

  @Option(
    name: .long,
    help: "Steps between measurements on the dev rows, each with a checkpoint that can be the best; 0: at the end only."
  )
  var evalEvery = Self.defaults.evaluationInterval

  @Option(name: .long, help: "Steps between checkpoints to go on from, besides those; 0: at the end only.")
  var saveEvery = Self.defaults.checkpointInterval

  @Flag(name: .long, help: "Keep only the input of each block: a quarter more time, a fraction of the memory.")
  var checkpointing = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Type of activations, float32 or bfloat16 (default: the weights').", valueName: "type"))
  var computeDtype: DType?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Type of the values in the resulting adapter: float32, or bfloat16 for half the size.", valueName: "type"))
  var adapterDtype: DType = .float32

  @Option(name: .long, help: ArgumentHelp("Start from the values of this PEFT adapter folder.", valueName: "folder"))
  var initAdapter: String?

  func validate() throws {
    do { try settings().check() } catch let error as TrainingError { throw ValidationError(error.message) }
    for (flag, dtype) in [("--compute-dtype", computeDtype), ("--adapter-dtype", adapterDtype)] {
      guard let dtype, ![.float32, .bfloat16].contains(dtype) else { continue }
      throw ValidationError("found \(flag) \(dtype.rawValue), expected float32 or bfloat16")
    }
  }

  func settings() -> SFTSettings {
    var settings = SFTSettings()
    settings.lora = LoRASettings(rank: rank, alpha: alpha, dropout: dropout)
    settings.learningRate = learningRate
    settings.schedule = schedule
    settings.warmupSteps = warmupSteps
    settings.warmupRatio = warmupRatio
    settings.optimizer.beta1 = beta1
    settings.optimizer.beta2 = beta2
    settings.optimizer.epsilon = adamEpsilon
    settings.optimizer.weightDecay = weightDecay
    settings.gradientClip = gradientClip
    settings.microBatch = microBatch
    settings.accumulation = accumulation
    settings.epochs = epochs
    settings.maximumSteps = maxSteps
    settings.shuffles = !noShuffle
    settings.seed = seed
    settings.evaluationInterval = evalEvery
    settings.checkpointInterval = saveEvery
    return settings
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
