/// The knobs of the (1 + λ) search, by the field's names.
package struct OnePlusLambdaSettings: Hashable, Sendable {
  /// Children a generation; 1 gives a plain hill climb, which keeps one worker busy, λ as many as λ.
  package var lambda: Int
  /// The shares of the samples on which children are judged one after another, rising to 1.
  package var shares: [Double]
  /// How many children go on to each share after the first; falling, at least 1.
  package var survivors: [Int]
  /// Whether a child that is worse than the parent may be told from it early, without its exact fitness.
  package var racing: Bool
  /// Mutations with their shares; where there are several, one is drawn for each trial.
  package var mutations: [Share<Mutation>]
  /// The fraction of the kept units that one mutation changes.
  package var mutationAmount: ClosedRange<Double>
  /// Generations over which the amount shrinks from the upper bound to the lower, by the same factor each; without it
  /// each child draws its own amount log-uniformly.
  package var horizon: Int?
  /// After how many generations without a better parent the climb starts anew; without it never.
  package var patience: Int?
  /// The founders, `lambda` of them; their noise is also that of later starts.
  package var initial: InitialPopulation

  package init(
    lambda: Int = 16, shares: [Double] = [1], survivors: [Int] = [], racing: Bool = true,
    mutation: Mutation = .magnitude, mutationAmount: ClosedRange<Double> = 0.0005...0.02, horizon: Int? = nil,
    patience: Int? = nil, initial: InitialPopulation = InitialPopulation()
  ) {
    self.lambda = lambda
    self.shares = shares
    self.survivors = survivors
    self.racing = racing
    mutations = [Share(mutation, 1)]
    self.mutationAmount = mutationAmount
    self.horizon = horizon
    self.patience = patience
    self.initial = initial
  }

  /// How many children each share judges.
  var counts: [Int] { [lambda] + survivors }

  /// Whether the numbers make a search.
  package var isSound: Bool {
    let counts = counts
    return counts.count == shares.count && zip(counts, counts.dropFirst()).allSatisfy { $0 >= $1 }
      && counts.last! >= 1 && shares[0] > 0 && shares.last == 1
      && zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 } && mutationAmount.lowerBound > 0
      && horizon ?? 1 >= 1 && patience ?? 1 >= 1
  }
}
