package import Digests
internal import Randomness

/// NSGA-II: a genetic algorithm for several objectives, the values of ``Fitness``, all maximised.
///
/// What it does: founders; then, a generation at a time,
///   1. binary tournaments choose parents: the lower front wins, within a front the less crowded one,
///   2. a crossover mixes them and a mutation changes the child; a child equal to a living member or to an earlier child
///      of its generation is bred again, a few times,
///   3. parents and children are sorted into fronts, by Deb's constrained dominance, and the first fronts survive; of the
///      one that does not fit the least crowded members.
/// Beside the population lives an archive of the non-dominated trials found so far.
/// When not to use it: for one objective (then ``GeneticSearch`` is quicker), or for more than three or four, where
/// hardly anything dominates anything. Evaluations per step: `populationSize`.
/// Source: Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002.
package struct ParetoSearch: SearchAlgorithm {
  package let settings: ParetoSettings
  package let space: SearchSpace
  /// By front, within a front the least crowded first.
  package private(set) var population: [Individual] = []
  package private(set) var pending = PendingTrials()
  /// The first in the order of ``Fitness`` of all trials so far: feasible, then by the first value.
  package private(set) var best: Individual?
  package private(set) var archive: ParetoArchive
  /// The hypervolume of ``livingFront`` after each generation; 0 until a trial is feasible.
  package private(set) var hypervolumes: [Double] = []
  /// The point above which hypervolumes are measured, once it is known.
  package private(set) var reference: [Double]?
  /// How many of the population no other dominates.
  private var frontSize = 0
  /// The told part of the generation that is out.
  private var children: [Individual] = []
  /// The genomes of the population and of the generation that is out; follows from the rest of the state.
  private var known: Set<Genome> = []

  /// How often a child that already lives is bred anew before it is taken as it is, as in spaces of few genomes.
  private static let attempts = 16

  package init(settings: ParetoSettings, space: SearchSpace) {
    precondition(settings.populationSize >= 2 && settings.mutationAmount.lowerBound > 0)
    precondition(settings.reference.map { !$0.isEmpty && $0.allSatisfy(\.isFinite) } ?? true)
    self.settings = settings
    self.space = space
    archive = ParetoArchive(capacity: settings.archiveSize)
    reference = settings.reference
  }

  package var generationSize: Int { settings.populationSize }

  /// The living members that no other dominates.
  package var livingFront: [Individual] { Array(population.prefix(frontSize)) }
  /// The archive: also what was found early and did not survive crowding.
  package var front: [Individual] { archive.members }
  package var diagnostics: SearchDiagnostics {
    SearchDiagnostics(hypervolumes: hypervolumes, reference: reference)
  }

  package mutating func ask() -> Trial? {
    let (generation, index) = pending.asked.quotientAndRemainder(dividingBy: generationSize)
    // All of a generation is told before the next one is bred.
    guard generation * generationSize <= pending.told else { return nil }
    let id = TrialID(generation: generation, index: index)
    guard generation > 0 else {
      return pending.ask(Trial(id: id, genome: space.founder(index, of: generationSize, settings.initial)))
    }
    var trial = child(id, attempt: 0)
    for attempt in 1..<Self.attempts where known.contains(trial.genome) { trial = child(id, attempt: attempt) }
    known.insert(trial.genome)
    return pending.ask(trial)
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    guard case .exact(let fitness) = answer else { preconditionFailure("no trial of this search has a threshold") }
    let individual = Individual(trial: pending.tell(), fitness: fitness)
    if best.map({ Individual.isBetter(individual, $0) }) ?? true { best = individual }
    archive.insert(individual)
    children.append(individual)
    guard children.count == generationSize else { return }
    if reference == nil { reference = Self.lowest(children) }
    let survivors = ParetoRanking.ranked(population + children).order.prefix(settings.populationSize)
    children = []
    settle(Array(survivors))
    hypervolumes.append(reference.map { Hypervolume.of(population.prefix(frontSize), reference: $0) } ?? 0)
  }

  /// Takes the members of a population; their order among themselves is that of the survivors alone.
  private mutating func settle(_ members: [Individual]) {
    (population, frontSize) = ParetoRanking.ranked(members)
    known = Set(population.map(\.trial.genome))
  }

  /// The lowest finite value in each objective among the feasible; nil where an objective has none.
  private static func lowest(_ individuals: [Individual]) -> [Double]? {
    let feasible = individuals.filter { $0.fitness.violation == 0 }.map(\.fitness.values)
    var lowest: [Double] = []
    for objective in 0..<(feasible.first?.count ?? 0) {
      guard let value = feasible.lazy.map({ $0[objective] }).filter(\.isFinite).min() else { return nil }
      lowest.append(value)
    }
    return lowest.isEmpty ? nil : lowest
  }

  private func child(_ id: TrialID, attempt: Int) -> Trial {
    let ids = (UInt64(id.generation), UInt64(id.index), UInt64(attempt))
    var selection = RandomStream(seed: space.seed, .selection, ids.0, ids.1, ids.2)
    var crossover = RandomStream(seed: space.seed, .crossover, ids.0, ids.1, ids.2)
    var mutation = RandomStream(seed: space.seed, .mutation, ids.0, ids.1, ids.2)
    let first = tournament(&selection).trial
    var genome = first.genome
    var parents = [first.id]
    if crossover.chance(settings.crossoverRate) {
      let second = tournament(&selection).trial
      parents.append(second.id)
      let kind = Draws.pick(settings.crossovers, stream: &crossover)
      genome = space.crossover(kind, first.genome, second.genome, stream: &crossover)
    }
    if mutation.chance(settings.mutationRate) {
      let amount = Draws.logUniform(settings.mutationAmount, stream: &mutation)
      let kind = Draws.pick(settings.mutations, stream: &mutation)
      genome = space.mutation(kind, of: genome, amount: amount, stream: &mutation)
    }
    return Trial(id: id, genome: genome, parents: parents)
  }

  /// The better of two members; the population is ordered by front and crowding, so the lower place wins.
  private func tournament(_ stream: inout RandomStream) -> Individual {
    population[min(stream.below(population.count), stream.below(population.count))]
  }
}

