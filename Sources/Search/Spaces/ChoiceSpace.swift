internal import Randomness

/// Vectors of choices: gene i is one of 0..<cardinalities[i].
package struct ChoiceSpace: Sendable {
  package let cardinalities: [Int]
  package let seed: UInt64

  /// - Precondition: each gene has at least one choice.
  package init(cardinalities: [Int], seed: UInt64) {
    precondition(cardinalities.allSatisfy { $0 > 0 })
    self.cardinalities = cardinalities
    self.seed = seed
  }

  package func contains(_ values: [Int]) -> Bool {
    values.count == cardinalities.count && zip(values, cardinalities).allSatisfy { (0..<$1).contains($0) }
  }

  /// Uniform over all choices.
  func sample(_ stream: inout RandomStream) -> [Int] { cardinalities.map { stream.below($0) } }

  /// A child whose genes each come from one of two parents.
  func crossover(_ kind: Crossover, _ first: [Int], _ second: [Int], stream: inout RandomStream) -> [Int] {
    var child = first
    for gene in Segments.fromSecond(kind, count: child.count, stream: &stream) { child[gene] = second[gene] }
    return child
  }

  /// A copy in which a fraction `amount` of the genes, at least one, took another choice where there is one.
  func mutation(of values: [Int], amount: Double, stream: inout RandomStream) -> [Int] {
    let free = cardinalities.indices.filter { cardinalities[$0] > 1 }
    guard !free.isEmpty else { return values }
    var child = values
    let count = min(max(1, Int((amount * Double(values.count)).rounded())), free.count)
    for place in stream.choose(count, of: free.count) {
      let gene = free[place]
      child[gene] = (child[gene] + 1 + stream.below(cardinalities[gene] - 1)) % cardinalities[gene]
    }
    return child
  }
}

/// Which genes of a short vector come from the second parent.
enum Segments {
  /// - Complexity: linear in the number of genes.
  static func fromSecond(_ kind: Crossover, count: Int, stream: inout RandomStream) -> [Int] {
    switch kind {
    case .onePoint: return Array(stream.below(count + 1)..<count)
    case .twoPoint:
      let points = [stream.below(count + 1), stream.below(count + 1)].sorted()
      return Array(points[0]..<points[1])
    case .uniform, .layer, .neuron: return (0..<count).filter { _ in stream.next() & 1 == 1 }
    }
  }
}
