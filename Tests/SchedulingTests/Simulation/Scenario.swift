import Digests
import Models
import Randomness
import Studies

/// What a seed stands for: the jobs, the machines and how rough the world is.
struct Scenario {
  /// The planner at its start.
  let planner: OrderedPlanner
  /// What it has observed in the end, where nobody lies and nothing goes wrong.
  let history: Digest
  let lanes: [Int]
  let classes: [NumericsClass]
  /// The chance that an answer of a worker is a lie; one that was found out never lies again.
  let lies: [Double]
  let auditInterval: Int
  /// How much slower than the fastest each worker is.
  let slowness: [Double]
  /// Mean seconds of a job.
  let jobSeconds: Double
  /// By when the run must have ended, in seconds: the slowest lane alone does all the work, after the faults and all that
  /// they leave behind (a frozen worker, a connection whose end nobody hears of).
  let patience: Double
  /// When the faults stop, in nanoseconds.
  let calm: UInt64
  let faults: [UInt64]
  let dropChance: Double
  let duplicateChance: Double
  let failureChance: Double
  let stragglerChance: Double
  /// The longest time that a message takes, in seconds.
  let delay: Double

  init(seed: UInt64, isCalm: Bool = false) {
    var stream = RandomStream(seed: seed, .test, 0)
    let jobCount = 10 + stream.below(60)
    let planner = OrderedPlanner(
      seed: seed, count: jobCount, lag: 1 + stream.below(20), isGenerational: stream.chance(0.5))
    self.planner = planner
    history = planner.completed { Samples.outcome($0) }.history
    let workers = 1 + stream.below(6)
    lanes = (0..<workers).map { _ in 1 + stream.below(4) }
    // The first worker can do everything, so that the run can end.
    classes = (0..<workers).map { $0 == 0 || stream.chance(0.7) ? .portable : NumericsClass("other") }
    // With one worker nobody can tell; against a liar two others must stand, or the study ends without a verdict.
    let liar = !isCalm && workers > 1 && stream.chance(0.4) ? 1 + stream.below(workers - 1) : nil
    let lieChance = stream.chance(0.5) ? 1 : 0.3
    lies = (0..<workers).map { $0 == liar ? lieChance : 0 }
    auditInterval = isCalm ? 0 : [1, 3, 50][stream.below(3)]
    slowness = (0..<workers).map { _ in stream.chance(0.2) ? 5 : 1 + stream.uniform() }
    jobSeconds = [0.005, 0.05, 0.3, 1, 3][stream.below(5)]
    delay = [0.001, 0.02, 0.3][stream.below(3)]
    // As long as the work takes, so that faults meet jobs.
    let work = Double(jobCount) * jobSeconds * 1.5 / Double(lanes.reduce(0, +))
    let seconds = isCalm ? 0 : min(30, 1 + 1.5 * work)
    calm = UInt64(seconds * 1e9)
    patience = seconds + 120 + Double(jobCount) * jobSeconds * 1.5 * 5 * 1.5
    faults = (0..<(isCalm ? 0 : stream.below(14))).map { _ in UInt64(stream.uniform() * seconds * 1e9) }
    dropChance = isCalm ? 0 : [0, 0.01, 0.1][stream.below(3)]
    duplicateChance = isCalm ? 0 : [0, 0.05][stream.below(2)]
    failureChance = isCalm ? 0 : [0, 0.02][stream.below(2)]
    stragglerChance = isCalm ? 0 : [0, 0.03][stream.below(2)]
  }
}

/// What must not happen.
struct Violation: Error, CustomStringConvertible {
  enum Kind: Hashable {
    case acknowledgedBeforeDisk
    case deliveredTwice
    case deliveredBeforeDisk
    case persistedBeforeBlobs
    case wrongFact
    case sentAfterFact
    case tooManyRunning
    case gaveUp
    case brokenInvariant
    case notFinished
    case notDelivered
    case otherHistory
    case lieKept
    case memory
  }

  let kind: Kind
  let detail: String
  let seconds: Double

  var description: String { "\(kind) after \(seconds) s: \(detail)" }
}

/// What a run did, for people and for the checks that faults were really tried.
struct Tally {
  var seconds = 0.0
  var events = 0
  /// Computations started.
  var starts = 0
  /// Those of jobs whose fact was on the disk by then: backups and copies that were on their way.
  var startsAfterFact = 0
  var computed = 0
  var backups = 0
  var late = 0
  var duplicates = 0
  var audits = 0
  var liars = 0
  var liarsFound = 0
  /// Runs that ended with a lie that nobody checked.
  var deceived = 0
  /// Runs that ended with different answers and nobody to decide.
  var undecided = 0
  var coordinatorLives = 0
  var workerLives = 0

  static func += (left: inout Tally, right: Tally) {
    left.seconds += right.seconds
    left.events += right.events
    left.starts += right.starts
    left.startsAfterFact += right.startsAfterFact
    left.computed += right.computed
    left.backups += right.backups
    left.late += right.late
    left.duplicates += right.duplicates
    left.audits += right.audits
    left.liars += right.liars
    left.liarsFound += right.liarsFound
    left.deceived += right.deceived
    left.undecided += right.undecided
    left.coordinatorLives += right.coordinatorLives
    left.workerLives += right.workerLives
  }
}
