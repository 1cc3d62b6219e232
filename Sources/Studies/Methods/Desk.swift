internal import Digests
internal import Models
internal import Pruning

/// Where a procedure asks for what it needs, and is told.
///
/// A procedure is a plain function that asks one thing after another. Where an answer is not there yet, it is left by
/// ``Pause`` and called again from its beginning once the answer is: what was answered before is read from the journal.
/// So a procedure of many steps reads like a recipe, and is a pure function of the answers all the same. The alternative,
/// a state machine for each procedure, was several times as long.
struct Desk: Sendable {
  /// Why a procedure cannot go on now.
  enum Pause: Error {
    /// For the answer of the open step.
    case waiting
    /// It never can, since what came of a job leaves nothing to go on with. The study goes on without it.
    case ended(BranchEnding)
    /// The study itself cannot go on.
    case failed(StudyFailure)
  }

  enum Answer: Sendable {
    case observations([Observation])
    case chain(TrainingChain)
    case mask(Mask)
    /// Over units.
    case best(Mask)
    /// What no job answers, but is not worked out again each time that the procedure is called.
    case sites([GrowthProgress.Open])
    case growths([GrowthChoice])
    case structure(StructureSearch, Development.Seed)
    case changes([GrowthChoice?])
    case candidates([StructureSearch.Candidate])
    case ended(BranchEnding)
  }

  /// What the journal ends before.
  enum Step: Sendable {
    /// Jobs that do not need each other, with the digest of each and what is known of the first of them.
    case jobs([(proposal: Proposal, digest: Digest)], observations: [Observation])
    case chain(TrainingChain, proposal: Proposal, digest: Digest)
    case blobs([Digest], values: [[Float]])
    case search(PlannerRun)
  }

  private var journal: [Answer] = []
  /// How much of the journal this call of the procedure has read.
  private var place = 0
  private(set) var step: Step?
  /// What the procedure has found so far.
  private(set) var findings: [Finding] = []
  private var reported = 0
  private var superseded: [Digest] = []
  /// What a procedure said that it needs no more; it says so again each time that it is called.
  private var givenUp: Set<Digest> = []
  /// The jobs that the procedure asked for since somebody looked.
  private var asked: [Digest] = []

  // MARK: For procedures

  /// The slices of a subject.
  mutating func splits(_ job: SplitJob) throws(Pause) -> Splits {
    guard case .split(let splits) = try observations([Proposal(job: .split(job), strategy: .split)])[0] else {
      preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
    }
    return splits
  }

  /// A training to its end.
  mutating func train(_ plan: TrainingChain.Plan, _ splits: Splits) throws(Pause) -> TrainingChain {
    if let answer = try next() {
      guard case .chain(let chain) = answer else { preconditionFailure("another call than before") }
      return chain
    }
    let chain = TrainingChain(plan, train: splits.train, validation: splits.validation)
    guard chain.result == nil else {
      record(.chain(chain))
      return chain
    }
    open(chain)
    throw .waiting
  }

  /// The scores of weights, by blob; nil where they are not finite.
  mutating func scores(_ job: Scoring) throws(Pause) -> Digest? {
    switch try observations([Proposal(job: .score(job), strategy: .scoring)])[0] {
    case .scored(let blob): return blob
    case .diverged: return nil
    default: preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
    }
  }

  /// A segment of a training.
  mutating func trained(_ segment: TrainingSegment) throws(Pause) -> TrainedSegment {
    switch try observations([Proposal(job: .train(segment), strategy: .training)])[0] {
    case .trained(let trained): return trained
    case .diverged(let step): throw .ended(.diverged(step: step))
    default: preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
    }
  }

  /// Says that nothing will ask for some blobs any more, unless it asks for equal jobs.
  mutating func giveUp(_ blobs: [Digest]) {
    for blob in blobs where givenUp.insert(blob).inserted { superseded.append(blob) }
  }

