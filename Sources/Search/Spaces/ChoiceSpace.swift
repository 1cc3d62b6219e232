internal import Models
internal import Randomness

/// Vectors of choices: gene i is one of 0..<cardinalities[i]. Of a template, only those that make a network, and one
/// within its limits.
package struct ChoiceSpace: Sendable {
  package let cardinalities: [Int]
  /// What the choices mean; nil where any are good.
  package let template: CappedTemplate?
  package let seed: UInt64

  /// - Precondition: each gene has at least one choice.
  package init(cardinalities: [Int], seed: UInt64) {
    precondition(cardinalities.allSatisfy { $0 > 0 })
    self.cardinalities = cardinalities
    template = nil
    self.seed = seed
  }

  /// The choices of a template.
  package init(_ template: CappedTemplate, seed: UInt64) {
    cardinalities = template.template.cardinalities
    self.template = template
    self.seed = seed
  }

  package func contains(_ values: [Int]) -> Bool {
    values.count == cardinalities.count && zip(values, cardinalities).allSatisfy { (0..<$1).contains($0) }
      && template?.isMet(by: values) ?? true
  }

  /// Uniform over all choices; of a template, the first of a few such draws that is within its limits, or the last one
  /// repaired.
  func sample(_ stream: inout RandomStream) -> [Int] {
    var values = cardinalities.map { stream.below($0) }
    guard let template else { return values }
    for _ in 0..<16 where !template.isMet(by: values) { values = cardinalities.map { stream.below($0) } }
    return template.repaired(values, stream: &stream)
  }

  /// A child whose genes each come from one of two parents.
  func crossover(_ kind: Crossover, _ first: [Int], _ second: [Int], stream: inout RandomStream) -> [Int] {
    var child = first
    for gene in Segments.fromSecond(kind, count: child.count, stream: &stream) { child[gene] = second[gene] }
    return template?.repaired(child, stream: &stream) ?? child
  }

  /// A copy in which a fraction `amount` of the genes, at least one, took another choice where there is one.
  func mutation(of values: [Int], amount: Double, stream: inout RandomStream) -> [Int] {
    let free = cardinalities.indices.filter { cardinalities[$0] > 1 }
    guard !free.isEmpty else { return values }
    var child = values
    let count = min(max(1, Int((amount * Double(values.count)).rounded())), free.count)
    let changed = stream.choose(count, of: free.count).map { free[$0] }
    for gene in changed {
      child[gene] = (child[gene] + 1 + stream.below(cardinalities[gene] - 1)) % cardinalities[gene]
    }
    return template?.repaired(child, sparing: Set(changed), stream: &stream) ?? child
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
