internal import Digests
internal import Models
package import Pruning
package import Search

/// The size that a network of the comparison was asked for.
package enum RequestedSize: Hashable, Sendable {
  /// The dense network.
  case whole
  case compression(Double)
  /// The search chose within these compressions.
  case range(ClosedRange<Double>)
  /// The search chose an architecture.
  case architecture
  /// N of each M weights.
  case pattern(kept: Int, of: Int)
  /// A share of the prunable units.
  case remaining(Double)

  init(_ compression: ClosedRange<Double>, of granularity: Granularity) {
    if case .pattern(let kept, let group) = granularity {
      self = .pattern(kept: kept, of: group)
    } else {
      self =
        compression.lowerBound < compression.upperBound ? .range(compression) : .compression(compression.upperBound)
    }
  }
}

/// A network that the report puts on the test slice.
package struct Contestant: Hashable, Sendable {
  /// The name of its line.
  package let strategy: Strategy
  /// Whose jobs made it, as ``CostLedger`` counts them: several networks can come of one search.
  package let account: Strategy
  /// Nil for the dense network.
  package let mask: Mask?
  package let requested: RequestedSize
  /// One job for each draw of a retraining that no search saw, else one.
  package let jobs: [Job]
  /// The same on the slice that decided fitness: how much less it is on `test` is what the search fitted by chance.
  package let searchJobs: [Job]
  /// The same on `validation`, where one of several searches is chosen before any of them meets `test`.
  package let validationJobs: [Job]
  /// The same on samples of `train`, where a study of methods asks for it: how much less it is on `test` is what training
  /// fitted by chance.
  package let trainJobs: [Job]
  package let metrics: SizeMetrics
  /// What was chosen, where architectures are searched.
  package let architecture: Architecture?
  /// The same on `test` as it was pruned, before the retraining that a method does; empty elsewhere.
  package let jobsBefore: [Job]
  /// What it is in a study of methods.
  package let finding: Finding?
  /// What it is called among all of its run: the name of its line, in a study of methods the first word of its line in the
  /// history.
  package let name: String
  package let splits: Splits

  /// All jobs that judge it.
  package var allJobs: [Job] { judgingJobs + jobsBefore + jobs }

  /// Those that do without `test`.
  package var judgingJobs: [Job] { searchJobs + validationJobs + trainJobs }

  init(
    _ strategy: Strategy, of account: Strategy, mask: Mask?, requested: RequestedSize, jobs: [Evaluation<TestUse>],
    before: [Evaluation<TestUse>] = [], train: [Evaluation<FitnessUse>] = [], splits: Splits, metrics: SizeMetrics,
    architecture: Architecture? = nil, finding: Finding? = nil, name: String? = nil
  ) {
    self.strategy = strategy
    self.account = account
    self.mask = mask
    self.requested = requested
    self.jobs = jobs.map(Job.test)
    jobsBefore = before.map(Job.test)
    trainJobs = train.map(Job.evaluate)
    self.finding = finding
    self.name = name ?? strategy.rawValue
    self.splits = splits
    // Of methods nobody asks for it: none has decided by it.
    searchJobs = finding == nil ? jobs.map { .evaluate(Evaluation($0, on: splits.search)) } : []
    validationJobs = jobs.map { .evaluate(Evaluation($0, on: splits.validation)) }
    self.metrics = metrics
    self.architecture = architecture
  }
}

extension Evaluation<FitnessUse> {
  /// What is done on `test`, on another slice.
  fileprivate init(_ test: Evaluation<TestUse>, on slice: Slice<FitnessUse>) {
    self.init(
      network: test.network, scope: test.scope, parameters: test.parameters, mask: test.mask, slice: slice,
      retraining: test.retraining)
  }
}

extension SearchStudy {
  /// How many networks of one front are compared at most.
  package static let largestFront = 16

