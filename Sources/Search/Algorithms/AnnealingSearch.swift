package import Digests
internal import Elementary
internal import Randomness

/// Simulated annealing in independent chains.
///
/// What it does: a founder for each chain; some steps at temperature 0, which measure differences and set the start
/// temperature T; then, in each chain,
///   1. draw the acceptance number u and a neighbour of the current state,
///   2. move there unless it is worse by more than −T · log u,
///   3. lower T; after a standstill, raise it again.
/// Feasibility comes first: from a feasible state no infeasible one is accepted, and between infeasible ones the worsening
/// is that of the violation, in its own unit. As u is drawn first, it is known at asking below which fitness a neighbour
/// is rejected: racing. While one chain waits, the others go on.
/// When not to use it: where a good state is one descent away, or where few steps can be paid (a cooling that is hurried
/// is a hill climb). Evaluations per step: `chains`.
/// Source: Kirkpatrick, Gelatt, Vecchi, "Optimization by simulated annealing", Science 1983. Constant temperature and
/// bit flips of one unit leave the Boltzmann distribution in place; the magnitude mutation is not symmetric, so there no
/// such distribution is known.
package struct AnnealingSearch: IndependentTrials {
  package let settings: AnnealingSettings
  package let space: SearchSpace
  package internal(set) var pending = PendingTrials()
  package private(set) var best: Individual?
  private var chains: [AnnealingChain] = []
  private var calibration: Calibration
  private var record = AcceptanceRecord()

  package init(settings: AnnealingSettings, space: SearchSpace) {
    precondition(settings.chains >= 1 && settings.coolingSteps >= 1 && settings.mutationAmount.lowerBound > 0)
    if case .rate(let rate) = settings.cooling { precondition(rate > 0 && rate <= 1) }
    if let reheating = settings.reheating {
      precondition(reheating.steps >= 1 && reheating.factor > 1 && reheating.factor.isFinite)
    }
    self.settings = settings
    self.space = space
    calibration = Calibration(
      start: settings.startTemperature, stop: settings.stopTemperature, steps: settings.calibrationSteps,
      chains: settings.chains)
  }

  package var generationSize: Int { settings.chains }
  /// Where the chains are.
  package var states: [Individual] { chains.map(\.current) }
  /// Acceptance after calibration in blocks of steps, all chains together; at most 64 of them.
  package var acceptance: [AcceptanceCount] { record.blocks }
  package var diagnostics: SearchDiagnostics { SearchDiagnostics(acceptance: acceptance) }
  /// The start temperature; nil while it is being measured.
  package var startTemperature: Double? { calibration.isDone ? calibration.hottest : nil }

  private var schedule: CoolingSchedule {
    CoolingSchedule(
      cooling: settings.cooling, steps: settings.coolingSteps, start: calibration.hottest, stop: calibration.coldest)
  }

  /// Whether everything that the n-th trial depends on is told.
  func isReady(_ n: Int) -> Bool {
    n < pending.told + settings.chains && (n < calibration.trials || calibration.isDone)
  }

  /// The n-th trial; until its answer comes, its chain stays as it is.
  func trial(_ n: Int) -> Trial {
    let (step, place) = n.quotientAndRemainder(dividingBy: settings.chains)
    let id = TrialID(generation: step, index: place)
    guard step > 0 else { return Trial(id: id, genome: space.founder(place, of: settings.chains, settings.initial)) }
    let chain = chains[place]
    var stream = RandomStream(seed: space.seed, .neighbour, UInt64(step), UInt64(place))
    let range = settings.mutationAmount
    let amount = settings.isNarrowing ? chain.amount(range, schedule) : Draws.logUniform(range, stream: &stream)
    let current = chain.current.trial
    return Trial(
      id: id, genome: space.mutation(settings.mutations, of: current.genome, amount: amount, stream: &stream),
      parents: [current.id], threshold: settings.isRacing && step > calibration.steps ? limit(id) : nil)
  }

  /// Temperature 0 while differences are measured.
  private func temperature(_ id: TrialID) -> Double {
    id.generation > calibration.steps ? chains[id.index].temperature(schedule) : 0
  }

  /// Below this fitness the neighbour is rejected.
  private func limit(_ id: TrialID) -> Fitness {
    var stream = RandomStream(seed: space.seed, .acceptance, UInt64(id.generation), UInt64(id.index))
    return Metropolis.limit(
      chains[id.index].current.fitness, temperature: temperature(id), u: stream.openUniform())
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    let trial = pending.tell()
    precondition(answer.fitness != nil || trial.threshold != nil, "the trial had no threshold")
    let (id, told) = (trial.id, answer.fitness.map { Individual(trial: trial, fitness: $0) })
    if let told, best.map({ Individual.isBetter(told, $0) }) ?? true { best = told }
    guard id.generation > 0 else { return chains.append(AnnealingChain(told!)) }
    let limit = limit(id)
    let accepted = told.flatMap { $0.fitness < limit ? nil : $0 }
    guard id.generation > calibration.steps else {
      let difference = Metropolis.difference(from: chains[id.index].current.fitness, to: told!.fitness)
      if let accepted { _ = chains[id.index].move(to: accepted) }
      return calibration.note(difference, told: pending.told)
    }
    record.note(accepted != nil, at: temperature(id), step: id.generation - calibration.steps - 1)
    chains[id.index].step(accepted: accepted, settings.reheating, schedule)
  }
}

extension AnnealingSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    bytes.append(list: best.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(list: chains) { $1.append(to: &$0) }
    calibration.append(to: &bytes)
    record.append(to: &bytes)
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    let told = try pending.told(of: settings.chains)
    best = try reader.states(of: space).first
    chains = []
    for _ in 0..<(try reader.count(width: 64)) {
      chains.append(try AnnealingChain(from: &reader, space: space, steps: settings.coolingSteps, told: told))
    }
    guard (best == nil) == (told == 0), chains.count == min(told, settings.chains) else {
      throw CanonicalError("the snapshot's chains are of another search")
    }
    try calibration.restore(from: &reader, told: told)
    // Founders and the steps that measure are no proposals of annealing.
    let before = (calibration.steps + 1) * settings.chains
    record = try AcceptanceRecord(
      from: &reader, steps: max(0, (told - before + settings.chains - 1) / settings.chains),
      proposed: max(0, told - before))
    for (n, waiting) in zip(told..., pending.trials) {
      guard isReady(n), trial(n) == waiting else { throw CanonicalError("a waiting trial is of another search") }
    }
  }
}

extension PendingTrials {
  /// How many trials are told, in a search that has `chains` of them out at most.
  ///
  /// - Throws: `CanonicalError` where no search comes that far.
  func told(of chains: Int) throws(CanonicalError) -> Int {
    guard told <= 1 << 48, trials.count <= chains else { throw CanonicalError("too many trials for this search") }
    return told
  }
}
