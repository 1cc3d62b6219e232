package import Digests
package import Models
internal import Randomness

/// A template with the most that its networks may cost: the one notion of budget for genomes of choices.
package struct CappedTemplate: Hashable, Sendable {
  package let template: ArchitectureTemplate
  /// Parameters; nil: any number.
  package let size: Int?
  /// Multiply-adds of one sample; nil: any number.
  package let flops: Int?

  /// - Returns: nil if not even the template's smallest network is within the limits.
  package init?(_ template: ArchitectureTemplate, size: Int? = nil, flops: Int? = nil) {
    self.template = template
    self.size = size
    self.flops = flops
    guard isMet(by: template.smallest) else { return nil }
  }

  /// Whether choices make a network, and one within the limits.
  ///
  /// - Precondition: they are choices of the template.
  package func isMet(by choices: [Int]) -> Bool { load(choices) <= 1 }

  /// The larger of cost / limit; infinite for choices that make no network.
  private func load(_ choices: [Int]) -> Double {
    guard let cost = try? template.cost(choices) else { return .infinity }
    // A double holds these counts exactly, so a ratio is above 1 only where the count is above the limit.
    return max(
      size.map { Double(cost.size) / Double(max($0, 1)) } ?? 0,
      flops.map { Double(cost.flops) / Double(max($0, 1)) } ?? 0)
  }

  /// Choices within the limits: while the network costs too much, a gene that is drawn takes another choice, also drawn,
  /// among those that make it cost less.
  ///
  /// Where no single gene helps, the template's smallest network is the answer.
  ///
  /// - Parameter spared: genes that change only where no other one helps, such as those that a mutation has just changed.
  /// - Complexity: as many costs a step as there are choices in all.
  func repaired(_ choices: [Int], sparing spared: Set<Int> = [], stream: inout RandomStream) -> [Int] {
    var child = choices
    var present = load(child)
    while present > 1 {
      var steps = self.steps(from: child, below: present)
      let others = steps.filter { !spared.contains($0.gene) }
      if !others.isEmpty { steps = others }
      guard !steps.isEmpty else { return template.smallest }
      let step = steps[stream.below(steps.count)]
      let choice = step.choices[stream.below(step.choices.count)]
      child[step.gene] = choice.value
      present = choice.load
    }
    return child
  }

  /// A choice of a gene, and the load of the network with it.
  private typealias Choice = (value: Int, load: Double)

  /// The genes of which some other choice costs less, with those choices.
  private func steps(from choices: [Int], below present: Double) -> [(gene: Int, choices: [Choice])] {
    var steps: [(gene: Int, choices: [Choice])] = []
    for (gene, count) in template.cardinalities.enumerated() {
      var cheaper: [Choice] = []
      for value in 0..<count where value != choices[gene] {
        var other = choices
        other[gene] = value
        let load = load(other)
        if load < present { cheaper.append((value, load)) }
      }
      if !cheaper.isEmpty { steps.append((gene, cheaper)) }
    }
    return steps
  }

  package func append(to bytes: inout CanonicalBytes) {
    template.append(to: &bytes)
    bytes.append(list: [size, flops].map { $0 ?? 0 }) { $0.append($1) }
  }
}
