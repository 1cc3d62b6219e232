internal import Digests
internal import Models
internal import Pruning
internal import Randomness
internal import Search

/// The rounds of a population: founders, training, judging, exploit and explore, and the choice of the best at the end.
///
/// A part of a planner. Jobs of one round run side by side; their outcomes are taken by (round, member), those of training
/// before those of judging, so that a history is a function of the facts alone. Weights that it reads itself stay
/// where they are, so that a replay needs nothing but facts and what is stored.
struct PopulationRounds: Sendable {
  private enum Stage: Hashable, Sendable {
    /// Waiting for the trained weights, of which the founders' masks are made.
    case founding
    case training
    /// Waiting for the weights whose magnitudes the next masks follow.
    case breeding([Digest])
    case judging
    case finished
  }

  let plan: PopulationCycles
  let judge: CandidateJudge
  private let units: UnitsPlan
  private let compression: ClosedRange<Double>
  private let seed: UInt64
  private let searched: [Mask]
  private var stage = Stage.founding
  /// Counted from 0.
  private(set) var round = 0
  /// The population; behind it the control's, in the same places.
  private(set) var members: [PopulationMember] = []
  /// Scores on `validation` behind the last round; nil for lost members.
  private var final: [Fitness?] = []
  /// The members whose outcomes are waited for, oldest first.
  private var training: ArraySlice<Int> = []
  private var judging: ArraySlice<Int> = []
  /// Proposals that are not handed out yet.
  private var ready: [Proposal] = []
  /// Members that are copies since the last exchange, whose masks are to be mutated.
  private var copies: Set<Int> = []
  /// What the members of the round before left.
  private var old: [Digest] = []
  /// Weights that the planner itself looked at: a replay will again.
  private var read: Set<Digest> = []
  private var superseded: [Digest] = []

  /// - Parameters:
  ///   - judge: how members become jobs; its weights are the founders'.
  ///   - compression: of the first round's masks.
  ///   - searched: masks over units that searches found, best first; repeated ones count once.
  init(
    _ plan: PopulationCycles, judge: CandidateJudge, units: UnitsPlan, compression: ClosedRange<Double>,
    searched: [Mask]
  ) {
    precondition(plan.size >= 2 && plan.rounds >= 1 && !plan.learningRates.isEmpty)
    self.plan = plan
    self.judge = judge
    self.units = units
    self.compression = compression
    self.searched = searched
    // One id, where the seeds of searches have two.
    var stream = RandomStream(seed: judge.seed, .search, UInt64.max)
    seed = stream.next()
  }

  /// What to do next; as ``SearchStudy/next()``.
  mutating func next() -> Step {
    switch stage {
    case .founding: return .needs(judge.weights)
    case .breeding(let wanted): return .needs(wanted[0])
    case .finished: return .finished
    case .training, .judging:
      guard !ready.isEmpty else { return .waiting }
      defer { ready = [] }
      return .propose(ready)
    }
  }

  /// Takes the weights that ``next()`` asked for.
  ///
  /// - Throws: ``StudyFailure`` if they are not of this network.
  mutating func supply(_ bytes: [UInt8]) throws(StudyFailure) {
    guard let parameters = try? Parameters.values(canonical: bytes), parameters.count == judge.layout.count else {
      throw StudyFailure("stored weights of the population are not of this network")
    }
    switch stage {
    case .founding: found(in: space(of: parameters))
    case .breeding(let wanted):
      breed(wanted[0], in: space(of: parameters))
      let rest = Array(wanted.dropFirst())
      if rest.isEmpty { beginRound() } else { stage = .breeding(rest) }
    case .training, .judging, .finished: preconditionFailure("no weights were asked for")
    }
  }

  private func space(of parameters: [Float]) -> MaskSpace {
    do throws(BudgetError) {
      return try units.space(
        of: judge.network, scope: judge.scope, parameters: parameters,
        compression: plan.compression(ofRound: round, first: compression), seed: seed
      ).space
    } catch { preconditionFailure("a study whose last round's budget cannot be met is not begun") }
  }

  // MARK: Founders

  private mutating func found(in space: MaskSpace) {
    // Graded noise on magnitudes; the first one is global magnitude itself.
    let graded = InitialPopulation(magnitude: 1, random: 0)
    let drawn = (0..<plan.size).map { graded.founder($0, of: plan.size, in: space) }
    var masks: [Mask] = []
    for mask in searched + drawn where masks.count < plan.size && !masks.contains(mask) { masks.append(mask) }
    // So small a network may not have as many different masks.
    while masks.count < plan.size { masks.append(drawn[masks.count]) }
    let founders = masks.enumerated().map { index, mask in
      PopulationMember(
        mask: mask, kept: judge.units.weightMask(mask),
        learningRate: plan.learningRates[index % plan.learningRates.count], parameters: judge.weights)
    }
    members = plan.control ? founders + founders : founders
    beginRound()
  }

