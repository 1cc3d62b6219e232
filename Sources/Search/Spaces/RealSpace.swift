internal import Elementary
internal import Randomness

/// Vectors of real numbers within bounds, with the operators of NSGA-II.
package struct RealSpace: Sendable {
  package let bounds: [ClosedRange<Double>]
  /// Vectors that a population begins with, in front of random ones.
  package let founders: [[Double]]
  package let seed: UInt64
  /// Distribution index of simulated binary crossover: the larger, the nearer children lie to their parents.
  package let crossoverIndex: Double
  /// Distribution index of polynomial mutation.
  package let mutationIndex: Double

  /// - Precondition: founders are within the bounds.
  package init(
    bounds: [ClosedRange<Double>], founders: [[Double]] = [], seed: UInt64, crossoverIndex: Double = 15,
    mutationIndex: Double = 20
  ) {
    self.bounds = bounds
    self.founders = founders
    self.seed = seed
    self.crossoverIndex = crossoverIndex
    self.mutationIndex = mutationIndex
    precondition(founders.allSatisfy(contains))
  }

  package func contains(_ values: [Double]) -> Bool {
    values.count == bounds.count && zip(values, bounds).allSatisfy { $1.contains($0) }
  }

  /// Uniform within the bounds.
  func sample(_ stream: inout RandomStream) -> [Double] {
    bounds.map { $0.lowerBound + ($0.upperBound - $0.lowerBound) * stream.uniform() }
  }
}

extension RealSpace {
  /// A child of two vectors by simulated binary crossover, each gene mixed with chance ½; or the genes of one parent each
  /// where the kind asks for segments. Source: Deb and Agrawal 1995, bounded as in Deb's NSGA-II.
  func crossover(_ kind: Crossover, _ first: [Double], _ second: [Double], stream: inout RandomStream) -> [Double] {
    var child = first
    guard kind == .uniform else {
      for gene in Segments.fromSecond(kind, count: child.count, stream: &stream) { child[gene] = second[gene] }
      return child
    }
    for gene in child.indices where stream.next() & 1 == 1 {
      child[gene] = mixed(first[gene], second[gene], within: bounds[gene], stream: &stream)
    }
    return child
  }

  private func mixed(
    _ first: Double, _ second: Double, within bounds: ClosedRange<Double>, stream: inout RandomStream
  ) -> Double {
    let (low, high) = (min(first, second), max(first, second))
    let u = stream.uniform()
    let takesLow = stream.next() & 1 == 1
    guard high - low > 1e-14 else { return takesLow ? first : second }
    // The spread that keeps children within the nearer bound.
    let room = takesLow ? low - bounds.lowerBound : bounds.upperBound - high
    let beta = 1 + 2 * room / (high - low)
    let alpha = 2 - power(beta, -(crossoverIndex + 1))
    let spread = power(u <= 1 / alpha ? u * alpha : 1 / (2 - u * alpha), 1 / (crossoverIndex + 1))
    let value = 0.5 * ((low + high) + (takesLow ? -spread : spread) * (high - low))
    return min(max(value, bounds.lowerBound), bounds.upperBound)
  }

  /// Polynomial mutation of each gene with chance `amount`, of at least one. Source: Deb and Goyal 1996, bounded.
  func mutation(of values: [Double], amount: Double, stream: inout RandomStream) -> [Double] {
    guard !values.isEmpty else { return values }
    var child = values
    var genes = values.indices.filter { _ in stream.uniform() < amount }
    if genes.isEmpty { genes = [stream.below(values.count)] }
    for gene in genes {
      let range = bounds[gene].upperBound - bounds[gene].lowerBound
      guard range > 0 else { continue }
      let u = stream.uniform()
      let exponent = 1 / (mutationIndex + 1)
      let delta: Double
      if u < 0.5 {
        let distance = 1 - (child[gene] - bounds[gene].lowerBound) / range
        delta = power(2 * u + (1 - 2 * u) * power(distance, mutationIndex + 1), exponent) - 1
      } else {
        let distance = 1 - (bounds[gene].upperBound - child[gene]) / range
        delta = 1 - power(2 * (1 - u) + 2 * (u - 0.5) * power(distance, mutationIndex + 1), exponent)
      }
      child[gene] = min(max(child[gene] + delta * range, bounds[gene].lowerBound), bounds[gene].upperBound)
    }
    return child
  }

  /// base^exponent for base ≥ 0, without libm.
  private func power(_ base: Double, _ exponent: Double) -> Double {
    base <= 0 ? 0 : Elementary.exp(exponent * Elementary.log(base))
  }
}
