import Models
import Networks
import Pruning
import Testing

@Suite struct DenseForwardTests {
  /// The rival computes and counts what the evaluator does, up to rounding.
  @Test func itAgreesWithTheEvaluator() throws {
    let network = try TrainerTests.convolutional()
    let data = try TrainerTests.images(80, count: 50)
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    let parameters = initialParameters(network, seed: 80)
    for batch in [7, 50, 1000] {
      let rival = try DenseForward(network: network, scope: scope, parameters: parameters, data: data, batch: batch)
      for density in [1.0, 0.3] {
        let mask = Samples.mask(80, count: layout.prunableCount, density: density)
        let evaluator = try MaskedEvaluator(network: network, scope: scope, parameters: parameters, data: data)
        guard case .exact(let correct, _, _) = evaluator.evaluate(mask) else { throw NetworkError("not finite") }
        #expect(rival.correctCount(mask) == correct, "batches of \(batch), density \(density), seed 80")
        let (found, expected) = (rival.logits(mask), evaluator.logits(mask))
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "batches of \(batch), density \(density)")
      }
    }
  }
}
