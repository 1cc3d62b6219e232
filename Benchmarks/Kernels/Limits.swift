import CPeak
import Formats
import Models
import Networks
import Pruning

/// Thousand million multiply-adds a second: what the core can do at most, and what evaluating 64 unrelated masks of
/// lenet-300-100 at a sparsity of 0.9 makes of it, on images without a zero, where none can be skipped.
func limits(folder: String) throws {
  let rounds = 20_000_000
  var done = 0.0
  let limit = median { done = cpeak_multiply_adds(rounds) }
  print("limit.core \(done / limit / 1e9)")
  guard let mnist = try DataFolder.load(named: "mnist", folder: folder).officialTest,
    case .bytes(let pixels, let scale) = mnist.values
  else { return }
  let data = try LabelledData(
    shape: [784], classes: 10, scale: scale, pixels: pixels.map { max($0, 1) }, labels: mnist.labels)
  let network = try Zoo.network(named: "lenet-300-100", shape: [784], classes: 10)
  let evaluator = try MaskedEvaluator(
    network: network, scope: scope, parameters: initialParameters(network, seed: 1), data: EvaluationData(data))
  let masks = (0..<64).map { randomMask(count: evaluator.maskCount, sparsity: 0.9, id: $0) }
  let queries = masks.map { MaskedEvaluator.Query(mask: $0) }
  let seconds = median { _ = evaluator.evaluate(queries) }
  let layout = ParameterLayout(network, scope: scope)
  let multiplyAdds = masks.reduce(0) { $0 + SizeMetrics(layout, mask: $1).flopsNonzero * data.count }
  print("limit.nonzeros \(Double(multiplyAdds) / seconds / 1e9)")
  print("limit.evaluations \(64 / seconds)")
}
