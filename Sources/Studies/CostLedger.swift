package import Digests
internal import Search

/// Which line of the comparison each job of a run belongs to, and how many evaluations each asked for.
///
/// A job that several asked for belongs to the first. Without cycles a search or baseline owns its own evaluations, and
/// the dense network the training. In cycles a round's searches and baselines and the training behind them belong to
/// its cycle, so that the lines show what each cycle cost, and the dense network has the first training alone.
package struct CostLedger: Sendable {
  /// Distinct evaluations that decided fitness, each draw counted; they add up to ``PlannerRun/evaluations``.
  package private(set) var evaluations: [Strategy: Int] = [:]
  private var owners: [Digest: Strategy] = [:]
  private let hasCycles: Bool
  private let hasPopulation: Bool

  package init(_ study: Study) {
    hasCycles = study.cycles != nil
    hasPopulation = study.population != nil
  }

  /// Takes a trial, in the order of the history.
  package mutating func note(_ record: TrialRecord) {
    var owner = hasCycles ? Strategy(cycle: record.round + 1) : record.strategy
    // The searches and baselines are the founders'; they have no lines of their own.
    if hasPopulation, owner != .noExchange { owner = .population }
    for draw in record.draws where !draw.isRepeat {
      evaluations[owner, default: 0] += 1
      owners[draw.job] = owner
    }
  }

  /// Takes the training of a run that was replayed from its start.
  package mutating func noteTraining(of run: PlannerRun) {
    for (job, account) in run.trainingJobs where owners[job] == nil { owners[job] = account }
  }

  /// Whose job it is; nil for one that this history did not ask for, such as a test.
  package func owner(of job: Digest) -> Strategy? { owners[job] }
}
