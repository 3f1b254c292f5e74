import ArgumentParser
import Runs
import Torch
import Training

/// Every number of the recipe.
struct SFTOptions: ParsableArguments {
  private static let defaults = SFTSettings()

  @Option(name: .long, help: "Rank of the adapter.")
  var rank = Self.defaults.lora.rank

  @Option(name: .long, help: "Scale of the adapter: what it adds is multiplied by alpha / rank.")
  var alpha = Self.defaults.lora.alpha

  @Option(name: .long, help: "Share of the adapter's inputs that training leaves out at random.")
  var dropout = Self.defaults.lora.dropout

  @Option(name: .long, help: "Highest learning rate.")
  var learningRate = Self.defaults.learningRate

  @Option(name: .long, help: "The learning rate after its rise: linear or cosine (both fall to 0) or constant.")
  var schedule = Self.defaults.schedule

  @Option(name: .long, help: ArgumentHelp("Steps over which the learning rate rises from 0.", valueName: "n"))
  var warmupSteps = Self.defaults.warmupSteps

  @Option(name: .long, help: ArgumentHelp("The same steps as a share of all, rounded up.", valueName: "share"))
  var warmupRatio = Self.defaults.warmupRatio

  @Option(name: .long, help: "AdamW: decay of the mean of the gradients.")
  var beta1 = Self.defaults.optimizer.beta1

  @Option(name: .long, help: "AdamW: decay of the mean of the squared gradients.")
  var beta2 = Self.defaults.optimizer.beta2

  @Option(name: .long, help: "AdamW: number added to the denominator.")
  var adamEpsilon = Self.defaults.optimizer.epsilon

  @Option(name: .long, help: "AdamW: decoupled weight decay.")
  var weightDecay = Self.defaults.optimizer.weightDecay

  @Option(name: .long, help: "Largest norm of the gradients; 0 clips nothing.")
  var gradientClip = Self.defaults.gradientClip

  @Option(name: .long, help: "Rows that go through the model together.")
  var microBatch = Self.defaults.microBatch

  @Option(name: .long, help: "Micro-batches in each optimizer step.")
  var accumulation = Self.defaults.accumulation

  @Option(name: .long, help: "Passes over the rows.")
  var epochs = Self.defaults.epochs

  @Option(name: .long, help: "End the run after so many steps.")
  var maxSteps: Int?

  @Flag(
    name: .long,
    help: """
      Keep one order of the examples: that of --data-seed for --train, that of the files for --tokenized. Otherwise \
      each epoch shuffles them anew.
      """)
  var noShuffle = false

  @Option(name: .long, help: "Seed of the adapter's first values, of the order of the rows, and of dropout.")
  var seed = Self.defaults.seed

  @Option(
    name: .long,
    help: """
      Steps between measurements on the dev rows. Each saves a checkpoint, which can be the best. 0: measure at the end \
      only.
      """)
  var evalEvery = Self.defaults.evaluationInterval

  @Option(name: .long, help: "Steps between further checkpoints, to resume from. 0: save at the end only.")
  var saveEvery = Self.defaults.checkpointInterval

  @Flag(
    name: .long,
    help: """
      Keep only the input of each block and compute the rest again: a quarter more time, a fraction of the memory.
      """)
  var checkpointing = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Type of the activations: float32 or bfloat16 (default: that of the weights).", valueName: "type"))
  var computeDtype: DType?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Type of the finished adapter's values: float32, or bfloat16 for half the size.", valueName: "type"))
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
