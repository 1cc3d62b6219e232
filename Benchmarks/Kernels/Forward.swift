import Models
import Networks

/// Milliseconds of processor time that 1,000 random images of CIFAR's size take: dense, and with part of the weights
/// removed, which is what PyTorch on one thread is compared with.
func forwardTimes(_ names: [String], sparsities: [Double]) throws {
  let start = processorSeconds()
  let matches = GoldenEvaluation.matches()
  print("\ngolden evaluation: \(matches)," + column((processorSeconds() - start) * 1e3, 2) + " ms")
  print("\nforward pass, ms for 1,000 images, best of \(rounds) rounds")
  print("  network       variant" + sparsities.map { column($0, 2) }.joined())
  let data = try syntheticData(samples: 256, shape: [3, 32, 32])
  for name in names {
    let network = try Zoo.network(named: name, shape: [3, 32, 32], classes: 10)
    let parameters = initialParameters(network, seed: 1)
    for variant in KernelVariant.available.reversed() where variant != .baseline {
      let evaluator = try MaskedEvaluator(
        network: network, scope: scope, parameters: parameters, data: EvaluationData(data), variant: variant)
      let times = sparsities.map { sparsity in
        let mask = sparsity == 0 ? nil : randomMask(count: evaluator.maskCount, sparsity: sparsity, id: 0)
        let best = (0..<rounds).map { _ in
          let start = processorSeconds()
          _ = evaluator.evaluate(mask)
          return processorSeconds() - start
        }.min()!
        return best / Double(data.count) * 1e6
      }
      let label = name + String(repeating: " ", count: max(14 - name.count, 1)) + "\(variant)     "
      print("  " + label + times.map { column($0) }.joined())
    }
  }
}
