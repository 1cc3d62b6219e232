import Models
import Networks
import Pruning

/// Evaluations per second of LeNet-300-100 under random masks, on 10,000 synthetic samples of MNIST's size and density of
/// nonzero pixels: the sparse kernel (accuracy and loss) beside a forward pass by BLAS (accuracy alone).
func maskedEvaluations(sparsities: [Double]) throws {
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
}
