package import Digests
internal import Elementary
internal import Randomness

/// (1 + λ): one parent, its mutated children, and the best of them all as the next parent; with λ = 1 a hill climb.
///
/// What it does: the best of λ founders is the first parent; then, a generation at a time,
///   1. λ children are mutations of the parent,
///   2. they are judged on the first share of the samples, the best of them on the next one, and so on up to all,
///   3. the best of the last ones replaces the parent unless it is worse (equal ones do, to drift along plateaus),
///   4. after `patience` generations without a better parent the next generation are new starts, judged like founders.
/// Children never meet fitnesses of other shares, and the parent is judged once, on all samples, as a child.
/// With `racing` the parent's fitness is the threshold of the last share: the parents are the same as without, for less.
/// When not to use it: on rugged landscapes, where one parent is one chance; with many more workers than children.
/// Evaluations per step: λ and the survivors of each share.
/// Source: Rechenberg 1973; shares: Sieberling et al., "EvoPress: towards optimal dynamic model compression via
/// evolutionary search", 2024.
package struct OnePlusLambdaSearch: IndependentTrials {
  package let settings: OnePlusLambdaSettings
  package let space: SearchSpace
  package let generationSize: Int
  package internal(set) var pending = PendingTrials()
  package private(set) var best: Individual?
  /// From which children are bred; nil while starts are judged.
  package private(set) var parent: Individual?
  /// The generation that starts of the climb that goes on were of.
  private var start = 0
  /// Generations since the parent became better.
  private var stagnation = 0
  /// The children that the current share judges, best first; empty on the first share.
  private var survivors: [Individual] = []
  /// What is known of the current share: children that were not found worse than the parent.
  private var judged: [Individual] = []
  /// The first place of each share within a generation, and the end of the last one.
  private let offsets: [Int]

  package init(settings: OnePlusLambdaSettings, space: SearchSpace) {
    precondition(settings.isSound)
    self.settings = settings
    self.space = space
    offsets = settings.counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    generationSize = offsets.last!
  }

  /// All of a share is told before the next one.
  func isReady(_ n: Int) -> Bool {
    let (generation, index) = n.quotientAndRemainder(dividingBy: generationSize)
    return generation * generationSize + offsets[stage(of: index)] <= pending.told
  }

  func trial(_ n: Int) -> Trial {
    let (generation, index) = n.quotientAndRemainder(dividingBy: generationSize)
    let stage = stage(of: index)
    let id = TrialID(generation: generation, index: index)
    return Trial(
      id: id, genome: stage == 0 ? genome(id) : survivors[index - offsets[stage]].trial.genome,
      parents: parent.map { [$0.trial.id] } ?? [], threshold: threshold(stage), share: settings.shares[stage])
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    let trial = pending.tell()
    switch answer {
    case .worseThanThreshold: precondition(trial.threshold != nil, "a trial without a threshold is told exactly")
    case .exact(let fitness):
      let individual = Individual(trial: trial, fitness: fitness)
      judged.append(individual)
      if trial.share == 1, best.map({ Individual.isBetter(individual, $0) }) ?? true { best = individual }
    }
    let (generation, index) = pending.told.quotientAndRemainder(dividingBy: generationSize)
    if index == 0 {
      replaceParent(before: generation)
      survivors = []
      judged = []
    } else if let stage = offsets.firstIndex(of: index) {
      survivors = Array(judged.sorted(by: Individual.isBetter).prefix(settings.counts[stage]))
      judged = []
    }
  }

  /// What the end of a generation makes of the parent.
  private mutating func replaceParent(before next: Int) {
    let child = judged.min(by: Individual.isBetter)
    guard let current = parent else {
      parent = child
      return
    }
    stagnation += 1
    if let child, child.fitness >= current.fitness {
      if child.fitness > current.fitness { stagnation = 0 }
      parent = child
    }
    guard let patience = settings.patience, stagnation >= patience else { return }
    parent = nil
    stagnation = 0
    start = next
  }

  /// What children are compared with on a share.
  private func threshold(_ stage: Int) -> Fitness? {
    settings.racing && settings.shares[stage] == 1 ? parent?.fitness : nil
  }

  /// The share that judges a place of a generation.
  private func stage(of index: Int) -> Int { offsets.lastIndex { $0 <= index }! }

  /// A start or a child.
  private func genome(_ id: TrialID) -> Genome {
    let ids = (UInt64(id.generation), UInt64(id.index))
    if let parent {
      var stream = RandomStream(seed: space.seed, .mutation, ids.0, ids.1)
      let amount = amount(id.generation, stream: &stream)
      return space.mutation(settings.mutations, of: parent.trial.genome, amount: amount, stream: &stream)
    }
    guard id.generation > 0 else { return space.founder(id.index, of: settings.lambda, settings.initial) }
    var stream = RandomStream(seed: space.seed, .exploration, ids.0, ids.1)
    return space.sample(noise: settings.initial.noise, stream: &stream)
  }

  private func amount(_ generation: Int, stream: inout RandomStream) -> Double {
    let range = settings.mutationAmount
    guard let horizon = settings.horizon else { return Draws.logUniform(range, stream: &stream) }
    let passed = min(1, Double(generation - start - 1) / Double(horizon))
    let (high, low) = (Elementary.log(range.upperBound), Elementary.log(range.lowerBound))
    return Elementary.exp(high + (low - high) * passed)
  }
}

extension OnePlusLambdaSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    for list in [best.map { [$0] } ?? [], parent.map { [$0] } ?? [], survivors, judged] {
      bytes.append(list: list) { $1.append(to: &$0) }
    }
    bytes.append(start)
    bytes.append(stagnation)
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    best = try reader.individuals(of: space).first
    parent = try reader.individuals(of: space).first
    survivors = try reader.individuals(of: space)
    judged = try reader.individuals(of: space)
    start = try reader.int()
    stagnation = try reader.int()
    let (generation, told) = pending.told.quotientAndRemainder(dividingBy: generationSize)
    let stage = stage(of: told)
    let here = told - offsets[stage]
    // Only where there is a threshold can a child be missing among the judged.
    let threshold = threshold(stage)
    guard told + pending.trials.count <= offsets[stage + 1],
      survivors.count == (stage == 0 ? 0 : settings.counts[stage]),
      judged.count == here || threshold != nil && judged.count < here, (0...generation).contains(start),
      (parent == nil) == (start == generation), (0...generation - start).contains(stagnation),
      (best != nil) == (generation > 0 || stage == settings.shares.count - 1 && here > 0),
      pending.trials.allSatisfy({ $0.share == settings.shares[stage] && $0.threshold == threshold })
    else { throw CanonicalError("the snapshot's parent is of another search") }
  }
}
