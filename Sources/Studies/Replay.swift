package import Digests

/// A history as facts tell it, from the start and without a coordinator.
package enum Replay {
  /// Calls `body` with each trial in the order of the history, as far as the facts reach.
  ///
  /// - Parameters:
  ///   - planner: a planner at its start.
  ///   - outcome: the fact of a job, if there is one.
  ///   - blob: a blob by digest.
  /// - Returns: the planner's run where it stopped, and whether it finished.
  /// - Throws: what `blob` throws, and `StudyFailure`.
  package static func trials(
    of planner: SearchStudy, outcome: (Digest) -> Outcome?, blob: (Digest) throws -> [UInt8],
    _ body: (TrialRecord) throws -> Void
  ) throws -> (run: PlannerRun, isFinished: Bool) {
    var run = PlannerRun(planner)
    while true {
      switch try run.step(outcome) {
      case .submit, .snapshotMoment, .superseded: break
      case .needs(let digest): try run.supply(try blob(digest))
      case .trial(let record): try body(record)
      case .blocked: return (run, false)
      case .finished: return (run, true)
      }
    }
  }
}
