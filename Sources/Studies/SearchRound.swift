internal import DequeModule
internal import Digests
internal import Models
package import Pruning
internal import Randomness
package import Search

/// The searches of a study on one network with its weights, or on a template, beside candidates that need no search.
///
/// A part of a planner. All searches get the same number of trials and take turns, so that one that waits for answers
/// leaves the workers to the others; whose turn it is follows from proposals and answers alone.
struct SearchRound: Sendable {
  let judge: RoundJudge
  /// Trials for each search.
  let trials: Int
  let plans: [SearchPlan]
  private(set) var searches: [any SearchAlgorithm]
  /// The dense network and the candidates that need no search, in the report's order.
  let baselines: [(strategy: Strategy, candidate: Genome?)]
  /// For each search what makes masks of its sparsities; empty where its genomes are candidates themselves.
  private var developing: [MaskSpace] = []
  /// Scores of the draws of the trial that is being answered.
  private var scores: [Score] = []
  private var hasProposedBaselines = false
  private var turn = 0
  /// Searches whose pending trials a restore has to propose again, in order.
  private var reproposals: ArraySlice<Int> = []

  /// How many trials are bred before they are handed out: few enough that workers start at once.
  private static let brood = 8
  /// How many trials of a search wait for an answer at most, for they have their genomes. What is proposed next follows from
  /// the study and the answers, whatever the machine.
  private let window: Int
  private let memory: GenomeMemory

  /// - Parameters:
  ///   - space: the masks of this round; each search gets it with a seed of its own.
  ///   - smallest: the masks at the smallest size that a search may choose, where the baselines are.
  ///   - scored: the same masks under other scores than magnitude, and the baselines by these.
  ///   - genome: what the searches vary.
  init(
    _ judge: CandidateJudge, plans: [SearchPlan], space: MaskSpace, smallest: MaskSpace, scored: ScoredMasks,
    genome: MaskGenome = .masks, trials: Int, round: Int, memory: GenomeMemory
  ) {
    var stream = RandomStream(seed: judge.seed, .randomPruning, UInt64(round))
    var baselines: [(Strategy, Genome?)] = [(.dense, nil), (.randomPruning, .mask(smallest.random(&stream)))]
    if judge.units.pattern == nil {
      baselines.append((.layerMagnitude, .mask(smallest.mask(sparsities: smallest.layers.map { _ in 0 }))))
    }
    baselines.append((.globalMagnitude, .mask(smallest.selected(smallest.tables.magnitudes))))
    baselines += scored.baselines.map { ($0.strategy, .mask($0.mask)) }
    let spaces = plans.map { scored.spaces[$0.scores] ?? space }
    self.init(.masks(judge), plans, baselines, trials: trials, round: round, memory) { index, seed in
      let own = spaces[index].seeded(seed, noise: plans[index].noise)
      return genome == .masks ? .masks(own) : .reals(own.sparsitySpace)
    }
    if genome == .layerSparsities { developing = spaces }
  }

  /// The searches of a template, beside its smallest network within the limits and its largest one without.
  init(_ judge: ArchitectureJudge, plans: [SearchPlan], trials: Int, memory: GenomeMemory) {
    let template = judge.template.template
    let baselines: [(Strategy, Genome?)] = [
      (.largest, .choices(template.largest)), (.smallest, .choices(template.smallest)),
    ]
    self.init(.architectures(judge), plans, baselines, trials: trials, round: 0, memory) {
      .choices(ChoiceSpace(judge.template, seed: $1))
    }
  }

  private init(
    _ judge: RoundJudge, _ plans: [SearchPlan], _ baselines: [(Strategy, Genome?)], trials: Int, round: Int,
    _ memory: GenomeMemory, space: (_ search: Int, _ seed: UInt64) -> SearchSpace
  ) {
    self.judge = judge
    self.plans = plans
    self.trials = trials
    self.memory = memory
    self.baselines = baselines
    searches = plans.indices.map { index in
      var stream = RandomStream(seed: judge.seed, .search, UInt64(round), UInt64(index))
      return plans[index].settings.search(in: space(index, stream.next()), memory: memory)
    }
    let bytes = searches.map { max($0.space.genomeBytes, judge.candidateBytes) }.reduce(1, +)
    window = max(2 * Self.brood, memory.pending / bytes)
  }

  /// Whether every trial has its answer.
  var isOver: Bool { searches.allSatisfy { $0.told >= trials } }

  /// The best candidate of a search.
  func best(_ search: Int) -> Genome? {
    searches[search].best.map { developed($0.trial.genome, of: search) }
  }

  /// The candidate that a genome of a search means.
  private func developed(_ genome: Genome, of search: Int) -> Genome {
    guard case .reals(let genes) = genome else { return genome }
    return .mask(developing[search].mask(genes: genes))
  }

  private func proposals(_ trial: Trial, of search: Int) -> [Proposal] {
    let candidate = Trial(
      id: trial.id, genome: developed(trial.genome, of: search), parents: trial.parents, threshold: trial.threshold,
      share: trial.share)
    return judge.proposals(strategy: plans[search].strategy, trial: candidate, of: search)
  }

  /// What a search is for, over units: the masks of its front by descending first value, or its best one alone.
  func front(_ search: Int) -> [Genome] {
    let individuals = searches[search].front.sorted { left, right in
      left.fitness != right.fitness ? left.fitness > right.fitness : left.trial.id < right.trial.id
    }
    return individuals.map { developed($0.trial.genome, of: search) }
  }

