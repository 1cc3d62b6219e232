import Models
import Pruning
import Testing

@Suite struct SizeMetricsTests {
  private func lenet() throws -> NetworkDescription {
    try NetworkDescription(name: "lenet-300-100", widths: [784, 300, 100, 10])
  }

  @Test("LeNet-300-100 has the counts of the literature")
  func dense() throws {
    let layout = ParameterLayout(try lenet())
    #expect(layout.count == 266_610)
    #expect(layout.prunableCount == 265_200)
    #expect(ParameterLayout(try lenet(), scope: PruningScope(prunesClassifier: true)).prunableCount == 266_200)
    for mask in [nil, Mask(count: layout.prunableCount, keeping: true)] {
      let metrics = SizeMetrics(layout, mask: mask)
      #expect(metrics.size == 266_610 && metrics.sizeNonzero == 266_610)
      #expect(metrics.flops == 266_200 && metrics.flopsNonzero == 266_200)
      #expect(metrics.realCompression == 1 && metrics.theoreticalSpeedup == 1 && metrics.sparsity == 0)
    }
  }

  @Test("Removed weights are counted exactly; biases and the classifier stay")
  func pruned() throws {
    let layout = ParameterLayout(try lenet())
    let none = SizeMetrics(layout, mask: Mask(count: layout.prunableCount))
    #expect(none.sizeNonzero == 1410 && none.flopsNonzero == 1000)
    #expect(none.theoreticalSpeedup == 266.2)

    // 1,000 weights of the first layer and 7 of the second.
    let kept = Array(0..<1000) + Array(235_200..<235_207)
    let metrics = SizeMetrics(layout, mask: Mask(count: layout.prunableCount, keeping: kept))
    #expect(metrics.size == 266_610 && metrics.flops == 266_200)
    #expect(metrics.sizeNonzero == 1007 + 1000 + 410)
    #expect(metrics.flopsNonzero == 1007 + 1000)
    #expect(metrics.realCompression == 266_610.0 / 2417)
    #expect(metrics.theoreticalSpeedup == 266_200.0 / 2007)
    #expect(metrics.sparsity == 1 - 2417.0 / 266_610)
  }
}
