import Digests
import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

/// A worker that answers every job with a pure function of the job's digest, and keeps the blobs that it made.
final class DigestWorker {
  private var made: [Digest: [UInt8]] = [:]
  /// The first segment with this many steps before it, or more, leaves the finite numbers.
  var divergesFrom: Int?
  /// Whether the training of whole networks never does.
  var sparesDense = false

  /// Jobs that leave the finite numbers.
  var diverges: (Job) -> Bool = { _ in false }

  func blob(_ digest: Digest) -> [UInt8]? { made[digest] }

  func outcome(of job: Job) -> Outcome {
    let word = job.digest.firstWord
    switch job {
    case .split: return .split(sampleSplits)
    case .train(let segment) where diverges(job): return .diverged(step: segment.steps.lowerBound)
    case .grow(let growing) where diverges(job): return .diverged(step: growing.step)
    case .train(let segment):
      if let divergesFrom, segment.steps.upperBound > divergesFrom, !(sparesDense && segment.mask == nil) {
        return .diverged(step: segment.steps.lowerBound)
      }
      let count = ParameterLayout(segment.network, scope: segment.scope).count
      return .trained(
        TrainedSegment(
          state: digest("state of \(job.digest.hex)"), parameters: keep(count, word) { Float($0.normal()) }, loss: 0.5))
    case .score(let scoring):
      if case .gradientNorm = scoring.criterion { return .measured(Double(word % 100)) }
      if case .rewriting = scoring.criterion {
        return .scored(keep(ParameterLayout(scoring.network).count, word) { Float($0.normal()) })
      }
      return .scored(keep(scoring.network.prunableCount(scoring.scope), word) { Float($0.uniform()) })
    case .grow(let growing):
      let count = ParameterLayout(growing.grown).count
      return .grown(
        GrownNetwork(
          state: digest("state of \(job.digest.hex)"), parameters: keep(count, word) { Float($0.normal()) },
          gain: Double(word % 1000)))
    case .evaluate(let job):
      return .evaluated(.exact(correct: Int(word % 7), count: job.sampleCount, loss: Double(word % 1000) / 1000))
    case .test(let job):
      return .tested(TestScore(.exact(correct: Int(word % 7), count: job.sampleCount, loss: 0.5), top5: 8))
    }
  }

  private func keep(_ count: Int, _ word: UInt64, _ value: (inout RandomStream) -> Float) -> Digest {
    var stream = RandomStream(seed: word, .test)
    let bytes = Parameters.canonicalBytes(of: (0..<count).map { _ in value(&stream) })
    let digest = Digest(of: bytes)
    made[digest] = bytes
    return digest
  }
}

/// Drives a study of methods to its end, and notes everything.
struct MethodDrive {
  let worker = DigestWorker()
  private(set) var run: MethodRun
  private(set) var facts: [Digest: Outcome]
  private(set) var outstanding: [Job] = []
  private(set) var jobs: [Job] = []
  private(set) var removed: Set<Digest> = []
  private(set) var isFinished = false

  init(_ study: MethodStudy, facts: [Digest: Outcome] = [:]) {
    run = MethodRun(study)
    self.facts = facts
  }

