internal import Digests
internal import Models
internal import Pruning
package import Studies

extension ResultRow {
  /// The rows of a finished study of methods, in the order of its branches.
  ///
  /// - Parameter cpuSeconds: of each branch, by its place (level 0); the row of its last level has them.
  /// - Returns: nil if an outcome on `test` or on `train` is missing.
  package static func rows(
    _ study: MethodStudy, run: String, datasets: [String], contestants: [Contestant], outcome: (Job) -> Outcome?,
    cpuSeconds: [FindingPlace: Double], evaluations: [FindingPlace: Int]
  ) -> [ResultRow]? {
    struct Repetition: Hashable {
      let subject: Int
      let replicate: Int
    }
    var dense: [Repetition: TestScore] = [:]
    for contestant in contestants where contestant.strategy.isDense {
      guard let place = contestant.finding?.place, let found = TestScore.mean(contestant.jobs, outcome) else {
        return nil
      }
      dense[Repetition(subject: place.subject, replicate: place.replicate)] = found
    }
    // What a branch cost stands in its last row, so that rows add up.
    var last: [FindingPlace: Int] = [:]
    for place in contestants.compactMap(\.finding?.place) { last[place.branch] = place.level }
    var rows: [ResultRow] = []
    for contestant in contestants {
      guard let finding = contestant.finding, let after = TestScore.mean(contestant.jobs, outcome),
        // There is no network without a dense one before it.
        let dense = dense[Repetition(subject: finding.place.subject, replicate: finding.place.replicate)]
      else { return nil }
      // Of the dense network nothing is removed and nothing retrained.
      let pruned = contestant.mask == nil ? after : TestScore.mean(contestant.jobsBefore, outcome)
      guard pruned != nil || contestant.jobsBefore.isEmpty else { return nil }
      let train = Score.mean(contestant.trainJobs, outcome)
      guard train != nil || contestant.trainJobs.isEmpty else { return nil }
      let subject = study.subjects[finding.place.subject]
      let branch = last[finding.place.branch] == finding.place.level ? finding.place.branch : nil
      var row = ResultRow(
        run: run, study: study.name, subject: subject.name, dataset: datasets[finding.place.subject],
        model: subject.network.name, name: contestant.name,
        strategy: finding.strategy,
        requested: finding.requested, level: finding.place.level, isResult: finding.isResult,
        seed: study.seed(ofReplicate: finding.place.replicate), metrics: finding.metrics,
        layers: layers(finding.network ?? subject.network, subject.scope, finding.mask), dense: dense, pruned: pruned,
        after: after,
        validation: finding.validation, search: nil, curve: finding.curve, bestStep: finding.bestStep,
        recipe: finding.recipe, completedEpochs: finding.completedEpochs(samples: contestant.splits.train.count),
        classes: subject.network.outputCount, evaluations: branch.flatMap { evaluations[$0] } ?? 0,
        cpuSeconds: branch.flatMap { cpuSeconds[$0] } ?? 0, mask: finding.mask)
      row.scan = finding.scan
      row.growth = finding.growth
      row.train = train
      rows.append(row)
    }
    return rows
  }
}

extension Finding {
  /// Epochs of its recipe behind which its training ended: of early stopping those that it came to, and not those of the
  /// weights that it returned to.
  ///
  /// - Parameter samples: of an epoch.
  fileprivate func completedEpochs(samples: Int) -> Double {
    guard let last = curve.last else { return Double(recipe.epochs) }
    return Double(last.step) / Double(max(recipe.stepsPerEpoch(samples: samples), 1))
  }
}

extension FindingPlace {
  /// The place of the branch that found it.
  package var branch: FindingPlace {
    FindingPlace(subject: subject, procedure: procedure, replicate: replicate, level: 0)
  }
}
