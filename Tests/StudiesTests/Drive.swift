import Digests
import Randomness
import Search
import Studies
import Testing

/// Drives a planner to its end with the facts that it is given, and notes everything.
struct Drive {
  let worker: FakeWorker
  private(set) var run: PlannerRun
  /// What is known, and the order in which it became known.
  private(set) var facts: [Digest: Outcome]
  private(set) var arrivals: [Digest] = []
  /// Jobs handed out and not yet answered.
  private(set) var outstanding: [Job] = []
  /// Every job that was handed out.
  private(set) var jobs: [Job] = []
  /// Blobs that the planner gave up.
  private(set) var removed: Set<Digest> = []
  private(set) var records: [TrialRecord] = []
  /// Snapshots with the number of trials before them.
  private(set) var snapshots: [(state: [UInt8], trials: Int)] = []
  private(set) var isFinished = false

  init(
    _ planner: SearchStudy, _ worker: FakeWorker, facts: [Digest: Outcome] = [:], executor: Executor = .serial
  ) {
    run = PlannerRun(planner, executor: executor)
    self.worker = worker
    self.facts = facts
  }

  var lines: [String] { records.map(\.line) }

  var submitted: [Digest] { jobs.map(\.digest) }

  /// The training jobs that were handed out.
  var segments: [TrainingSegment] {
    jobs.compactMap { if case .train(let segment) = $0 { segment } else { nil } }
  }

  /// The evaluations that were handed out.
  var evaluations: [Evaluation<FitnessUse>] {
    jobs.compactMap { if case .evaluate(let evaluation) = $0 { evaluation } else { nil } }
  }

  /// Goes on until only new facts help, or to the end.
  mutating func advance() throws {
    while true {
      switch try run.step({ [facts] in facts[$0] }) {
      case .submit(let jobs):
        outstanding += jobs
        self.jobs += jobs
        #expect(jobs.allSatisfy { removed.isDisjoint(with: $0.inputs) }, "a job needs a blob that was given up")
      case .needs(let digest):
        #expect(!removed.contains(digest), "the planner needs a blob that it gave up")
        try run.supply(worker.blob(digest))
      case .superseded(let blobs):
        removed.formUnion(blobs)
        #expect(outstanding.allSatisfy { removed.isDisjoint(with: $0.inputs) }, "an open job loses an input")
      case .trial(let record): records.append(record)
      case .found, .ended: Issue.record("a study of searches finds trials")
      case .snapshotMoment:
        let state = try #require(run.planner.snapshot, "a moment without a snapshot")
        snapshots.append((state, records.count))
      case .blocked: return
      case .finished:
        isFinished = true
        return
      }
    }
  }

  /// Brings the outcome of one outstanding job, the worker's unless another is given.
  mutating func answer(_ index: Int, with outcome: Outcome? = nil) {
    let job = outstanding.remove(at: index)
    facts[job.digest] = outcome ?? worker.outcome(of: job)
    arrivals.append(job.digest)
  }

  /// To the end, with outcomes in the order in which they were asked for.
  mutating func finish() throws {
    try advance()
    while !isFinished {
      answer(0)
      try advance()
    }
  }

  /// To the end, with outcomes in an order of chance and some of them together.
  mutating func finish(shuffling stream: inout RandomStream) throws {
    try advance()
    while !isFinished {
      for _ in 0...stream.below(outstanding.count) { answer(stream.below(outstanding.count)) }
      try advance()
    }
  }
}

extension Drive {
  /// A whole run of a study.
  static func whole(_ study: Study, generations: Int, _ worker: FakeWorker? = nil) throws -> Drive {
    var drive = Drive(try planner(study, generations: generations), worker ?? FakeWorker(study))
    try drive.finish()
    return drive
  }
}

/// A planner at its start.
func planner(_ study: Study, generations: Int, memory: GenomeMemory = GenomeMemory()) throws -> SearchStudy {
  try SearchStudy(
    study, dataset: digest("dataset"), trials: generations * study.searches[0].settings.generationSize, memory: memory)
}
