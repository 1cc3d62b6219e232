internal import Models
internal import Pruning

/// Thresholds of layers as quality parameters times the standard deviation of each layer's weights.
///
/// Source: Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NIPS 2015,
/// section 5: one quality parameter for all layers, or one for each in proportion to what it bears.
struct LayerThresholds {
  private let layout: ParameterLayout

  init(_ layout: ParameterLayout) { self.layout = layout }

  /// The quality parameter of each prunable layer at which it keeps the least share that it bears.
  ///
  /// - Parameters:
  ///   - parameters: those that were scanned.
  ///   - densities: of each prunable layer, the share.
  func qualities(_ parameters: [Float], densities: [Double]) -> [Double] {
    zip(layout.prunable, densities).map { tensor, density in
      let magnitudes = parameters[tensor.range].map(abs).sorted(by: >)
      let kept = min(max(1, Int((Double(magnitudes.count) * density).rounded())), magnitudes.count)
      let deviation = Self.deviation(parameters[tensor.range])
      return deviation > 0 ? max(Double(magnitudes[kept - 1]) / deviation, 1e-6) : 1
    }
  }

  /// |w| divided by its layer's threshold for a common factor of 1, in the place of each prunable weight; other values
  /// stay.
  ///
  /// - Parameters:
  ///   - left: what is left of the network; only this has a deviation.
  ///   - qualities: of each prunable layer; nil: equal ones.
  func relative(_ parameters: [Float], left: Mask?, qualities: [Double]?) -> [Float] {
    var out = parameters
    for (number, tensor) in layout.prunable.enumerated() {
      let toBit = tensor.maskRange!.lowerBound - tensor.range.lowerBound
      let kept = tensor.range.filter { left?[$0 + toBit] ?? true }
      let threshold = Self.deviation(kept.map { parameters[$0] }) * (qualities?[number] ?? 1)
      for index in tensor.range {
        // Nothing is below a threshold of 0.
        out[index] = threshold > 0 ? Float(Double(abs(parameters[index])) / threshold) : .greatestFiniteMagnitude
      }
    }
    return out
  }

  private static func deviation(_ values: some Collection<Float>) -> Double {
    guard !values.isEmpty else { return 0 }
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (squares / Double(values.count)).squareRoot()
  }
}
