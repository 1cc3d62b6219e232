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

/// Running statistics are followed, not learned: they are no part of any size.
@Suite struct NormalisedNetworkTests {
  /// 36 + 4 weights and biases of a convolution, 8 of normalisation, 8 running values, 8 + 2 of the classifier.
  private func layout() throws -> ParameterLayout {
    var builder = NetworkBuilder(input: [1, 5, 5])
    builder.convolution(4, kernel: 3)
    builder.batchNorm()
    builder.relu()
    builder.add(.globalAveragePool)
    builder.flatten()
    builder.dense(2)
    return ParameterLayout(try builder.network(name: "normalised"))
  }

  @Test func sizesCountWhatIsLearned() throws {
    let layout = try layout()
    #expect(layout.count == 66)
    let dense = SizeMetrics(layout, mask: nil)
    #expect([dense.size, dense.sizeNonzero, dense.flops, dense.flopsNonzero] == [58, 58, 332, 332])
    #expect(dense.sparsity == 0)
    let pruned = SizeMetrics(layout, mask: Mask(count: 36, keeping: 0..<7))
    #expect([pruned.size, pruned.sizeNonzero, pruned.flopsNonzero] == [58, 29, 71])
    #expect(pruned.realCompression == 2)
    #expect(pruned.sparsity == 0.5)
  }

  @Test func budgetsCountWhatIsLearned() throws {
    let layout = try layout()
    #expect(try Budget(compression: 2, layout: layout).kept == 7)
    // Half of all 66 values would leave 11; statistics must not buy weights.
    #expect(throws: BudgetError.self) { try Budget(compression: 58.0 / 22.5, layout: layout) }
    #expect(try Budget(compression: 58.0 / 23, layout: layout).kept == 1)
    let error = #expect(throws: BudgetError.self) { try Budget(compression: 10, layout: layout) }
    #expect(error?.description.contains("of 58 parameters 22 are never pruned") == true)
  }
}
