import Foundation

/// What one or many runs under kills came to.
///
/// *Computed again* is a job whose fact was durable at a kill and that a worker computed although it was given it only
/// behind that kill, and not as an audit. Jobs without a fact yet can be computed twice too, which costs work and is
/// counted apart: *backups* of stragglers, *copies* that a restarted coordinator gave out before the worker that still
/// had the job was back, and *answers lost*, which died with a worker on their way.
struct ChaosFigures: Sendable {
  var runs = 0
  var coordinatorKills = 0
  var workerKills = 0
  var bothAtOnce = 0
  /// Times that nobody was killed, because those chosen had nothing in hand.
  var missed = 0
  /// Runs that stopped at a job on which three workers had died by chance, and were resumed.
  var poisonStops = 0
  var facts = 0
  var lostFacts = 0
  var recomputed = 0
  /// Jobs that workers computed, by their journals.
  var computed = 0
  var audits = 0
  var backups = 0
  var copies = 0
  var answersLost = 0
  /// Jobs without an answer at a kill, over all kills.
  var inFlight = 0
  /// Training segments that a killed worker was at, or had waiting, and another worker computed.
  var segmentsMoved = 0
  /// Seconds from the start of a coordinator's process to its listening.
  var resumes: [Double] = []
  /// Seconds from the kill of a worker to the lease of its job to another one.
  var moves: [Double] = []
  /// Seconds from the kill of a coordinator until all workers were welcomed by the next one.
  var returns: [Double] = []

  static func + (a: Self, b: Self) -> Self {
    var sum = a
    let counts: [WritableKeyPath<Self, Int>] = [
      \.runs, \.coordinatorKills, \.workerKills, \.bothAtOnce, \.missed, \.poisonStops, \.facts, \.lostFacts,
      \.recomputed,
      \.computed, \.audits, \.backups, \.copies, \.answersLost, \.inFlight, \.segmentsMoved,
    ]
    for count in counts { sum[keyPath: count] += b[keyPath: count] }
    sum.resumes += b.resumes
    sum.moves += b.moves
    sum.returns += b.returns
    return sum
  }

  /// Computed jobs beyond facts, audits and backups, as a share of the facts.
  var overhead: Double { Double(copies + answersLost) / Double(max(1, facts)) }

  var words: String {
    func spread(_ name: String, _ seconds: [Double]) -> String {
      guard let most = seconds.max() else { return "\(name): none measured" }
      let middle = seconds.sorted()[seconds.count / 2]
      return "\(name): median \(middle.thousandths) s, max \(most.thousandths) s (\(seconds.count) measured)"
    }
    return """
      kills: \(coordinatorKills) coordinators, \(workerKills) workers, \(bothAtOnce) times both at once; \(runs) runs, \
      \(poisonStops) stops at a poison job
      facts: \(facts); lost: \(lostFacts); computed again: \(recomputed)
      computed: \(computed), of which audits \(audits), backups \(backups), copies \(copies), answers lost \
      \(answersLost); overhead \((100 * overhead).thousandths) % of the facts; in flight at kills: \(inFlight)
      training segments moved to another worker: \(segmentsMoved)
      \(spread("resume of the coordinator", resumes))
      \(spread("a killed worker's job leased elsewhere", moves))
      \(spread("all workers back after a coordinator's kill", returns))
      """
  }
}

extension Double {
  fileprivate var thousandths: String { String(format: "%.3f", self) }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a test's choices from its printed seed.
struct Choices: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// True with this probability.
  mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }
}