  /// The networks to compare on `test`, once the planner has finished; empty before.
  ///
  /// Of a Pareto search its front, in the order of the first objective; where it is larger than ``largestFront``, as
  /// many, spread evenly by their places, both ends among them. With cycles or a population: the rivals are left out, since
  /// only what was trained counts.
  package var contestants: [Contestant] {
    guard phase == .finished, let splits, let round else { return [] }
    let judge = round.judge
    guard study.cycles == nil, population == nil else { return trainedContestants(splits, judge) }
    func contestant(
      _ strategy: Strategy, _ candidate: Genome?, _ requested: RequestedSize, of account: Strategy
    ) -> Contestant {
      Contestant(
        strategy, of: account, mask: judge.mask(of: candidate), requested: requested, jobs: judge.tests(of: candidate),
        splits: splits, metrics: judge.metrics(of: candidate), architecture: judge.architecture(of: candidate))
    }
    let (range, granularity) = (study.compression, study.units.granularity)
    let isOfMasks = study.architecture == nil
    let smallest = isOfMasks ? RequestedSize(range.upperBound...range.upperBound, of: granularity) : .architecture
    let searched = isOfMasks ? RequestedSize(range, of: granularity) : .architecture
    var out = round.baselines.map { strategy, candidate in
      contestant(strategy, candidate, candidate == nil ? .whole : smallest, of: strategy)
    }
    for (index, plan) in study.searches.enumerated() {
      let candidates = Self.spread(round.front(index), over: Self.largestFront)
      for (place, candidate) in candidates.enumerated() {
        let name = study.objective.isPareto ? Strategy("\(plan.strategy)/\(place + 1)") : plan.strategy
        out.append(contestant(name, candidate, searched, of: plan.strategy))
      }
    }
    return out
  }

  /// The dense network and what cycles or a population trained.
  private func trainedContestants(_ splits: Splits, _ judge: RoundJudge) -> [Contestant] {
    func job(_ parameters: Digest, _ mask: Mask?) -> Evaluation<TestUse> {
      Evaluation(network: study.network, scope: study.scope, parameters: parameters, mask: mask, slice: splits.test)
    }
    let granularity = study.units.granularity
    let dense = Contestant(
      .dense, of: .dense, mask: nil, requested: .whole, jobs: [job(firstWeights!, nil)],
      splits: splits, metrics: judge.metrics(of: nil))
    let members = (population?.results ?? []).map { result in
      Contestant(
        result.strategy, of: result.strategy, mask: judge.mask(of: .mask(result.mask)),
        requested: RequestedSize(result.compression, of: granularity), jobs: [result.test],
        splits: splits, metrics: judge.metrics(of: .mask(result.mask)))
    }
    let trained = cycles.enumerated().map { index, cycle in
      let account = Strategy(cycle: index + 1)
      return Contestant(
        cycle.isGoodEnough ? account : Strategy("\(account) (missed)"), of: account, mask: cycle.mask,
        requested: RequestedSize(compression(ofRound: index), of: granularity), jobs: [job(cycle.weights, cycle.mask)],
        splits: splits, metrics: cycle.metrics)
    }
    return [dense] + members + trained
  }

  /// `count` of the items, spread evenly over their places with both ends, or all where there are no more.
  private static func spread<Item>(_ items: [Item], over count: Int) -> [Item] {
    guard items.count > count else { return items }
    return (0..<count).map { items[($0 * (items.count - 1) + (count - 1) / 2) / (count - 1)] }
  }

  /// The searches of the present round with what each says of its course; with cycles, of the last one.
  package var searchStates: [SearchState] {
    guard let round else { return [] }
    return zip(study.searches, round.searches).map { plan, search in
      SearchState(
        strategy: plan.strategy, generationSize: search.generationSize, front: search.front,
        diagnostics: search.diagnostics)
    }
  }
}

/// Where a search of a study stands, for reports.
package struct SearchState: Sendable {
  package let strategy: Strategy
  package let generationSize: Int
  /// The non-dominated trials of a Pareto search, the best trial alone of another.
  package let front: [Individual]
  package let diagnostics: SearchDiagnostics
}
