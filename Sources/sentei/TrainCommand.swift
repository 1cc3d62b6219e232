import ArgumentParser
import Digests
import Formats
import Foundation
import Models
import Networks
import Pruning
import Reports
import Services
import Studies

/// `sentei train`: trains a network on this machine.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a network of the zoo, or go on with a model's weights.",
    discussion: """
      Prints a line an epoch. The test part is read once, at the end. The bits of the result depend on the seed and the \
      options alone, on every x86-64-v3 machine with the same OpenBLAS.
      """)

  @Option(help: "Start from this model's weights: .onnx or .safetensors.")
  var from: String?

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var mask: MaskOptions
  @OptionGroup var options: RecipeOptions

  @Option(help: "The seed of initial weights, order, augmentation and dropout.")
  var seed: UInt64 = 1

  @Option(help: "The share of the training part that is held out to judge epochs.")
  var validation = 0.0

  @Option(help: "Stop after this many epochs in a row without a lower validation loss, and keep the best weights.")
  var patience: Int?

  @Option(help: "With --patience: how much lower than the lowest a loss must be to count; by default 0.")
  var minimumDelta: Double?

  @Option(help: "Keep the state of training in this file after each epoch, and go on from it if it is there.")
  var checkpoint: String?

  @Option(name: [.short, .long], help: "The file to write: .safetensors or .onnx.")
  var output: String

  func validate() throws {
    guard from != nil || zoo.zoo != nil else { throw ValidationError("give --zoo NAME or --from MODEL") }
    guard zoo.outputs == nil else {
      throw ValidationError("the data say how many outputs there are, for files with --classes; leave --outputs out")
    }
    guard (0..<1).contains(validation) else { throw ValidationError("--validation takes a share from 0 to below 1") }
    if let patience {
      guard patience > 0 else { throw ValidationError("--patience takes a number above 0") }
      guard validation > 0 else { throw ValidationError("--patience needs --validation") }
    }
    if let minimumDelta {
      guard patience != nil else { throw ValidationError("--minimum-delta needs --patience") }
      guard minimumDelta >= 0, minimumDelta.isFinite else {
        throw ValidationError("--minimum-delta takes a number of at least 0")
      }
    }
    try OutputPlace.checkModelName(output)
  }

  func run() throws {
    Numerics.ensureEnvironment()
    try reportingSync {
      for path in [output, checkpoint].compactMap(\.self) { try OutputPlace.check(path) }
      let given = zoo.zoo == nil ? try ModelFile.load(path: from!) : nil
      let set = try data.load(for: given?.network)
      let model = try given ?? startingModel(set.training)
      let recipe = try options.recipe()
      let mask = try mask.load(for: model.network)
      let parts = try split(set.training)
      let trainer = try Trainer(
        network: model.network, recipe: recipe, data: parts.train, seed: seed, mask: mask, scope: self.mask.scope)
      var progress = TrainingProgress(
        state: TrainingState(
          parameters: model.parameters,
          slots: Trainer.initialState(model.network, recipe: recipe, seed: seed).slots, step: 0),
        earlyStopping: earlyStopping)
      let checkpoint = checkpoint.map {
        Checkpoint(path: $0, identity: identity(model, recipe, parts.train, mask))
      }
      try checkpoint?.restore(&progress)
      let judge = try parts.validation.map { try Judge(model.network, $0) }
      try train(&progress, trainer, recipe, judge, checkpoint)
      let best = try Model(network: model.network, parameters: progress.result)
      try ModelFile.save(best, to: output)
      if let test = set.officialTest {
        print("test   \(try Judge(model.network, test).report(best.parameters)?.summary ?? "not finite")")
      }
      print("wrote \(output)")
    }
  }

  private var earlyStopping: EarlyStopping? {
    patience.map { EarlyStopping(patience: $0, minimumDelta: minimumDelta ?? 0) }
  }

  private func train(
    _ progress: inout TrainingProgress, _ trainer: Trainer, _ recipe: TrainingRecipe, _ judge: Judge?,
    _ checkpoint: Checkpoint?
  ) throws {
    while progress.state.step < recipe.epochs * trainer.stepsPerEpoch, !progress.isStopped {
      let start = ContinuousClock.now
      let epoch = progress.state.step / trainer.stepsPerEpoch + 1
      guard case .trained(let loss) = trainer.run(&progress.state, through: epoch * trainer.stepsPerEpoch) else {
        throw ComputationError("training diverged in epoch \(epoch); lower --learning-rate")
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      var line = "epoch \(epoch) of \(recipe.epochs)  loss \(loss.fixed(digits: 5))"
      if let judge {
        let report = try judge.report(progress.state.parameters)
        line += "  validation \(report?.summary ?? "not finite")"
        progress.judge(report?.loss ?? .infinity)
      }
      // Before the line, so that what is said is kept.
      try checkpoint?.store(progress)
      print("\(line)  \(seconds.fixed(digits: 1)) s")
      fflush(nil)
    }
    if progress.isStopped { print("stopped early: the validation loss did not fall for \(patience!) epochs") }
  }

  /// The zoo's network with the weights of a file, or with its own.
  private func startingModel(_ data: LabelledData) throws -> Model {
    let network = try zoo.network(for: data)!
    if let from { return try ModelFile.load(path: from, network: network) }
    return try Model(network: network, parameters: initialParameters(network, seed: seed))
  }

  /// Training samples, and those held out of them; the same for the same seed.
  private func split(_ data: LabelledData) throws -> (train: LabelledData, validation: LabelledData?) {
    guard validation > 0 else { return (data, nil) }
    let count = SampleShare.fraction(validation).resolved(of: data.count)
    guard count > 0, count < data.count else {
      throw ValidationError("--validation \(validation) of \(data.count) samples leaves a part empty")
    }
    let (parts, rest) = StratifiedSplit.parts(of: data, counts: [count], seed: seed)
    return (data.selecting(rest), data.selecting(parts[0]))
  }

  /// What a checkpoint must agree with.
  private func identity(_ model: Model, _ recipe: TrainingRecipe, _ data: LabelledData, _ mask: Mask?) -> Digest {
    var bytes = CanonicalBytes(kind: "train-command", version: 2)
    bytes.append(model.network.digest)
    bytes.append(Digest(of: Parameters.canonicalBytes(of: model.parameters)))
    recipe.append(to: &bytes)
    bytes.append(data.canonicalBytes.digest)
    bytes.append(seed)
    bytes.append(list: mask.map { [$0.digest] } ?? []) { $0.append($1) }
    bytes.append(list: earlyStopping.map { [$0] } ?? []) { $1.append(to: &$0) }
    return bytes.digest
  }
}
