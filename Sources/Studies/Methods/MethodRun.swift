package import Digests
internal import Models
internal import Search

/// A study of methods on its way: all its branches, each of which goes on as soon as what it waits for is there.
///
/// A branch's history is a function of its facts alone; that of the study is theirs, one branch after another, as a replay
/// with all facts goes through them. So no branch waits for another, and the order in which facts become known changes
/// nothing.
package struct MethodRun: Sendable {
  package let study: MethodStudy
  private var branches: [Branch]
  /// Of each branch.
  private let matters: [Matter]
  /// Jobs that were handed out, or were known when they were asked for.
  private var submitted: Set<Digest> = []
  /// Blobs that branches gave up, by what they are about, until all of its branches have finished: equal trainings have
  /// equal blobs, so another one may need them, or make them again, later.
  private var givenUp: [Matter: [Digest]] = [:]
  private var open: [Matter: Int] = [:]
  /// The branch that goes on next.
  private var current = 0
  /// Branches in a row that could not go on.
  private var idle = 0
  /// The branch that first asked for each job: whose it is, where several need it. Of a search's jobs once it has ended.
  package private(set) var owners: [Digest: Int] = [:]

  /// What branches with equal trainings have in common.
  private struct Matter: Hashable {
    /// Not their data: states of no step are the same with all. Nil where branches of one subject need what those of
    /// another make, or can train the same networks.
    let network: Digest?
    let seed: UInt64

    init(_ branch: Branch, isShared: Bool) {
      network = isShared ? nil : branch.subject.network.digest
      seed = branch.seed
    }
  }

  package init(_ study: MethodStudy) {
    self.study = study
    branches = study.subjects.indices.flatMap { subject in
      (0..<study.replicates).flatMap { replicate in
        study.procedures.indices.filter { study.procedures[$0].isMeant(forSubject: subject) }.map {
          Branch(study, subject: subject, replicate: replicate, procedure: $0)
        }
      }
    }
    let isShared = study.procedures.contains { $0.isTransfer || $0.growthPlan != nil }
    matters = branches.map { Matter($0, isShared: isShared) }
    for matter in matters { open[matter, default: 0] += 1 }
  }

  /// Goes on by one step, as ``PlannerRun/step(_:)``.
  ///
  /// - Parameter outcome: the fact of a job, if there is one.
  /// - Throws: ``StudyFailure`` where an outcome ends the study.
  package mutating func step(_ outcome: (Digest) -> Outcome?) throws(StudyFailure) -> RunStep {
    while idle < branches.count {
      let wasFinished = branches[current].isFinished
      let next = try branches[current].step(outcome)
      if !wasFinished, branches[current].isFinished, let given = finish(branches[current]) { return .superseded(given) }
      for job in branches[current].takeAsked() where owners[job] == nil { owners[job] = current }
      switch next {
      case .blocked, .finished:
        idle += 1
        current = (current + 1) % branches.count
      case .submit(let jobs):
        idle = 0
        return .submit(fresh(jobs, outcome))
      case .superseded(let blobs):
        idle = 0
        givenUp[matters[current], default: []] += blobs
      case .needs, .trial, .found, .ended, .snapshotMoment:
        idle = 0
        return next
      }
    }
    idle = 0
    guard isFinished else { return .blocked }
    guard !findings.isEmpty else {
      let first = endings.first.map { "\($0.name): \($0.ending.words)" } ?? "nothing was asked for"
      throw StudyFailure("no branch found a network; \(first)")
    }
    return .finished
  }

  /// Counts a branch that has finished.
  ///
  /// - Returns: the blobs that nothing needs any more, if it was the last of its matter; nil for none.
  private mutating func finish(_ branch: Branch) -> [Digest]? {
    let matter = matters[current]
    // What it gave up in its last call, too.
    givenUp[matter, default: []] += branches[current].takeSuperseded()
    open[matter]! -= 1
    guard open[matter] == 0, let given = givenUp.removeValue(forKey: matter) else { return nil }
    let needed = Set(neededBlobs)
    let out = Set(given).subtracting(needed).sorted()
    idle = 0
    return out.isEmpty ? nil : out
  }

  /// Hands the branch that asked the blob that ``RunStep/needs(_:)`` named.
  ///
  /// - Throws: ``StudyFailure`` if it is not what it expects.
  package mutating func supply(_ blob: [UInt8]) throws(StudyFailure) { try branches[current].supply(blob) }

  private mutating func fresh(_ jobs: [Job], _ outcome: (Digest) -> Outcome?) -> [Job] {
    jobs.filter { job in
      let digest = job.digest
      return submitted.insert(digest).inserted && outcome(digest) == nil
    }
  }

  package var isFinished: Bool { branches.allSatisfy(\.isFinished) }

  /// What was found so far, branch by branch.
  package var findings: [Finding] { branches.flatMap(\.findings) }

  /// The same with what each is called in the history.
  var namedFindings: [(name: String, finding: Finding)] {
    branches.flatMap { branch in branch.findings.map { (branch.name(of: $0), $0) } }
  }

  /// The branches that ended without what they are for, with the reason of each.
  package var endings: [(name: String, ending: BranchEnding)] {
    branches.compactMap { branch in branch.ending.map { (branch.label, $0) } }
  }

  /// Networks found, and how many there will be if nothing ends early.
  package var progress: (found: Int, expected: Int) {
    (branches.reduce(0) { $0 + $1.findings.count }, branches.reduce(0) { $0 + $1.expected })
  }

  /// The blobs that open jobs need and later ones may, and the slices.
  package var neededBlobs: [Digest] {
    branches.flatMap { $0.held + ($0.splits.map { Outcome.split($0).blobs } ?? []) }
      + study.subjects.compactMap(\.pretrained)
  }

  /// The slices of a subject in a replicate, once they are known.
  func splits(subject: Int, replicate: Int) -> Splits? {
    branches.lazy.filter { $0.place.subject == subject && $0.place.replicate == replicate }.compactMap(\.splits).first
  }

  /// The job that judged a network on `validation`.
  package func judgement(of finding: Finding) -> Evaluation<FitnessUse>? {
    judgement(of: finding) { ($0.validation, nil) }
  }

  /// The job that judges a network on samples of `train` for the report: the first ones, as many as `test` has. Nil where
  /// the study does not ask for it.
  package func trainJudgement(of finding: Finding) -> Evaluation<FitnessUse>? {
    guard study.reportsTrainAccuracy else { return nil }
    return judgement(of: finding) { splits in
      (splits.train.forReport, splits.test.count < splits.train.count ? splits.test.count : nil)
    }
  }

  private func judgement(
    of finding: Finding, on slice: (Splits) -> (slice: Slice<FitnessUse>, samples: Int?)
  ) -> Evaluation<FitnessUse>? {
    let (subject, place) = (study.subjects[finding.place.subject], finding.place)
    return splits(subject: place.subject, replicate: place.replicate).map(slice).map { slice, samples in
      Evaluation(
        network: finding.network ?? subject.network, scope: subject.scope, parameters: finding.parameters,
        mask: finding.mask, slice: slice, samples: samples)
    }
  }

  /// Where a branch stands in the study.
  package func place(ofBranch branch: Int) -> FindingPlace { branches[branch].place }
}
