import Formats
import Models
import Networks
import Pruning
import Randomness

/// Evaluations per second of 64 masks of lenet-300-100 on MNIST's 10,000 test images, together and one by one, printed as
/// `KEY RATE` lines, medians of five.
///
/// - Parameters:
///   - folder: where mnist lies.
///   - weights: a safetensors file, or nil for initial weights.
///   - masks: a NumPy file of [masks][weights] zeros and ones, or nil for unrelated ones at a sparsity of 0.9.
func populationTimes(folder: String, masks given: [Mask]? = nil, parameters: [Float]? = nil) throws {
  let data = try DataFolder.load(named: "mnist", folder: folder).officialTest!
  let network = try Zoo.network(named: "lenet-300-100", shape: [784], classes: 10)
  let evaluator = try MaskedEvaluator(
    network: network, scope: scope, parameters: parameters ?? initialParameters(network, seed: 1),
    data: EvaluationData(data))
  let masks = given ?? (0..<64).map { randomMask(count: evaluator.maskCount, sparsity: 0.9, id: $0) }
  let queries = masks.map { MaskedEvaluator.Query(mask: $0) }
  var (together, alone): ([Score?], [Score?]) = ([], [])
  let whole = median { together = evaluator.evaluate(queries) }
  let single = median { alone = masks.prefix(16).map { evaluator.evaluate($0) } }
  precondition(together.prefix(16).elementsEqual(alone), "not the same bits")
  print("population.together \(Double(masks.count) / whole)")
  print("population.alone \(Double(min(16, masks.count)) / single)")
}
