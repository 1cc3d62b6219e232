internal import Models
package import Pruning

extension Units {
  /// How large the network is that a mask over units leaves; nil means the dense one. Of removed neurons nothing counts.
  ///
  /// - Complexity: linear in the number of weights.
  package func metrics(of mask: Mask?) -> SizeMetrics {
    guard let mask, granularity == .neurons else {
      return SizeMetrics(layout, mask: mask.map(weightMask))
    }
    let dense = SizeMetrics(layout, mask: nil)
    return SizeMetrics(
      size: dense.size, sizeNonzero: cost(.keptWeights).cost(of: mask), flops: dense.flops,
      flopsNonzero: cost(.multiplyAdds).cost(of: mask))
  }
}