  // MARK: A round

  private mutating func beginRound() {
    stage = .training
    for index in members.indices where !members[index].isLost {
      training.append(index)
      ready.append(Proposal(job: .train(segment(members[index])), strategy: account(index)))
    }
  }

  private func segment(_ member: PopulationMember) -> TrainingSegment {
    let train = judge.splits.train
    let perEpoch = max(plan.recipe.stepsPerEpoch(samples: train.count), 1)
    let steps = plan.interval.steps(perEpoch: perEpoch)
    var recipe = plan.recipe
    recipe.learningRate = member.learningRate
    recipe.epochs = (plan.rounds * steps + perEpoch - 1) / perEpoch
    return TrainingSegment(
      network: judge.network, recipe: recipe, seed: judge.seed, slice: train, start: member.start, mask: member.kept,
      scope: judge.scope, steps: round * steps..<(round + 1) * steps, numerics: judge.numerics)
  }

  /// Takes the outcome of the oldest training without one; nil for one that diverged.
  ///
  /// - Throws: ``StudyFailure`` where no member of the population is left.
  mutating func observe(_ segment: TrainedSegment?) throws(StudyFailure) {
    guard let index = training.popFirst() else { preconditionFailure("no training was asked for") }
    if let segment {
      members[index].parameters = segment.parameters
      members[index].state = segment.state
      judging.append(index)
      ready.append(trial(index))
    } else {
      members[index].isLost = true
      members[index].fitness = nil
    }
    guard training.isEmpty else { return }
    giveUp(old)
    old = members.flatMap(\.blobs)
    if judging.isEmpty { try endRound() }
  }

  private func account(_ index: Int) -> Strategy { index >= plan.size ? .noExchange : .population }

  private func trial(_ index: Int) -> Proposal {
    let member = members[index]
    return Proposal(
      job: .evaluate(evaluation(member, on: judge.splits.search)), strategy: account(index),
      trial: Trial.Place(
        search: nil, id: TrialID(generation: round, index: index % plan.size), parents: member.parents, isLast: true,
        learningRate: member.learningRate))
  }

  private func evaluation<Use>(_ member: PopulationMember, on slice: Slice<Use>) -> Evaluation<Use> {
    Evaluation(
      network: judge.network, scope: judge.scope, parameters: member.parameters, mask: member.kept, slice: slice)
  }

  /// Takes the score of the oldest judgement without one.
  ///
  /// - Returns: the trial, unless it was a judgement on `validation`.
  /// - Throws: ``StudyFailure`` where no member of the population is left.
  mutating func observe(_ score: Score, of proposal: Proposal) throws(StudyFailure) -> JudgedTrial? {
    guard let index = judging.popFirst(), case .evaluate(let evaluation) = proposal.job else {
      preconditionFailure("no judgement was asked for")
    }
    let fitness = judge.fitness(score, mask: members[index].kept)
    let isFinite = if case .exact = score { true } else { false }
    guard let place = proposal.trial else {
      final[index] = isFinite ? fitness : nil
      if judging.isEmpty { try finish() }
      return nil
    }
    members[index].fitness = isFinite ? fitness : nil
    members[index].isLost = !isFinite
    if training.isEmpty, judging.isEmpty { try endRound() }
    return JudgedTrial(
      strategy: proposal.strategy, place: place, evaluation: evaluation, score: score, fitness: fitness)
  }

  // MARK: Exploit and explore

  private mutating func endRound() throws(StudyFailure) {
    let lost = members.prefix(plan.size).allSatisfy(\.isLost)
    guard !lost else {
      throw StudyFailure(
        "no member of the population is finite behind round \(round + 1); lower population.train.learning_rate or "
          + "population.learning_rates and start a new run")
    }
    guard round + 1 < plan.rounds else {
      beginJudging()
      return
    }
    exchange()
    round += 1
    var wanted: [Digest] = []
    for (index, member) in members.enumerated() where !member.isLost && isChanging(index) {
      read.insert(member.parameters)
      if !wanted.contains(member.parameters) { wanted.append(member.parameters) }
    }
    if wanted.isEmpty { beginRound() } else { stage = .breeding(wanted) }
  }

