package import Models

/// How large a pruned network is, in the field's words (ShrinkBench).
package struct SizeMetrics: Hashable, Sendable {
  /// All parameters, biases included.
  package let size: Int
  /// Parameters that are not masked away.
  package let sizeNonzero: Int
  /// Multiply-adds of one sample, dense.
  package let flops: Int
  /// Multiply-adds of one sample with kept weights only.
  package let flopsNonzero: Int

  package init(size: Int, sizeNonzero: Int, flops: Int, flopsNonzero: Int) {
    self.size = size
    self.sizeNonzero = sizeNonzero
    self.flops = flops
    self.flopsNonzero = flopsNonzero
  }

  /// The metrics of a layout under a mask; nil means dense.
  ///
  /// - Complexity: linear in the words of the mask.
  package init(_ layout: ParameterLayout, mask: Mask?) {
    size = layout.trainableCount
    var kept = 0
    var flops = 0
    var flopsNonzero = 0
    for tensor in layout.tensors {
      guard tensor.role.isTrainable else { continue }
      let count = tensor.range.count
      var keptHere = count
      if let mask, let range = tensor.maskRange { keptHere = mask.population(in: range) }
      kept += keptHere
      flops += count * tensor.multiplyAdds
      flopsNonzero += keptHere * tensor.multiplyAdds
    }
    sizeNonzero = kept
    self.flops = flops
    self.flopsNonzero = flopsNonzero
  }

  /// size / size_nz.
  package var realCompression: Double { Double(size) / Double(max(sizeNonzero, 1)) }

  /// Multiply-adds dense / nonzero.
  package var theoreticalSpeedup: Double { Double(flops) / Double(max(flopsNonzero, 1)) }

  /// The fraction of parameters that is zero.
  package var sparsity: Double { 1 - Double(sizeNonzero) / Double(max(size, 1)) }
}
