import Digests
import Scheduling
import Studies

/// A planner whose every job depends on all outcomes before it, in the order of its proposals: another order, a lie or a
/// lost fact, and the history is another one.
struct OrderedPlanner {
  let seed: UInt64
  let count: Int
  /// How far proposals may run ahead of observations; with `isGenerational` all of that many are observed first.
  let lag: Int
  let isGenerational: Bool

  private(set) var proposals: [Job] = []
  private(set) var observed = 0
  /// A digest over all that was observed.
  private(set) var history: Digest

  init(seed: UInt64, count: Int, lag: Int, isGenerational: Bool) {
    (self.seed, self.count, self.lag, self.isGenerational) = (seed, count, lag, isGenerational)
    history = Samples.digest("history \(seed)")
  }

  var isFinished: Bool { observed == count }

  /// Goes as far as the facts reach.
  ///
  /// - Returns: the jobs that were proposed on the way.
  mutating func advance(_ outcome: (Digest) -> Outcome?) -> [Job] {
    let first = proposals.count
    while true {
      let horizon = isGenerational ? (observed / lag + 1) * lag : observed + lag
      while proposals.count < min(count, horizon) { propose() }
      guard observed < proposals.count, let known = outcome(proposals[observed].digest) else { break }
      observe(known)
    }
    return Array(proposals[first...])
  }

  /// The planner at its end, if every job has its outcome at once.
  func completed(_ outcome: (Job) -> Outcome) -> OrderedPlanner {
    var planner = self
    var facts: [Digest: Outcome] = [:]
    while !planner.isFinished {
      for job in planner.advance({ facts[$0] }) { facts[job.digest] = outcome(job) }
    }
    return planner
  }

  /// The bug of one who takes facts as they come.
  mutating func observe(_ outcome: Outcome) {
    history = Digest(of: history.bytes + outcome.canonicalBytes)
    observed += 1
  }

  private mutating func propose() {
    // With a lag the job depends on what has been observed by then, which is always the same number.
    let number = proposals.count << 20 | Int(history.firstWord & 0xF_FFFF)
    proposals.append(history.firstWord % 7 == 0 ? Samples.training(number) : Samples.evaluation(number))
  }
}
