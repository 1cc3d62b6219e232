internal import Models
internal import Pruning
internal import Search
package import Studies

extension ResultRow {
  /// The rows of a finished study of searches, in the order of its comparison.
  ///
  /// - Parameters:
  ///   - evaluations: distinct evaluations by account.
  ///   - cpuSeconds: processor seconds by account.
  ///   - trainedEpochs: of the first training, which early stopping may have ended.
  /// - Returns: nil if a test outcome is missing.
  package static func rows(
    _ study: Study, run: String, dataset: String, contestants: [Contestant], outcome: (Job) -> Outcome?,
    evaluations: [Strategy: Int], cpuSeconds: [Strategy: Double], trainedEpochs: Double
  ) -> [ResultRow]? {
    guard let first = contestants.first(where: { [.dense, .largest].contains($0.strategy) }),
      let dense = TestScore.mean(first.jobs, outcome)
    else { return nil }
    var rows: [ResultRow] = []
    for contestant in contestants {
      guard let after = TestScore.mean(contestant.jobs, outcome), case .test(let job)? = contestant.jobs.first else {
        return nil
      }
      let isPruned = contestant.mask != nil
      // What trains a mask's weights anywhere but in the fitness: the network as pruned is another one.
      let cycles = isPruned ? study.cycles : nil
      let isAsPruned = job.retraining == nil && cycles == nil && !(isPruned && study.population != nil)
      let later = job.retraining?.recipe ?? cycles?.recipe
      rows.append(
        ResultRow(
          run: run, study: study.name, subject: "\(study.network.name)/\(dataset)", dataset: dataset,
          model: study.network.name, name: contestant.name, strategy: contestant.strategy,
          requested: contestant.requested, level: isPruned ? 1 : 0, isResult: true, seed: study.seed,
          metrics: contestant.metrics, layers: layers(job.network, study.scope, contestant.mask), dense: dense,
          pruned: isAsPruned ? after : nil, after: after, validation: Score.mean(contestant.validationJobs, outcome),
          search: Score.mean(contestant.searchJobs, outcome), curve: [], bestStep: nil,
          recipe: later ?? study.training, completedEpochs: later.map { Double($0.epochs) } ?? trainedEpochs,
          classes: job.network.outputCount,
          evaluations: evaluations[contestant.account] ?? 0, cpuSeconds: cpuSeconds[contestant.account] ?? 0,
          mask: contestant.mask))
    }
    return rows
  }
}
