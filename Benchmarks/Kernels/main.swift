// Evaluations per second of LeNet-300-100 under random masks, on 10,000 synthetic samples of MNIST's size and density
// of nonzero pixels: the sparse kernel (accuracy and loss) beside a forward pass by BLAS (accuracy alone).
// Arguments: sparsities to try instead of the standard ones.

import Glibc
import Models
import Networks
import Pruning
import Randomness

let rounds = 7
let standard = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
let asked = CommandLine.arguments.dropFirst().compactMap { Double($0) }
let sparsities = asked.isEmpty ? standard : asked
let scope = PruningScope()

func syntheticData(samples: Int, shape: [Int] = [28, 28]) throws -> LabelledData {
  var stream = RandomStream(seed: 1, .test, 1)
  var pixels = [UInt8](repeating: 0, count: samples * shape.reduce(1, *))
  for index in pixels.indices where stream.chance(0.19) { pixels[index] = UInt8(1 + stream.below(255)) }
  let labels = (0..<samples).map { _ in UInt8(stream.below(10)) }
  return try LabelledData(shape: shape, classes: 10, scale: 255, pixels: pixels, labels: labels)
}

func randomMask(count: Int, sparsity: Double, id: UInt64) -> Mask {
  var stream = RandomStream(seed: 1, .test, 2, id)
  return Mask(count: count, keeping: stream.choose(Int((Double(count) * (1 - sparsity)).rounded()), of: count))
}

/// The median over rounds of evaluations per second, each round running for at least a quarter of a second.
func rate(_ masks: [Mask], _ evaluate: (Mask) -> Void) -> Double {
  let clock = ContinuousClock()
  evaluate(masks[0])
  var rates: [Double] = []
  for _ in 0..<rounds {
    var count = 0
    let start = clock.now
    repeat {
      evaluate(masks[count % masks.count])
      count += 1
    } while clock.now - start < .milliseconds(250)
    rates.append(Double(count) / ((clock.now - start) / .seconds(1)))
  }
  return rates.sorted()[rounds / 2]
}

func column(_ value: Double, _ digits: Int = 1) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let whole = Int((value * scale).rounded())
  let text = digits == 0 ? "\(whole)" : "\(whole / Int(scale)).\(whole % Int(scale))"
  return String(repeating: " ", count: max(10 - text.count, 0)) + text
}

NumericsProbe.configureSingleThread()
if CommandLine.arguments.contains("--forward") {
  try forwardTimes(
    CommandLine.arguments.dropFirst().filter { Double($0) == nil && $0 != "--forward" },
    sparsities: asked.isEmpty ? [0, 0.5, 0.8, 0.9, 0.95] : asked)
  exit(0)
}
let data = try syntheticData(samples: 10_000)
let network = try Zoo.network(named: "lenet-300-100", shape: [784], classes: 10)
let parameters = initialParameters(network, seed: 1)
let layout = ParameterLayout(network, scope: scope)
let shared = EvaluationData(data)
let dense = try DenseForward(network: network, scope: scope, parameters: parameters, data: data)

print("LeNet-300-100, \(data.count) samples, one core, median of \(rounds) rounds; \(NumericsProbe.numericsClass)")
for variant in KernelVariant.available.reversed() where variant != .baseline {
  let evaluator = try MaskedEvaluator(
    network: network, scope: scope, parameters: parameters, data: shared, variant: variant)
  print("\n\(variant) kernels")
  print("  sparsity  evals/s     BLAS/s      ratio   Gmuladd/s")
  for sparsity in sparsities {
    let masks = (0..<4).map { randomMask(count: layout.prunableCount, sparsity: sparsity, id: $0) }
    let ours = rate(masks) { _ = evaluator.evaluate($0) }
    let blas = rate(masks) { _ = dense.correctCount($0) }
    let multiplyAdds = Double(SizeMetrics(layout, mask: masks[0]).flopsNonzero * data.count)
    print(
      column(sparsity, 2) + column(ours) + column(blas) + column(ours / blas) + column(ours * multiplyAdds / 1e9))
  }
}

/// LeNet-5 as Caffe has it.
func lenet5() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [1, 28, 28])
  for channels in [20, 50] {
    builder.convolution(channels, kernel: 5)
    builder.relu()
    builder.maxPool(2, stride: 2)
  }
  builder.flatten()
  builder.dense(500)
  builder.relu()
  builder.dense(10)
  return try builder.network(name: "LeNet-5")
}

/// A residual network of one block a width, for images of CIFAR's size.
func residualNetwork() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [3, 32, 32])
  builder.convolution(16, kernel: 3, padding: 1, bias: false)
  builder.batchNorm()
  var shortcut = builder.relu()
  for (channels, stride) in [(16, 1), (32, 2), (64, 2)] {
    let from = shortcut
    if stride > 1 {
      builder.convolution(channels, kernel: 1, stride: stride, bias: false)
      shortcut = builder.batchNorm()
    }
    builder.convolution(channels, kernel: 3, stride: stride, padding: 1, bias: false, to: from)
    builder.batchNorm()
    builder.relu()
    builder.convolution(channels, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    builder.add(.add, to: [builder.last, shortcut])
    shortcut = builder.relu()
  }
  builder.add(.globalAveragePool)
  builder.flatten()
  builder.dense(10)
  return try builder.network(name: "ResNet-8")
}

print("\none epoch of training, batches of 64")
for (network, shape, samples) in [
  (network, [1, 28, 28], 10_000), (try lenet5(), [1, 28, 28], 5_000), (try residualNetwork(), [3, 32, 32], 500),
] {
  let recipe = TrainingRecipe()
  let images = try syntheticData(samples: samples, shape: shape)
  let trainer = try Trainer(network: network, recipe: recipe, data: images, seed: 1)
  var state = Trainer.initialState(network, recipe: recipe, seed: 1)
  let time = ContinuousClock().measure { _ = trainer.run(&state, through: trainer.stepsPerEpoch) } / .seconds(1)
  print(
    "  \(network.name), \(samples) samples:" + column(time, 2) + " s," + column(time / Double(samples) * 1e6)
      + " µs a sample")
}
