import Models
import Networks
import Pruning
import Testing

/// What is timed computes what is scored.
@Suite struct InferenceTests {
  @Test(arguments: GraphEvaluatorTests.cases)
  func itHasTheEvaluatorsBits(test: GraphEvaluatorTests.Case) throws {
    let parts = try GraphEvaluatorTests.parts(test)
    let whole = try Model(network: parts.network, parameters: parts.parameters)
    let model = parts.mask.map { whole.masked(by: $0, scope: parts.scope) } ?? whole
    let data = EvaluationData(parts.data)
    let expected = try MaskedEvaluator(
      network: parts.network, scope: parts.scope, parameters: parts.parameters, data: data
    ).logits(parts.mask)
    for skipsZeros in [false, true] {
      let inference = try Inference(model, skipsZeros: skipsZeros, data: data)
      inference.run()
      let logits = inference.logits()
      #expect(logits.map(\.bitPattern) == expected.map(\.bitPattern), "\(test), skips zeros: \(skipsZeros)")
    }
  }

  @Test func nonzeroWeightsAreThoseOfAllLayers() throws {
    let network = try NetworkDescription(name: "n", widths: [2, 2, 2])
    let model = try Model(network: network, parameters: [1, 0, -0.0, 2, 0, 0, 0, 3, 0, -4, 0, 0])
    #expect(model.nonzeroWeights == Mask(count: 8, keeping: [0, 3, 5, 7]))
  }

  @Test func samplesOfAnotherShapeAreRefused() throws {
    let network = try NetworkDescription(name: "n", widths: [2, 2])
    let model = try Model(network: network, parameters: [Float](repeating: 1, count: 6))
    let data = try LabelledData(shape: [3], classes: 2, values: .floats([1, 2, 3]), labels: [0])
    #expect(throws: NetworkError.self) { try Inference(model, skipsZeros: true, data: EvaluationData(data)) }
  }
}
