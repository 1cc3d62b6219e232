package import Digests
internal import Randomness

/// Random search: genomes without history, the best one kept.
///
/// What it does: each trial is a sample of the space; for masks, global magnitude under Gumbel noise drawn between none
/// and the founders' largest, at a size drawn uniformly in its logarithm where a range is allowed. It is the control that says how much of a search's gain is only "many draws around
/// magnitude, the best one kept". When not to use it: as a rival of its own. Evaluations per step: any number; no trial
/// depends on another's answer.
package struct RandomSearch: IndependentTrials {
  package let generationSize: Int
  package let noise: Double
  package let space: SearchSpace
  package internal(set) var pending = PendingTrials()
  package private(set) var best: Individual?
  private var archive: ParetoArchive?

  /// - Parameters:
  ///   - generationSize: how many trials are out at most, and what counts as a generation.
  ///   - archiveSize: how many non-dominated trials are remembered; nil for the best alone.
  package init(generationSize: Int, noise: Double, archiveSize: Int? = nil, space: SearchSpace) {
    precondition(generationSize >= 1 && noise >= 0)
    self.generationSize = generationSize
    self.noise = noise
    self.space = space
    archive = archiveSize.map { ParetoArchive(capacity: $0) }
  }

  package var front: [Individual] { archive?.members ?? best.map { [$0] } ?? [] }

  func isReady(_ n: Int) -> Bool { n < pending.told + generationSize }

  func trial(_ n: Int) -> Trial {
    let (generation, index) = n.quotientAndRemainder(dividingBy: generationSize)
    var stream = RandomStream(seed: space.seed, .randomSearch, UInt64(generation), UInt64(index))
    let noise = noise * stream.uniform()
    let space = space.sized(by: RandomStream(seed: space.seed, .randomSearch, UInt64(generation), UInt64(index), 1))
    return Trial(
      id: TrialID(generation: generation, index: index), genome: space.sample(noise: noise, stream: &stream))
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    guard case .exact(let fitness) = answer else { preconditionFailure("no trial of this search has a threshold") }
    let individual = Individual(trial: pending.tell(), fitness: fitness)
    if best.map({ Individual.isBetter(individual, $0) }) ?? true { best = individual }
    archive?.insert(individual)
  }

  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    bytes.append(list: best.map { [$0] } ?? []) { $1.append(to: &$0) }
    archive?.append(to: &bytes)
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    best = try reader.individuals(of: space).first
    guard (best == nil) == (pending.told == 0) else { throw CanonicalError("the snapshot's best is of another search") }
    guard archive != nil else { return }
    try archive!.restore(from: &reader, space: space)
    let values = Set((archive!.members + (best.map { [$0] } ?? [])).map(\.fitness.values.count))
    guard archive!.members.isEmpty == (pending.told == 0), values.count <= 1, !values.contains(0) else {
      throw CanonicalError("the snapshot's archive is of another search")
    }
  }
}

/// The knobs of random search.
package struct RandomSettings: Hashable, Sendable {
  /// Trials that are out at most.
  package var generationSize: Int
  /// The largest Gumbel noise on log |w| of a mask.
  package var noise: Double
  /// How many non-dominated trials are remembered, at least 2; nil remembers the best alone.
  package var archiveSize: Int?

  package init(generationSize: Int = 64, noise: Double = InitialPopulation().noise, archiveSize: Int? = nil) {
    self.generationSize = generationSize
    self.noise = noise
    self.archiveSize = archiveSize
  }
}
