package import Randomness

/// Where genomes live: what founders look like, and what the operators of searches make of genomes.
///
/// Every operator keeps what ``contains(_:)`` asks, the exact budget included; each is a function of its arguments and
/// of the stream alone.
package enum SearchSpace: Sendable {
  case masks(MaskSpace)
  case reals(RealSpace)
  case choices(ChoiceSpace)

  /// The seed of every decision in this space; studies derive one for each of their searches.
  package var seed: UInt64 {
    switch self {
    case .masks(let space): space.seed
    case .reals(let space): space.seed
    case .choices(let space): space.seed
    }
  }

  /// Whether a genome belongs here: kind, length, bounds and budget.
  package func contains(_ genome: Genome) -> Bool {
    switch (self, genome) {
    case (.masks(let space), .mask(let mask)): space.contains(mask)
    case (.reals(let space), .reals(let values)): space.contains(values)
    case (.choices(let space), .choices(let values)): space.contains(values)
    case (.masks, _), (.reals, _), (.choices, _): false
    }
  }

  /// Founder `index` of `size`: a function of the space and these numbers alone.
  ///
  /// - Parameter population: what founders are made of; masks alone look at it.
  package func founder(_ index: Int, of size: Int, _ population: InitialPopulation) -> Genome {
    switch self {
    case .masks(let space): return .mask(population.founder(index, of: size, in: space))
    case .reals(let space):
      if index < space.founders.count { return .reals(space.founders[index]) }
      var stream = RandomStream(seed: space.seed, .initialPopulation, UInt64(index))
      return .reals(space.sample(&stream))
    case .choices(let space):
      var stream = RandomStream(seed: space.seed, .initialPopulation, UInt64(index))
      return .choices(space.sample(&stream))
    }
  }

  /// A genome with no history: for masks magnitude under Gumbel noise, else uniform.
  package func sample(noise: Double, stream: inout RandomStream) -> Genome {
    switch self {
    case .masks(let space): .mask(space.sample(noise: noise, stream: &stream))
    case .reals(let space): .reals(space.sample(&stream))
    case .choices(let space): .choices(space.sample(&stream))
    }
  }

  /// A child of two parents.
  ///
  /// - Precondition: both belong to the space.
  package func crossover(_ kind: Crossover, _ first: Genome, _ second: Genome, stream: inout RandomStream) -> Genome {
    switch (self, first, second) {
    case (.masks(let space), .mask(let first), .mask(let second)):
      .mask(space.crossover(kind, first, second, stream: &stream))
    case (.reals(let space), .reals(let first), .reals(let second)):
      .reals(space.crossover(kind, first, second, stream: &stream))
    case (.choices(let space), .choices(let first), .choices(let second)):
      .choices(space.crossover(kind, first, second, stream: &stream))
    default: preconditionFailure("parents of another space")
    }
  }

  /// A copy changed by one of several mutations.
  package func mutation(
    _ shares: [Share<Mutation>], of genome: Genome, amount: Double, stream: inout RandomStream
  ) -> Genome {
    mutation(Draws.choice(shares, stream: &stream), of: genome, amount: amount, stream: &stream)
  }

  /// A changed copy.
  ///
  /// - Parameter amount: how much changes, as a fraction: of the kept units of a mask, of the genes of a vector. At least
  ///   one unit or gene changes where anything can.
  package func mutation(_ kind: Mutation, of genome: Genome, amount: Double, stream: inout RandomStream) -> Genome {
    switch (self, genome) {
    case (.masks(let space), .mask(let mask)): .mask(space.mutation(kind, of: mask, amount: amount, stream: &stream))
    case (.reals(let space), .reals(let values)): .reals(space.mutation(of: values, amount: amount, stream: &stream))
    case (.choices(let space), .choices(let values)):
      .choices(space.mutation(of: values, amount: amount, stream: &stream))
    default: preconditionFailure("a genome of another space")
    }
  }
}

/// How two parents mix. A space that knows no layers or neurons takes each gene for one.
package enum Crossover: String, Hashable, Sendable, CaseIterable {
  case onePoint = "one_point"
  case twoPoint = "two_point"
  case uniform
  case layer
  case neuron
}

/// How a mask changes; vectors have one way of their own (polynomial mutation, another choice).
package enum Mutation: String, Hashable, Sendable, CaseIterable {
  /// Flips units drawn uniformly; where the budget is exact, as many of the kept as of the removed.
  case bitFlip = "bit_flip"
  /// Exchanges kept units for removed ones: small scores tend to go, large ones to come back.
  case magnitude
  /// Keeps more units or fewer, a coin decides: small scores tend to go, large ones to come back. Where the size is exact
  /// the same as `magnitude`.
  case resize
}
