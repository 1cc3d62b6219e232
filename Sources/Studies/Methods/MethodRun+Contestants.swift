internal import Digests
internal import Models
internal import Pruning

extension MethodRun {
  /// The networks to put on `test`, once all branches have finished; empty before.
  ///
  /// Branch by branch, each network as it was pruned and as it was retrained; on samples of `train`, too, where the study
  /// asks for it.
  package var contestants: [Contestant] {
    guard isFinished else { return [] }
    return namedFindings.map { name, finding in
      let subject = study.subjects[finding.place.subject]
      let splits = splits(subject: finding.place.subject, replicate: finding.place.replicate)!
      func job(_ parameters: Digest) -> Evaluation<TestUse> {
        Evaluation(
          network: finding.network ?? subject.network, scope: subject.scope, parameters: parameters, mask: finding.mask,
          slice: splits.test)
      }
      return Contestant(
        finding.strategy, of: finding.strategy, mask: finding.mask, requested: finding.requested,
        jobs: [job(finding.parameters)], before: finding.pruned.map { [job($0)] } ?? [],
        train: trainJudgement(of: finding).map { [$0] } ?? [], splits: splits, metrics: finding.metrics,
        finding: finding, name: name)
    }
  }
}
