internal import Digests
internal import Models
internal import Pruning

/// One procedure of a study of methods, with one subject in one replicate: a chain of jobs that waits for no other one.
///
/// Steps like ``PlannerRun``.
struct Branch: Sendable {
  /// What tells it from the others, in histories: subject, replicate, procedure.
  let label: String
  private(set) var subject: MethodSubject
  /// Whose tickets are transferred; nil for none.
  private let donor: MethodSubject?
  let procedure: Procedure
  let place: FindingPlace
  let seed: UInt64
  let numerics: NumericsClass
  let sensitivity: SensitivityPlan
  let removesDeadNeurons: Bool
  private var desk = Desk()
  /// Findings that were handed out.
  private var told = 0
  private(set) var isFinished = false
  /// Why it ended without what it is for; nil where it did not.
  private(set) var ending: BranchEnding?
  private var hasToldEnding = false

  init(_ study: MethodStudy, subject index: Int, replicate: Int, procedure: Int) {
    subject = study.subjects[index]
    self.procedure = study.procedures[procedure]
    if case .transferred(let source, _, _) = self.procedure { donor = study.subjects[source] } else { donor = nil }
    label = "\(subject.name)#\(replicate + 1):\(self.procedure.name)"
    place = FindingPlace(subject: index, procedure: procedure, replicate: replicate, level: 0)
    seed = study.seed(ofReplicate: replicate)
    numerics = study.numerics
    sensitivity = study.sensitivity
    removesDeadNeurons = study.removesDeadNeurons
  }

  /// The branch as if it were of the subject whose tickets are transferred.
  ///
  /// - Precondition: its procedure is a transfer.
  var ofDonor: Branch {
    var branch = self
    branch.subject = donor!
    return branch
  }

  var findings: [Finding] { desk.findings }

  /// What a finding is called in the history: the label, with the level where there are several.
  func name(of finding: Finding) -> String { expected == 1 ? label : "\(label):\(finding.place.level)" }

  /// The slices of its data, once they are known.
  var splits: Splits? { desk.splits }

  /// Goes on by one step, as ``PlannerRun/step(_:)``.
  mutating func step(_ outcome: (Digest) -> Outcome?) throws(StudyFailure) -> RunStep {
    let superseded = desk.takeSuperseded()
    if !superseded.isEmpty { return .superseded(superseded) }
    if told < desk.findings.count {
      told += 1
      return .found(name: name(of: desk.findings[told - 1]), desk.findings[told - 1])
    }
    if let ending, !hasToldEnding {
      hasToldEnding = true
      return .ended(name: label, ending)
    }
    if isFinished { return .finished }
    if let next = stepSearch(outcome) { return next }
    if let blob = desk.neededBlob { return .needs(blob) }
    if let next = desk.waiting.first {
      guard let known = outcome(next.digest) else { return .blocked }
      guard let observation = Observation(known) else {
        preconditionFailure("a test outcome under the digest of a planner's job")
      }
      return .submit(desk.observe(observation))
    }
    desk.begin()
    do {
      try follow(&desk)
      isFinished = true
      return .submit([])
    } catch {
      switch error {
      case .waiting: return .submit(desk.waiting.map(\.proposal.job))
      case .ended(let reason):
        (isFinished, ending) = (true, reason)
        return .submit([])
      case .failed(let failure): throw named(failure)
      }
    }
  }

  /// A search goes on as in a study of its own; what it needs and says is passed on.
  private mutating func stepSearch(_ outcome: (Digest) -> Outcome?) -> RunStep? {
    switch desk.stepSearch(outcome) {
    case .trial(var record):
      record.label = label
      return .trial(record)
    // Snapshots of a single search are none of the study.
    case .snapshotMoment, .finished: return .submit([])
    case let other: return other
    }
  }

  mutating func supply(_ bytes: [UInt8]) throws(StudyFailure) {
    do { if !(try desk.supplySearch(bytes)) { try desk.supply(bytes) } } catch { throw named(error) }
  }

  private func named(_ failure: StudyFailure) -> StudyFailure { StudyFailure("\(label): \(failure.description)") }

  /// The jobs that it asked for since the last call; of a search's, once it has ended.
  mutating func takeAsked() -> [Digest] { desk.takeAsked() }

  /// The blobs that it gave up since the last call or step.
  mutating func takeSuperseded() -> [Digest] { desk.takeSuperseded() }

  /// The blobs that jobs without an outcome need, or later ones may.
  var held: [Digest] {
    desk.held + desk.waiting.flatMap(\.proposal.job.inputs)
      + desk.findings.flatMap { [$0.parameters] + ($0.pruned.map { [$0] } ?? []) }
  }

  /// How many networks it will find, if nothing ends it early.
  var expected: Int {
    switch procedure {
    case .dense, .search, .controlled, .growth, .structure: 1
    case .pruning(let method, let compression): method.schedule.compressions(to: compression).count
    case .tickets(let plan, _), .transferred(_, _, let plan): plan.levels
    }
  }
}