extension ParetoSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    bytes.append(list: population) { $1.append(to: &$0) }
    bytes.append(list: children) { $1.append(to: &$0) }
    bytes.append(list: best.map { [$0] } ?? []) { $1.append(to: &$0) }
    archive.append(to: &bytes)
    bytes.append(list: hypervolumes) { $0.append($1) }
    bytes.append(list: reference ?? []) { $0.append($1) }
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    let members = try reader.individuals(of: space)
    children = try reader.individuals(of: space)
    best = try reader.individuals(of: space).first
    try archive.restore(from: &reader, space: space)
    hypervolumes = []
    for _ in 0..<(try reader.count(width: 8)) { hypervolumes.append(try reader.double()) }
    var point: [Double] = []
    for _ in 0..<(try reader.count(width: 8)) { point.append(try reader.double()) }
    reference = point.isEmpty ? nil : point

    let (generation, told) = pending.told.quotientAndRemainder(dividingBy: generationSize)
    guard members.count == (generation == 0 ? 0 : generationSize), children.count == told,
      told + pending.trials.count <= generationSize, hypervolumes.count == generation,
      (best == nil) == (pending.told == 0), archive.members.isEmpty == (pending.told == 0),
      settings.reference == nil || settings.reference == reference, generation > 0 || reference == settings.reference
    else { throw CanonicalError("the snapshot's population is of another search") }
    let everybody = members + children + archive.members + (best.map { [$0] } ?? [])
    let values = (everybody.first?.fitness.values ?? point).count
    guard everybody.allSatisfy({ $0.fitness.values.count == values }), values > 0 || everybody.isEmpty,
      reference.map({ $0.count == values && $0.allSatisfy(\.isFinite) }) ?? true
    else { throw CanonicalError("the snapshot's fitnesses do not compare") }
    settle(members)
    guard population == members else { throw CanonicalError("the snapshot's population is out of order") }
    if generation > 0 { known.formUnion((children.map(\.trial) + pending.trials).map(\.genome)) }
  }
}