  /// The scores of networks.
  mutating func evaluate(_ jobs: @autoclosure () -> [Evaluation<FitnessUse>]) throws(Pause) -> [Score] {
    try observations(jobs().map { Proposal(job: .evaluate($0), strategy: .validation) }).map { observation in
      guard case .evaluated(let score) = observation else { preconditionFailure("a score without a threshold") }
      return score
    }
  }

  /// The scores of networks whose masks are made of the values of blobs; no mask is kept behind its job.
  ///
  /// - Parameter jobs: called once, with the values of each blob.
  mutating func evaluate(
    from blobs: [Digest], _ jobs: ([[Float]]) throws(StudyFailure) -> [Evaluation<FitnessUse>]
  ) throws(Pause) -> [Score] {
    if place < journal.count { return try evaluate([]) }
    var known: [[Float]] = []
    if case .blobs(_, let values) = step { known = values }
    guard known.count == blobs.count else {
      step = .blobs(blobs, values: known)
      throw .waiting
    }
    let made: [Evaluation<FitnessUse>]
    do { made = try jobs(known) } catch { throw .failed(error) }
    return try evaluate(made)
  }

  /// A mask that is made of the values of blobs.
  ///
  /// - Parameters:
  ///   - blobs: none for a mask of chance.
  ///   - body: what makes it; called once, with the values of each blob.
  mutating func mask(
    from blobs: [Digest], _ body: ([[Float]]) throws(StudyFailure) -> Mask
  ) throws(Pause) -> Mask {
    if let answer = try next() {
      guard case .mask(let mask) = answer else { preconditionFailure("another call than before") }
      return mask
    }
    var known: [[Float]] = []
    if case .blobs(_, let values) = step { known = values }
    guard known.count == blobs.count else {
      step = .blobs(blobs, values: known)
      throw .waiting
    }
    let mask: Mask
    do { mask = try body(known) } catch { throw .failed(error) }
    step = nil
    record(.mask(mask))
    return mask
  }

  /// The best mask of a search, over units.
  mutating func search(_ planner: () throws(StudyFailure) -> SearchStudy) throws(Pause) -> Mask {
    if let answer = try next() {
      guard case .best(let mask) = answer else { preconditionFailure("another call than before") }
      return mask
    }
    do { step = .search(PlannerRun(try planner())) } catch { throw .failed(error) }
    throw .waiting
  }

  /// Notes what the procedure found, in order; once, however often it is called again.
  mutating func report(_ finding: @autoclosure () -> Finding) {
    reported += 1
    if reported > findings.count { findings.append(finding()) }
  }

  /// The outcomes of jobs that do not need each other.
  mutating func observations(_ proposals: @autoclosure () -> [Proposal]) throws(Pause) -> [Observation] {
    if let answer = try next() {
      guard case .observations(let observations) = answer else { preconditionFailure("another call than before") }
      return observations
    }
    let jobs = proposals().map { ($0, $0.job.digest) }
    asked += jobs.map(\.1)
    step = .jobs(jobs, observations: [])
    throw .waiting
  }

  /// The journal's next answer; nil where it ends.
  mutating func next() throws(Pause) -> Answer? {
    guard place < journal.count else { return nil }
    place += 1
    if case .ended(let reason) = journal[place - 1] { throw .ended(reason) }
    return journal[place - 1]
  }

  /// Adds an answer to the journal.
  mutating func record(_ answer: Answer) {
    journal.append(answer)
    place = journal.count
  }

  private mutating func open(_ chain: TrainingChain) {
    let proposal = chain.proposal()
    let digest = proposal.job.digest
    asked.append(digest)
    step = .chain(chain, proposal: proposal, digest: digest)
  }

  // MARK: For the branch

  /// Before each call of the procedure.
  mutating func begin() {
    place = 0
    reported = 0
  }

  /// The jobs that the open step waits for, next ones first.
  var waiting: [(proposal: Proposal, digest: Digest)] {
    switch step {
    case .jobs(let jobs, let observations): Array(jobs.dropFirst(observations.count))
    case .chain(_, let proposal, let digest): [(proposal, digest)]
    case .blobs, .search, nil: []
    }
  }