  /// The history that a replay of all facts tells.
  func history() throws -> [String] {
    var replay = MethodRun(run.study)
    var lines: [String] = []
    while true {
      switch try replay.step({ facts[$0] }) {
      case .submit(let jobs): #expect(jobs.isEmpty || !isFinished, "a replay asks for jobs")
      case .needs(let digest): try replay.supply(try #require(worker.blob(digest)))
      case .trial(let record): lines.append(record.line)
      case .found(let name, let finding): lines.append(finding.line(name))
      case .ended(let name, let ending): lines.append(HistoryEntry.ended(name: name, ending).line)
      case .snapshotMoment, .superseded: break
      case .blocked, .finished: return lines
      }
    }
  }

  mutating func advance() throws {
    while true {
      switch try run.step({ [facts] in facts[$0] }) {
      case .submit(let jobs):
        outstanding += jobs
        self.jobs += jobs
        #expect(jobs.allSatisfy { removed.isDisjoint(with: $0.inputs) }, "a job needs a blob that was given up")
      case .needs(let digest):
        #expect(!removed.contains(digest), "a blob that was given up is needed")
        try run.supply(try #require(worker.blob(digest)))
      case .superseded(let blobs):
        removed.formUnion(blobs)
        #expect(outstanding.allSatisfy { removed.isDisjoint(with: $0.inputs) }, "an open job loses an input")
      case .trial, .found, .ended, .snapshotMoment: break
      case .blocked: return
      case .finished:
        isFinished = true
        return
      }
    }
  }

  mutating func answer(_ index: Int) {
    let job = outstanding.remove(at: index)
    facts[job.digest] = worker.outcome(of: job)
  }

  mutating func finish() throws {
    try advance()
    while !isFinished {
      try #require(!outstanding.isEmpty, "nothing is asked for and nothing is finished")
      answer(0)
      try advance()
    }
  }

  /// To the end, with outcomes in an order of chance and some of them together.
  mutating func finish(shuffling stream: inout RandomStream, until limit: Int = .max) throws {
    try advance()
    while !isFinished, facts.count < limit {
      for _ in 0...stream.below(outstanding.count) { answer(stream.below(outstanding.count)) }
      try advance()
    }
  }
}

/// Two replicates of one small network under every criterion and schedule, beside a search.
func smallMethods(
  start: MethodRetraining.Start = .finetune, granularity: Granularity = .weights
) throws -> MethodStudy {
  let study = try shortStudy()
  let subject = MethodSubject(
    name: "small", dataset: study.dataset, splits: study.splits, network: study.network, training: study.training,
    segment: study.segment, earlyStopping: start == .finetune ? nil : EarlyStopping(patience: 100),
    units: UnitsPlan(granularity: granularity),
    retraining: MethodRetraining(
      start: start, recipe: start == .finetune ? TrainingRecipe(epochs: 1, batchSize: 20) : study.training,
      segment: .steps(3)))
  var procedures: [Procedure] = [.dense]
  for criterion in PruningCriterion.allCases {
    guard granularity == .weights || ![.deviation, .sensitivity].contains(criterion) else { continue }
    for reach in PruningReach.allCases where !criterion.isGlobal || reach == .global {
      procedures.append(.pruning(PruningMethod(criterion, reach), compression: 1.8))
    }
  }
  for schedule in [PruningSchedule.iterative(rounds: 3), .cubic(rounds: 3)] {
    for criterion in [PruningCriterion.magnitude, .random] {
      procedures.append(.pruning(PruningMethod(criterion, .global, schedule: schedule), compression: 2))
    }
  }
  if start == .finetune {
    procedures.append(.search(SearchPlan(.genetic, .genetic(smallGenetic)), compression: 2, trials: 24))
  }
  return MethodStudy(name: "methods", seed: 3, replicates: 2, subjects: [subject], procedures: procedures)
}

/// Expects that a study has one history in whatever order outcomes come, and that a run which begins with what another one
/// knew asks for the rest alone.
func expectOneHistory(_ study: MethodStudy, lines: Int, seeds: ClosedRange<UInt64>) throws {
  var inOrder = MethodDrive(study)
  try inOrder.finish()
  let expected = try inOrder.history()
  #expect(expected.count == lines)
  for seed in seeds {
    var stream = RandomStream(seed: seed, .test)
    var drive = MethodDrive(study)
    try drive.finish(shuffling: &stream)
    #expect(try drive.history() == expected, "seed \(seed)")
    let some = drive.facts.filter { _ in stream.chance(0.5) }
    var resumed = MethodDrive(study, facts: some)
    try resumed.finish()
    #expect(try resumed.history() == expected && resumed.jobs.allSatisfy { some[$0.digest] == nil }, "seed \(seed)")
  }
}
