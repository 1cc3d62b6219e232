package import Digests
package import RunStore
package import Studies

/// A look at everything that a run keeps: rows, `HEAD`, blobs, snapshots and the study file.
package struct RunCheck: Sendable {
  /// The run, open for reading.
  package let open: OpenRun
  /// What is wrong, a line each, with what to do about it; empty for a sound run.
  package private(set) var problems: [String] = []
  /// Needed blobs that are not as they were written.
  package private(set) var lost: Set<Digest> = []

  /// Looks at the run, also while a coordinator writes; then what it replaces meanwhile may look like damage, and a second
  /// look tells.
  ///
  /// - Parameter onJudged: is told the entries of the history in order, as far as facts and blobs reach: what each is
  ///   called, and the jobs that judged it.
  /// - Throws: `RunStoreError` and `StudyFileError` for damage that leaves nothing to look at, naming the file.
  /// - Complexity: linear in the bytes of the run, and a replay from the start.
  package init(directory: String, onJudged: (String, [TrialDraw], RunStore) -> Void = { _, _, _ in }) throws {
    let open = try OpenRun.look(directory: directory)
    self.open = open
    let (store, resume) = (open.store, "`sentei resume \(directory)`")
    let complaint = try store.structuralComplaint()
    // No coordinator writes to a database that SQLite finds fault with.
    problems = store.damage.map { complaint == nil ? "\($0) (\(resume) sees to it)" : "\($0)" }
    problems += open.damage.dropFirst(store.damage.count)
    if let complaint {
      problems.append(
        "\(store.layout.database) is damaged (\(complaint)): restore it from a copy, or run the study in a new directory "
          + "with --reuse \(directory)")
    }
    let attempts = try store.attemptSummary().damaged
    if attempts > 0 { problems.append("\(attempts) attempts are damaged: no report counts their cost") }

    let snapshots = try store.allSnapshots()
    problems += snapshots.damage.map { "\($0) (\(resume) removes it)" }
    let written = Dictionary(uniqueKeysWithValues: snapshots.sound.map { ($0.observed, $0) })
    var wrong: [Int] = []
    var course = SearchCourse()
    let budgets = Set(try store.budgets().map(\.value))
    let census = BlobCensus(of: open.run, facts: open.facts, store: store) { step, run in
      switch step {
      case .trial(let record):
        course.note(record)
        onJudged("\(record.name) \(record.trial.place.id)", record.draws, store)
      case .found(let name, let finding):
        guard let run = run as? MethodRun, let judgement = run.judgement(of: finding) else { break }
        func draw(_ evaluation: Evaluation<FitnessUse>) -> TrialDraw {
          TrialDraw(job: Job.evaluate(evaluation).digest, evaluation: evaluation)
        }
        // That on `train` is asked for at the end: a run that goes on has no fact of it.
        let late = run.trainJudgement(of: finding).map { [draw($0)] } ?? []
        onJudged(name, [draw(judgement)] + late.filter { open.facts[$0.job] != nil }, store)
      case .snapshotMoment:
        guard let planner = (run as? PlannerRun)?.planner, let snapshot = written[planner.observed] else { break }
        // That of a run that was extended may be from before.
        let isState = budgets.contains { snapshot.state == planner.snapshot(budget: $0) }
        let isRight = isState && snapshot.course == course.canonicalBytes
        if !isRight { wrong.append(planner.observed) }
      case .submit, .ended, .needs, .superseded, .blocked, .finished: break
      }
    }
    problems += wrong.map {
      "\(store.layout.snapshot(observed: $0)) is not the state that the facts lead to: remove it"
    }

    lost = Set(census.lost.map(\.digest))
    problems += census.lost.map { "\(store.layout.blob($0.digest)) \($0.complaint): \(resume) makes it again" }
    let inputs = try store.inputsBlob()
    for digest in try store.blobs() where !census.needed.contains(digest) && digest != inputs {
      guard let complaint = store.complaint(aboutBlob: digest), store.hasBlob(digest) else { continue }
      problems.append(
        "\(store.layout.blob(digest)) \(complaint): nothing needs it, `sentei gc \(directory)` removes it")
    }
    if census.isFinished, !store.hasHead {
      problems.append("\(store.layout.head) is missing: \(resume) writes it again")
    }
  }
}
