internal import Digests
internal import RunStore
internal import Search
internal import Studies

/// Which blobs of a run are needed, and which are needed no more, as its facts tell by a replay.
struct BlobCensus {
  /// A needed blob that is not there as it was written.
  struct Lost {
    let digest: Digest
    /// For people: `is missing`, for example.
    let complaint: String
  }

  /// What going on, the comparison on `test` and its export need.
  private(set) var needed: Set<Digest> = []
  /// What the planner gave up, such as states of training that went on.
  private(set) var superseded: Set<Digest> = []
  /// By digest; after the first one that the planner itself reads nothing is known of what follows.
  private(set) var lost: [Lost] = []
  private(set) var isFinished = false

  /// Replays as far as facts and blobs reach.
  ///
  /// - Parameters:
  ///   - start: where the replay begins; what was needed before that is not found out.
  ///   - watch: is told each step, with the study behind it.
  /// - Complexity: that of the replay, and linear in the bytes of the needed blobs.
  init(
    of start: any StudyRun, facts: [Digest: Outcome], store: RunStore,
    watch: (RunStep, any StudyRun) -> Void = { _, _ in }
  ) {
    var run = start
    // A study that fails needs nothing more, and says so itself when it is resumed.
    replay: while let step = try? run.step({ facts[$0] }) {
      watch(step, run)
      switch step {
      case .submit, .trial, .found, .ended, .snapshotMoment: break
      case .superseded(let blobs): superseded.formUnion(blobs)
      case .needs(let digest):
        needed.insert(digest)
        guard let bytes = try? store.blob(digest), (try? run.supply(bytes)) != nil else { break replay }
      case .blocked: break replay
      case .finished:
        isFinished = true
        break replay
      }
    }
    needed.formUnion(run.neededBlobs)
    for contestant in run.contestants { for job in contestant.allJobs { needed.formUnion(job.inputs) } }
    // The data sets themselves are no blobs: only the coordinator's own splits name them.
    needed.subtract(run.datasets)
    lost = needed.sorted().compactMap { digest in
      store.complaint(aboutBlob: digest).map { Lost(digest: digest, complaint: $0) }
    }
  }
}

/// Where a run can go on from: the newest snapshot, or after a loss the start, with the facts that can be relied on.
struct Standing {
  private(set) var run: any StudyRun
  /// How the searches went until there.
  private(set) var course = SearchCourse()
  /// Without those whose blobs have to be made again.
  private(set) var facts: [Digest: Outcome]
  /// What was lost, for people.
  private(set) var damage: [String] = []

  /// - Parameter start: the study at its start.
  /// - Throws: `RunStoreError` where a damaged file cannot be removed.
  /// - Complexity: a replay and the bytes of the needed blobs; after a loss a replay for each fact of a chain of training.
  init(_ start: any StudyRun, snapshot: Snapshot?, facts: [Digest: Outcome], store: RunStore) throws {
    run = start
    self.facts = facts
    if let snapshot, var planner = (start as? PlannerRun)?.planner,
      let parameters = try? planner.parametersOfSnapshot(snapshot.state)
    {
      let before = planner.observed
      try? planner.restore(
        snapshot.state, parameters: try store.blob(parameters),
        scores: try planner.scoresOfSnapshot(snapshot.state).map { try store.blob($0) })
      if planner.observed > before, let known = try? SearchCourse(canonical: snapshot.course) { course = known }
      run = PlannerRun(planner, executor: .concurrent)
    }
    var lost = BlobCensus(of: run, facts: facts, store: store).lost
    guard !lost.isEmpty else { return }
    // What made a lost blob is asked for again by a replay from the start alone. Its own inputs may be gone on purpose,
    // such as the state before; then what made those is done again too, to the same bits.
    run = start
    course = SearchCourse()
    damage = lost.map { "\(store.layout.blob($0.digest)) \($0.complaint): what made it is computed again" }
    while !lost.isEmpty {
      // What is damaged must not pass for what will be made in its place.
      for blob in lost { try store.removeBlob(blob.digest) }
      let gone = Set(lost.map(\.digest))
      let sound = self.facts.filter { gone.isDisjoint(with: $1.blobs) }
      // What no fact made cannot be made again: the planner or a worker will ask for it and say so.
      guard sound.count < self.facts.count else { return }
      self.facts = sound
      lost = BlobCensus(of: start, facts: sound, store: store).lost
    }
  }
}
