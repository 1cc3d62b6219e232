internal import Randomness
package import Search

/// The generations of a search over genomes of structure: an elite that stays, and children of tournaments.
///
/// Pure: what a genome is worth comes from outside, a generation at a time.
package struct StructureSearch: Sendable {
  /// A genome that is to be tried.
  package struct Candidate: Sendable {
    package let parents: [TrialID]
    package let genome: StructureGenome
  }

  let space: StructureSpace
  let plan: StructurePlan
  let seed: UInt64
  private var generation = 0
  /// Of the present generation, best first.
  package private(set) var population: [StructureAncestor] = []
  /// Of all that were tried, where any loss was finite; of equals the first one.
  package private(set) var best: StructureAncestor?
  /// All that were tried.
  private(set) var known: [TrialID: StructureAncestor] = [:]

  /// How often a child is drawn again that was tried before, until it is tried again.
  private static let attempts = 20

  package init(_ space: StructureSpace, _ plan: StructurePlan, seed: UInt64) {
    precondition(
      plan.populationSize >= 1 && plan.generations >= 1 && (0..<plan.populationSize).contains(plan.eliteSize))
    (self.space, self.plan, self.seed) = (space, plan, seed)
  }

  /// The genomes to try next.
  package func candidates() -> [Candidate] {
    var tried = Set(known.values.map(\.genome))
    let count = generation == 0 ? plan.populationSize : plan.populationSize - plan.eliteSize
    return (0..<count).map { index in
      var stream = RandomStream(seed: seed, .structure, UInt64(generation), UInt64(index))
      var candidate = candidate(index, &stream)
      for _ in 0..<Self.attempts where tried.contains(candidate.genome) { candidate = self.candidate(index, &stream) }
      tried.insert(candidate.genome)
      return candidate
    }
  }

  private func candidate(_ index: Int, _ stream: inout RandomStream) -> Candidate {
    guard generation > 0 else {
      return Candidate(parents: [], genome: index == 0 ? space.even : space.random(&stream))
    }
    let (one, other) = (tournament(&stream), tournament(&stream))
    guard one.id != other.id else {
      return Candidate(parents: [one.id], genome: space.mutation(one.genome, &stream))
    }
    return Candidate(
      parents: [one.id, other.id],
      genome: space.mutation(space.child(one.genome, other.genome, &stream), &stream))
  }

  /// The better one of two.
  private func tournament(_ stream: inout RandomStream) -> StructureAncestor {
    population[min(stream.below(population.count), stream.below(population.count))]
  }

  /// Takes the losses of the candidates, in their order; nil for what diverged.
  package mutating func take(_ candidates: [Candidate], _ losses: [Double?]) {
    var next = Array(population.prefix(plan.eliteSize))
    for (index, (candidate, loss)) in zip(candidates, losses).enumerated() {
      let id = TrialID(generation: generation, index: index)
      let ancestor = StructureAncestor(id: id, parents: candidate.parents, genome: candidate.genome, loss: loss)
      known[id] = ancestor
      next.append(ancestor)
      if let loss, loss < best?.loss ?? .infinity { best = ancestor }
    }
    // Of equals the older one first.
    population = next.indices.sorted { (next[$0].loss ?? .infinity, $0) < (next[$1].loss ?? .infinity, $1) }
      .map { next[$0] }
    generation += 1
  }

  /// The best genome with all from which it descends, founders first; nil where every training diverged.
  package var lineage: [StructureAncestor]? {
    guard let best else { return nil }
    var found = [best.id: best]
    var open = best.parents
    while let id = open.popLast() {
      guard found[id] == nil, let ancestor = known[id] else { continue }
      found[id] = ancestor
      open += ancestor.parents
    }
    return found.values.sorted { $0.id < $1.id }
  }
}
