import Formats
import Models
import Networks

/// What PyTorch is compared with: seconds of one training epoch on MNIST's 60,000 images, and of dense inference on
/// CIFAR-10's 10,000 test images, and of training on 1,280 of them. Prints `KEY SECONDS` lines, medians of five.
///
/// - Parameter folder: where mnist and cifar10 lie.
func peerTimes(folder: String) throws {
  let mnist = try DataFolder.load(named: "mnist", folder: folder).training
  for name in ["lenet-300-100", "lenet-5"] {
    let network = try Zoo.network(named: name, shape: mnist.shape, classes: mnist.classes)
    let recipe = TrainingRecipe()
    let trainer = try Trainer(network: network, recipe: recipe, data: mnist, seed: 1)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    print("train.\(name) \(median { _ = trainer.run(&state, through: state.step + trainer.stepsPerEpoch) })")
  }
  guard let cifar = try DataFolder.load(named: "cifar10", folder: folder).officialTest else { return }
  let some = cifar.selecting(Array(0..<1280))
  for name in ["conv-4", "resnet-20"] {
    let network = try Zoo.network(named: name, shape: some.shape, classes: some.classes)
    let recipe = TrainingRecipe()
    let trainer = try Trainer(network: network, recipe: recipe, data: some, seed: 1)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    print("train.\(name) \(median { _ = trainer.run(&state, through: state.step + trainer.stepsPerEpoch) })")
  }
  let data = EvaluationData(cifar)
  for name in ["conv-4", "resnet-20"] {
    let network = try Zoo.network(named: name, shape: cifar.shape, classes: cifar.classes)
    let evaluator = try MaskedEvaluator(
      network: network, scope: scope, parameters: initialParameters(network, seed: 1), data: data)
    print("forward.\(name) \(median { _ = evaluator.evaluate(nil) })")
  }
}

func median(_ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  return (0..<5).map { _ in clock.measure(body) / .seconds(1) }.sorted()[2]
}