  /// The next proposals; none where answers have to come first.
  ///
  /// - Parameter executor: who breeds and names them.
  mutating func next(by executor: Executor) -> [Proposal] {
    if !hasProposedBaselines {
      hasProposedBaselines = true
      return baselines.flatMap { judge.proposals(strategy: $0.strategy, baseline: $0.candidate) }
    }
    guard reproposals.isEmpty else { return proposeAgain() }
    // No search begins a generation of the first one before all have asked for the one before. So a larger budget
    // changes nothing about the order of the trials in a smaller one.
    let generation = searches[0].generationSize
    let least = searches.map(\.asked).min()!
    let limit = min(trials, (least / generation + 1) * generation)
    for _ in searches.indices {
      let search = turn
      turn = (turn + 1) % searches.count
      let executor = judge.isCostly ? executor : .serial
      let wanted = min(Self.brood, limit - searches[search].asked)
      // Not one whenever there is room for one: a brood is bred side by side. A whole one, whatever the budget leaves of it.
      guard Self.brood <= window - searches[search].pending.trials.count else { continue }
      let trials = searches[search].ask(upTo: wanted, by: executor)
      let round = self
      let proposals = executor.map(trials.indices) { round.proposals(trials[$0], of: search) }
      if !proposals.isEmpty { return proposals.flatMap { $0 } }
    }
    return []
  }

  private mutating func proposeAgain() -> [Proposal] {
    var places = searches.map { _ in 0 }
    defer { reproposals = [] }
    return reproposals.flatMap { search -> [Proposal] in
      let trial = searches[search].pending.trials[places[search]]
      places[search] += 1
      return proposals(trial, of: search)
    }
  }

  /// Takes the outcome of a proposal; nil until all jobs of its trial are answered.
  ///
  /// - Parameter score: nil where it is worse than the threshold.
  mutating func observe(_ score: Score?, of proposal: Proposal, by executor: Executor) -> JudgedTrial? {
    guard let place = proposal.trial, case .evaluate(let evaluation) = proposal.job else {
      preconditionFailure("not a trial of this round")
    }
    if let score { scores.append(score) }
    guard place.isLast else { return nil }
    defer { scores = [] }
    let mean = scores.isEmpty ? nil : Score.mean(scores)
    let fitness = mean.map { judge.fitness($0, of: evaluation) }
    if let search = place.search {
      searches[search].tell(fitness.map { .exact($0) } ?? .worseThanThreshold, by: executor)
    }
    return JudgedTrial(
      strategy: proposal.strategy, place: place, evaluation: evaluation, score: mean, fitness: fitness)
  }

  /// Whether the state can be stored now: between two generations of the first search, with nothing half answered.
  ///
  /// And before a search comes to the end of the budget, unless it is alone and waits for nothing: a larger one might go on with
  /// it, and store another state here. Large populations are not stored: a replay makes them again.
  func isMoment(pending: some Collection<Proposal>) -> Bool {
    isSmall && hasProposedBaselines && scores.isEmpty
      && searches.allSatisfy { $0.asked < trials || searches.count == 1 && $0.told == $0.asked }
      && searches[0].told > 0
      && searches[0].told % searches[0].generationSize == 0 && pending.allSatisfy { $0.trial?.search != nil }
  }

  private var isSmall: Bool {
    searches.map { $0.generationSize * $0.space.genomeBytes }.reduce(0, +) <= memory.generation
  }

  /// - Parameter pending: the proposals without an outcome, oldest first.
  func append(to bytes: inout CanonicalBytes, pending: some Collection<Proposal>) {
    bytes.append(turn)
    bytes.append(list: pending.filter { $0.trial!.isLast }) { $0.append($1.trial!.search!) }
    for search in searches { search.append(to: &bytes) }
  }

  /// - Throws: `CanonicalError` for a state of other searches, or from beyond the budget.
  mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    turn = try reader.int()
    var order: [Int] = []
    for _ in 0..<(try reader.count(width: 8)) { order.append(try reader.int()) }
    for index in searches.indices { try searches[index].restore(from: &reader) }
    let counts = searches.indices.map { index in order.count { $0 == index } }
    guard searches.indices.contains(turn), order.allSatisfy(searches.indices.contains),
      counts == searches.map({ $0.pending.trials.count })
    else { throw CanonicalError("a snapshot of other searches") }
    guard !isOver, searches.allSatisfy({ $0.asked <= trials }) else {
      throw CanonicalError("a snapshot from beyond the budget")
    }
    reproposals = order[...]
    hasProposedBaselines = true
  }
}

/// A trial whose fitness is known.
package struct JudgedTrial: Hashable, Sendable {
  package let strategy: Strategy
  package let place: Trial.Place
  /// The last of its evaluations; the others differ in the draw alone.
  package let evaluation: Evaluation<FitnessUse>
  /// The mean over all draws; nil where it is worse than the threshold.
  package let score: Score?
  package let fitness: Fitness?
}

extension Score {
  /// Several scores of one candidate as one: counts add up, losses are averaged in order.
  package static func mean(_ scores: [Score]) -> Score {
    guard scores.count != 1 else { return scores[0] }
    var (correct, count, loss) = (0, 0, 0.0)
    for score in scores {
      guard case .exact(let right, let all, let mean) = score else { return .nonfinite }
      correct += right
      count += all
      loss += mean
    }
    return .exact(correct: correct, count: count, loss: loss / Double(scores.count))
  }
}
