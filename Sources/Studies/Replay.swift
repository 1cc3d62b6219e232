package import Digests
package import Search

/// One line of a history: a trial of a search, or a network that a method made.
package enum HistoryEntry: Hashable, Sendable {
  case trial(TrialRecord)
  case found(name: String, Finding)
  /// A procedure that ended without what it is for.
  case ended(name: String, BranchEnding)

  /// The line that `sentei history` prints, and that the history digest is taken over.
  package var line: String {
    switch self {
    case .trial(let record): record.line
    case .found(let name, let finding): finding.line(name)
    case .ended(let name, let ending): "\(name) ended: \(ending.code)"
    }
  }
}

/// A history as facts tell it, from the start and without a coordinator.
package enum Replay {
  /// Calls `body` with each trial of a study of searches, as ``history(of:outcome:blob:_:)``.
  ///
  /// - Parameters:
  ///   - planner: a planner at its start.
  ///   - executor: who breeds its candidates again.
  package static func trials(
    of planner: SearchStudy, by executor: Executor = .serial, outcome: (Digest) -> Outcome?,
    blob: (Digest) throws -> [UInt8],
    _ body: (TrialRecord) throws -> Void
  ) throws -> (run: PlannerRun, isFinished: Bool) {
    try history(of: PlannerRun(planner, executor: executor), outcome: outcome, blob: blob) { entry in
      if case .trial(let record) = entry { try body(record) }
    }
  }

  /// Calls `body` with each entry in the order of the history, as far as the facts reach.
  ///
  /// - Parameters:
  ///   - start: a study at its start.
  ///   - outcome: the fact of a job, if there is one.
  ///   - blob: a blob by digest.
  /// - Returns: the study where it stopped, and whether it finished.
  /// - Throws: what `blob` throws, and `StudyFailure`.
  package static func history<Run: StudyRun>(
    of start: Run, outcome: (Digest) -> Outcome?, blob: (Digest) throws -> [UInt8],
    _ body: (HistoryEntry) throws -> Void
  ) throws -> (run: Run, isFinished: Bool) {
    var run = start
    while true {
      switch try run.step(outcome) {
      case .submit, .snapshotMoment, .superseded: break
      case .needs(let digest): try run.supply(try blob(digest))
      case .trial(let record): try body(.trial(record))
      case .found(let name, let finding): try body(.found(name: name, finding))
      case .ended(let name, let ending): try body(.ended(name: name, ending))
      case .blocked: return (run, false)
      case .finished: return (run, true)
      }
    }
  }
}
