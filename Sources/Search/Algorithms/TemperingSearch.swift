package import Digests
internal import Elementary
internal import Randomness

/// Parallel tempering, also called replica exchange: chains at constant temperatures that exchange their states.
///
/// What it does: a founder for each temperature, the coldest first; some steps at temperature 0, which measure
/// differences and set the ladder; then, at each temperature T,
///   1. draw the acceptance number u and a neighbour of the current state,
///   2. move there unless it is worse by more than −T · log u;
///   3. every `exchangeInterval` steps, neighbours on the ladder exchange their states with chance
///      min(1, exp((1/T₁ − 1/T₂) · (E₁ − E₂))), E being the negative fitness.
/// A chain goes on as soon as its own step is told, before an exchange with the chain above also that one's; so pairs
/// wait for no one but each other.
/// When not to use it: where there are no barriers to cross (then all but the coldest chain are wasted), or where a
/// cooling can be paid only once. Evaluations per step: `temperatures`.
/// Source: Geyer 1991; Hukushima and Nemoto 1996; Earl and Deem, "Parallel tempering", 2005.
package struct TemperingSearch: IndependentTrials {
  package let settings: TemperingSettings
  package let space: SearchSpace
  package internal(set) var pending = PendingTrials()
  package private(set) var best: Individual?
  /// The state at each temperature, the coldest first.
  package private(set) var states: [Individual] = []
  private var calibration: Calibration
  private var moves: [AcceptanceCount]
  private var swaps: [AcceptanceCount]

  package init(settings: TemperingSettings, space: SearchSpace) {
    precondition(settings.temperatures >= 2 && settings.exchangeInterval >= 1)
    precondition(settings.mutationAmount.lowerBound > 0)
    self.settings = settings
    self.space = space
    calibration = Calibration(
      start: settings.hottest, stop: settings.coldest, steps: settings.calibrationSteps, chains: settings.temperatures)
    moves = Array(repeating: AcceptanceCount(), count: settings.temperatures)
    swaps = Array(repeating: AcceptanceCount(), count: settings.temperatures - 1)
  }

  package var generationSize: Int { settings.temperatures }
  /// Acceptance of moves at each temperature, the coldest first.
  package var acceptance: [AcceptanceCount] { moves }
  /// Acceptance of exchanges of each temperature with the one above; the temperature is the lower one.
  package var exchanges: [AcceptanceCount] { swaps }

  package var diagnostics: SearchDiagnostics { SearchDiagnostics(acceptance: acceptance, exchanges: exchanges) }

  /// The ladder; zeros while differences are measured.
  package func temperature(_ place: Int) -> Double {
    let (cold, hot) = (calibration.coldest, calibration.hottest)
    guard calibration.isDone, cold > 0, place < settings.temperatures - 1 else { return calibration.isDone ? hot : 0 }
    let share = Double(place) / Double(settings.temperatures - 1)
    return place == 0 ? cold : cold * Elementary.exp(share * (Elementary.log(hot) - Elementary.log(cold)))
  }

  /// Whether the chain at `place` exchanges with the one above after a step. The ladder's last has none above.
  private func isPair(_ place: Int, after step: Int) -> Bool {
    guard step > calibration.steps, place >= 0, place < settings.temperatures - 1 else { return false }
    let (round, rest) = (step - calibration.steps).quotientAndRemainder(dividingBy: settings.exchangeInterval)
    return rest == 0 && (round + place) % 2 == 1
  }

  /// Whether everything that the n-th trial depends on is told.
  func isReady(_ n: Int) -> Bool {
    let (step, place) = n.quotientAndRemainder(dividingBy: settings.temperatures)
    let partner = isPair(place, after: step - 1) ? 1 : 0
    return n + partner < pending.told + settings.temperatures && (n < calibration.trials || calibration.isDone)
  }

  /// The n-th trial; until its answer comes, its chain stays as it is.
  func trial(_ n: Int) -> Trial {
    let (step, place) = n.quotientAndRemainder(dividingBy: settings.temperatures)
    let id = TrialID(generation: step, index: place)
    guard step > 0 else {
      return Trial(id: id, genome: space.founder(place, of: settings.temperatures, settings.initial))
    }
    var stream = RandomStream(seed: space.seed, .neighbour, UInt64(step), UInt64(place))
    let current = states[place].trial
    return Trial(
      id: id,
      genome: space.mutation(settings.mutations, of: current.genome, amount: amount(place, &stream), stream: &stream),
      parents: [current.id], threshold: settings.isRacing && step > calibration.steps ? limit(id) : nil)
  }

  private func amount(_ place: Int, _ stream: inout RandomStream) -> Double {
    let range = settings.mutationAmount
    guard settings.isNarrowing else { return Draws.logUniform(range, stream: &stream) }
    let (low, high) = (Elementary.log(range.lowerBound), Elementary.log(range.upperBound))
    return Elementary.exp(low + (high - low) * (Double(place) / Double(settings.temperatures - 1)))
  }

  /// Below this fitness the neighbour is rejected; temperature 0 while differences are measured.
  private func limit(_ id: TrialID) -> Fitness {
    var stream = RandomStream(seed: space.seed, .acceptance, UInt64(id.generation), UInt64(id.index))
    let temperature = id.generation > calibration.steps ? temperature(id.index) : 0
    return Metropolis.limit(states[id.index].fitness, temperature: temperature, u: stream.openUniform())
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    let trial = pending.tell()
    precondition(answer.fitness != nil || trial.threshold != nil, "the trial had no threshold")
    let (id, told) = (trial.id, answer.fitness.map { Individual(trial: trial, fitness: $0) })
    if let told, best.map({ Individual.isBetter(told, $0) }) ?? true { best = told }
    guard id.generation > 0 else { return states.append(told!) }
    let limit = limit(id)
    let accepted = told.flatMap { $0.fitness < limit ? nil : $0 }
    let before = states[id.index].fitness
    if let accepted { states[id.index] = accepted }
    guard id.generation > calibration.steps else {
      return calibration.note(Metropolis.difference(from: before, to: told!.fitness), told: pending.told)
    }
    moves[id.index].note(accepted != nil, at: temperature(id.index))
    if isPair(id.index - 1, after: id.generation) { exchange(id.index - 1, after: id.generation) }
  }

  /// Exchanges the states at `place` and above it, or not.
  private mutating func exchange(_ place: Int, after step: Int) {
    var stream = RandomStream(seed: space.seed, .exchange, UInt64(step), UInt64(place))
    let temperatures = (cold: temperature(place), hot: temperature(place + 1))
    let chance = Metropolis.exchangeChance(
      cold: states[place].fitness, hot: states[place + 1].fitness, at: temperatures)
    let isExchanged = stream.openUniform() < chance
    if isExchanged { states.swapAt(place, place + 1) }
    swaps[place].note(isExchanged, at: temperatures.cold)
  }
}

extension TemperingSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    bytes.append(list: best.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(list: states) { $1.append(to: &$0) }
    calibration.append(to: &bytes)
    for count in moves + swaps { count.append(to: &bytes) }
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    let told = try pending.told(of: settings.temperatures)
    best = try reader.states(of: space).first
    states = try reader.states(of: space)
    guard (best == nil) == (told == 0), states.count == min(told, settings.temperatures) else {
      throw CanonicalError("the snapshot's chains are of another search")
    }
    try calibration.restore(from: &reader, told: told)
    for place in moves.indices { moves[place] = try AcceptanceCount(from: &reader, told: told) }
    for place in swaps.indices { swaps[place] = try AcceptanceCount(from: &reader, told: told) }
    let before = (calibration.steps + 1) * settings.temperatures
    guard moves.reduce(0, { $0 + $1.proposed }) == max(0, told - before) else {
      throw CanonicalError("the snapshot's counts of acceptance are of another search")
    }
    for (n, waiting) in zip(told..., pending.trials) {
      guard isReady(n), trial(n) == waiting else { throw CanonicalError("a waiting trial is of another search") }
    }
  }
}