  /// Whether the member's mask changes before the round that begins.
  private func isChanging(_ index: Int) -> Bool {
    plan.compressionStep > 1 || (copies.contains(index) && plan.explore.mutation != nil)
  }

  /// The members of the next round, but for their masks.
  private mutating func exchange() {
    let before = members
    for index in members.indices {
      members[index].parents = [TrialID(generation: round, index: index % plan.size)]
    }
    let pairs = TruncationExchange.pairs(
      before.prefix(plan.size).map { $0.isLost ? nil : $0.fitness }, count: plan.replaced
    ) { member, below in
      var stream = RandomStream(seed: seed, .selection, UInt64(round), UInt64(member))
      return stream.below(below)
    }
    copies = Set(pairs.map(\.replaced))
    for (replaced, donor) in pairs {
      members[replaced] = before[donor]
      members[replaced].parents = [TrialID(generation: round, index: donor)]
      var stream = RandomStream(seed: seed, .exploration, UInt64(round), UInt64(replaced))
      let factors = plan.explore.learningRateFactors
      // Within bounds, so that no number of rounds leaves the finite numbers.
      members[replaced].learningRate = min(
        max(before[donor].learningRate * factors[stream.below(factors.count)], 1e-12), 1e12)
    }
  }

  /// The masks of all members with these weights, in a space of the round that begins.
  private mutating func breed(_ parameters: Digest, in space: MaskSpace) {
    for index in members.indices
    where !members[index].isLost && members[index].parameters == parameters && isChanging(index) {
      var mask = space.cut(members[index].mask)
      if copies.contains(index), let kind = plan.explore.mutation {
        var stream = RandomStream(seed: seed, .mutation, UInt64(round), UInt64(index))
        mask = space.mutation(kind, of: mask, amounts: plan.explore.mutationAmount, stream: &stream)
      }
      members[index].mask = mask
      members[index].kept = judge.units.weightMask(mask)
    }
  }

  // MARK: The end

  private mutating func beginJudging() {
    stage = .judging
    final = Array(repeating: nil, count: members.count)
    for index in members.indices where !members[index].isLost {
      judging.append(index)
      ready.append(
        Proposal(job: .evaluate(evaluation(members[index], on: judge.splits.validation)), strategy: account(index)))
    }
  }

  private mutating func finish() throws(StudyFailure) {
    stage = .finished
    guard winner(control: false) != nil else {
      throw StudyFailure("no member of the population has a finite loss on validation")
    }
    let winners = [winner(control: false), winner(control: true)].compactMap { $0?.parameters }
    giveUp(old, but: winners)
    old = winners
  }

  /// The member with the best fitness on `validation`; of equals the first one.
  private func winner(control: Bool) -> PopulationMember? {
    let places = control ? plan.size..<members.count : 0..<plan.size
    var best: Int?
    for index in places {
      guard let fitness = final[index] else { continue }
      if best.map({ fitness > final[$0]! }) ?? true { best = index }
    }
    return best.map { members[$0] }
  }

  /// Notes blobs as useless, but those that the members have, that the planner read, and the trained weights.
  private mutating func giveUp(_ blobs: [Digest], but kept: [Digest]? = nil) {
    let needed = Set(kept ?? members.flatMap(\.blobs)).union(read).union([judge.weights])
    var seen: Set<Digest> = []
    superseded += blobs.filter { !needed.contains($0) && seen.insert($0).inserted }
  }

  /// The blobs that became useless since the last call.
  mutating func takeSuperseded() -> [Digest] {
    defer { superseded = [] }
    return superseded
  }

  /// The best networks with their masks over units, once the rounds are over: the population's, then the control's.
  ///
  /// The control has none where all of its members diverged.
  var results: [(strategy: Strategy, mask: Mask, test: Evaluation<TestUse>, compression: ClosedRange<Double>)] {
    guard stage == .finished else { return [] }
    let compression = plan.compression(ofRound: plan.rounds - 1, first: compression)
    return [(Strategy.population, false), (.noExchange, true)].compactMap { strategy, isControl in
      guard let member = winner(control: isControl) else { return nil }
      return (strategy, member.mask, evaluation(member, on: judge.splits.test), compression)
    }
  }

  /// The rounds that are over, how many there will be, and the best fitness of the present one.
  var progress: (generation: Int, generations: Int, best: Fitness?) {
    let isOver = stage == .judging || stage == .finished
    return (isOver ? plan.rounds : round, plan.rounds, members.prefix(plan.size).compactMap(\.fitness).max())
  }
}
