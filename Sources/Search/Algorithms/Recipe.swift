internal import Randomness

/// A child before its genome: its parents, and the decisions and streams of what makes it of them. The same child comes of
/// it whenever it is made.
struct Recipe: Sendable {
  let id: TrialID
  /// The places of its parents among the members: one, or two that are crossed.
  let parents: [Int]
  let crossover: (kind: Crossover, stream: RandomStream)?
  let mutation: (kind: Mutation, amount: Double, stream: RandomStream)?

  /// - Parameter parents: the genomes of the parents, in their order.
  func genome(of parents: [Genome], in space: SearchSpace) -> Genome {
    var genome = parents[0]
    if let crossover {
      var stream = crossover.stream
      genome = space.crossover(crossover.kind, genome, parents[1], stream: &stream)
    }
    if let mutation {
      var stream = mutation.stream
      genome = space.mutation(mutation.kind, of: genome, amount: mutation.amount, stream: &stream)
    }
    return genome
  }
}

extension Breeding {
  /// How the child of a name is made: a function of the space's seed, the name, the members' fitnesses and the factor.
  ///
  /// - Parameters:
  ///   - members: best first; at least one.
  ///   - factor: what the amount of a mutation is multiplied by.
  func recipe(_ id: TrialID, of members: [Individual], factor: Double, in space: SearchSpace) -> Recipe {
    let ids = (UInt64(id.generation), UInt64(id.index))
    var choice = RandomStream(seed: space.seed, .selection, ids.0, ids.1)
    var crossing = RandomStream(seed: space.seed, .crossover, ids.0, ids.1)
    var mutating = RandomStream(seed: space.seed, .mutation, ids.0, ids.1)
    var parents = [selection.place(among: members, stream: &choice)]
    var crossover: (Crossover, RandomStream)?
    if crossing.chance(crossoverRate) {
      parents.append(selection.place(among: members, stream: &choice))
      let kind = Draws.pick(crossovers, stream: &crossing)
      crossover = (kind, crossing)
    }
    var mutation: (Mutation, Double, RandomStream)?
    if mutating.chance(mutationRate) {
      let amount = min(1, factor * Draws.logUniform(mutationAmount, stream: &mutating))
      let kind = Draws.pick(mutations, stream: &mutating)
      mutation = (kind, amount, mutating)
    }
    return Recipe(id: id, parents: parents, crossover: crossover, mutation: mutation)
  }

  /// The child of a name.
  func child(_ id: TrialID, of members: [Individual], factor: Double, in space: SearchSpace) -> Trial {
    let recipe = recipe(id, of: members, factor: factor, in: space)
    let parents = recipe.parents.map { members[$0].trial }
    return Trial(id: id, genome: recipe.genome(of: parents.map(\.genome), in: space), parents: parents.map(\.id))
  }
}
