internal import Digests
package import Models
package import Search

/// A population of networks that are trained side by side, each under its own mask and at its own learning rate; between
/// two rounds the worst are replaced by changed copies of the best.
///
/// What it does, behind the first training and its searches:
///   1. founders: the best mask of each search, then magnitude under Gumbel noise; all with the trained weights,
///   2. each member trains what its mask keeps, for one interval,
///   3. each is judged on the slice that decides fitness,
///   4. exploit: each of the worst fraction takes weights, optimizer memory, mask and learning rate of one of the best,
///   5. explore: the copy's mask is mutated at its budget, and its learning rate multiplied by one of some factors,
///   6. where the compression grows, each mask is cut to its new size by the magnitude of the member's own weights,
///   7. from 2 on again; behind the last round all are judged on `validation`, and the best one counts.
/// When not to use it: where one training is all that can be paid, or where learning rate and mask are settled. Rounds
/// wait for their slowest member (the paper's do not), because a history must not depend on timing. Cost of a step:
/// `size` intervals of training and `size` evaluations; twice that with ``control``.
/// Source: Jaderberg et al., "Population based training of neural networks", 2017, with truncation selection.
package struct PopulationCycles: Hashable, Sendable {
  /// How a copy differs from what it was copied from.
  package struct Exploration: Hashable, Sendable {
    /// Nil leaves the masks of copies as they are.
    package var mutation: Mutation?
    /// The fraction of the kept units that one mutation changes, drawn log-uniformly.
    package var mutationAmount: ClosedRange<Double>
    /// One of these multiplies a copy's learning rate; [1] leaves it as it is.
    package var learningRateFactors: [Double]

    package init(
      mutation: Mutation? = .magnitude, mutationAmount: ClosedRange<Double> = 0.0005...0.02,
      learningRateFactors: [Double] = [0.8, 1.25]
    ) {
      self.mutation = mutation
      self.mutationAmount = mutationAmount
      self.learningRateFactors = learningRateFactors
    }
  }

  /// Members; at least 2.
  package var size: Int
  /// Trainings of each member.
  package var rounds: Int
  /// How long a member is trained between two judgements, in one job.
  package var interval: SegmentLength
  /// The members' training; its learning rate is that of each member, its epochs follow from rounds and interval.
  package var recipe: TrainingRecipe
  /// Those of the founders, in turn.
  package var learningRates: [Double]
  /// The fraction of the population that is replaced in each round, and the one that it is replaced from; at most ½.
  /// 0 never replaces any.
  package var exploit: Double
  package var explore: Exploration
  /// By what the compression is multiplied from one round to the next; 1 stays at one size.
  package var compressionStep: Double
  /// Whether the same founders are also trained without exploit and explore, through as many steps.
  package var control: Bool

  package init(
    size: Int = 8, rounds: Int, interval: SegmentLength = .epochs(1), recipe: TrainingRecipe,
    learningRates: [Double]? = nil, exploit: Double = 0.25, explore: Exploration = Exploration(),
    compressionStep: Double = 1, control: Bool = false
  ) {
    self.size = size
    self.rounds = rounds
    self.interval = interval
    self.recipe = recipe
    self.learningRates = learningRates ?? [recipe.learningRate]
    self.exploit = exploit
    self.explore = explore
    self.compressionStep = compressionStep
    self.control = control
  }

  /// How many are replaced in a round.
  var replaced: Int { exploit > 0 ? min(max(Int((exploit * Double(size)).rounded()), 1), size / 2) : 0 }

  /// What a round's masks are asked for, if the first one's are asked for `first`.
  package func compression(ofRound round: Int, first: ClosedRange<Double>) -> ClosedRange<Double> {
    first.scaled(by: compressionStep, times: round)
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(size)
    bytes.append(rounds)
    interval.append(to: &bytes)
    recipe.append(to: &bytes)
    bytes.append(list: learningRates) { $0.append($1) }
    bytes.append(exploit)
    bytes.append(explore.mutation?.rawValue ?? "none")
    bytes.append(explore.mutationAmount.lowerBound)
    bytes.append(explore.mutationAmount.upperBound)
    bytes.append(list: explore.learningRateFactors) { $0.append($1) }
    bytes.append(compressionStep)
    bytes.append(control)
  }
}

extension Strategy {
  /// The best network of a population.
  package static let population = Strategy("Population")
  /// The best of the same founders after as much training, without exploit and explore.
  package static let noExchange = Strategy("NoExchange")
}
