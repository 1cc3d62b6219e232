import Digests
import RunStore
import Services

/// How far workers have checked each other's results in a run.
struct Audits {
  private var checked: Set<Digest> = []

  /// Takes an attempt of the run.
  mutating func note(_ attempt: AttemptRow) {
    if attempt.disposition == "audit" { checked.insert(attempt.job) }
  }

  /// What a reader has to know of them, in a sentence or two.
  ///
  /// - Throws: what reading the run throws.
  func words(_ run: OpenRun) throws -> String {
    let checks =
      checked.isEmpty
      ? "No result was checked by another worker."
      : "\(checked.count) of \(run.facts.count) results were computed by a second worker too, with the same bits."
    let (liars, revoked) = (run.quarantined.count, try run.store.revokedFacts().count)
    guard revoked > 0 else { return checks }
    let kept = liars == 1 ? "One worker was kept out" : "\(liars) workers were kept out"
    return "\(checks) \(kept); \(revoked) results were taken back and computed again."
  }
}
