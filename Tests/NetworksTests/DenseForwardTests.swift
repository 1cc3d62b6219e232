import Models
import Networks
import Pruning
import Testing

@Suite struct DenseForwardTests {
  /// The rival counts what a forward pass over masked parameters gets right.
  @Test func itCountsWhatAForwardPassGetsRight() throws {
    let network = try TrainerTests.convolutional()
    let data = try TrainerTests.images(80, count: 50)
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    let parameters = initialParameters(network, seed: 80)
    for batch in [7, 50, 1000] {
      let rival = try DenseForward(network: network, scope: scope, parameters: parameters, data: data, batch: batch)
      for density in [1.0, 0.3] {
        let mask = Samples.mask(80, count: layout.prunableCount, density: density)
        var masked = parameters
        for tensor in layout.prunable {
          for (index, position) in zip(tensor.range, tensor.maskRange!) where !mask[position] { masked[index] = 0 }
        }
        let scores = try ForwardPass(network: network, batch: batch).logits(
          parameters: masked, data: data, samples: Array(0..<50))
        let correct = (0..<50).count { sample in
          let row = Array(scores[3 * sample..<3 * sample + 3])
          return row.firstIndex(of: row.max()!) == Int(data.labels[sample])
        }
        #expect(rival.correctCount(mask) == correct, "batches of \(batch), density \(density), seed 80")
      }
    }
  }
}