  /// The blob that the open step needs next; nil if it has all.
  var neededBlob: Digest? {
    guard case .blobs(let blobs, let values) = step, values.count < blobs.count else { return nil }
    return blobs[values.count]
  }

  /// Takes the outcome of the first job that is waited for.
  ///
  /// - Returns: the jobs that are to be asked for now.
  mutating func observe(_ observation: Observation) -> [Job] {
    switch step {
    case .jobs(let jobs, var observations):
      observations.append(observation)
      if observations.count == jobs.count {
        step = nil
        record(.observations(observations))
      } else {
        step = .jobs(jobs, observations: observations)
      }
      return []
    case .chain(var chain, _, _):
      step = nil
      do { try chain.observe(observation) } catch {
        if case .diverged(let step) = observation {
          record(.ended(.diverged(step: step)))
        } else {
          record(.ended(.noFiniteLoss))
        }
        return []
      }
      superseded += chain.takeSuperseded()
      guard chain.result == nil else {
        if let state = chain.lastState { superseded.append(state) }
        record(.chain(chain))
        return []
      }
      open(chain)
      return waiting.map(\.proposal.job)
    case .blobs, .search, nil: preconditionFailure("no job was asked for")
    }
  }

  /// Takes the blob that ``neededBlob`` names.
  ///
  /// - Throws: ``StudyFailure`` for bytes that hold no finite values.
  mutating func supply(_ bytes: [UInt8]) throws(StudyFailure) {
    guard case .blobs(let blobs, var values) = step else { preconditionFailure("no blob was asked for") }
    guard let supplied = try? Parameters.values(canonical: bytes) else {
      throw StudyFailure("the stored blob \(blobs[values.count]) holds no values")
    }
    values.append(supplied)
    step = .blobs(blobs, values: values)
  }

  /// Steps a search that is open; nil where none is. One that fails has ended.
  mutating func stepSearch(_ outcome: (Digest) -> Outcome?) -> RunStep? {
    guard case .search(var run) = step else { return nil }
    // Not a second reference to its population while it breeds.
    step = nil
    let next: RunStep
    do { next = try run.step(outcome) } catch {
      asked += run.asked.sorted()
      record(.ended(.searchFailed))
      return .finished
    }
    if case .finished = next {
      asked += run.asked.sorted()
      record(run.planner.bestUnits.map { .best($0) } ?? .ended(.searchFailed))
    } else {
      step = .search(run)
    }
    return next
  }

  /// Hands an open search the blob that it asked for.
  mutating func supplySearch(_ bytes: [UInt8]) throws(StudyFailure) -> Bool {
    guard case .search(var run) = step else { return false }
    step = nil
    try run.supply(bytes)
    step = .search(run)
    return true
  }

  /// What the procedure began with.
  var splits: Splits? {
    guard case .observations(let observations) = journal.first, case .split(let splits) = observations[0] else {
      return nil
    }
    return splits
  }

  mutating func takeAsked() -> [Digest] {
    defer { asked = [] }
    return asked
  }

  mutating func takeSuperseded() -> [Digest] {
    defer { superseded = [] }
    return superseded
  }

  /// Blobs that later jobs may need.
  var held: [Digest] {
    var out = journal.flatMap { answer -> [Digest] in
      switch answer {
      case .chain(let chain): chain.held + [chain.result!]
      case .observations(let observations):
        observations.flatMap { observation -> [Digest] in
          switch observation {
          case .scored(let blob): [blob]
          case .trained(let segment): [segment.state, segment.parameters].filter { !givenUp.contains($0) }
          case .grown(let network): [network.state, network.parameters].filter { !givenUp.contains($0) }
          case .split, .diverged, .measured, .evaluated, .worseThanThreshold: []
          }
        }
      case .mask, .best, .sites, .growths, .structure, .changes, .candidates, .ended: []
      }
    }
    switch step {
    case .chain(let chain, _, _): out += chain.held
    case .search(let run): out += run.planner.heldBlobs + run.planner.openInputs
    case .blobs(let blobs, _): out += blobs
    case .jobs, nil: break
    }
    return out
  }
}
