import Foundation
import RunStore

/// What is known of each job of a run: who was given it, who computed it, since which kill its fact is durable.
///
/// Kills are numbered; what the log and the journals say between two kills belongs to the later one.
struct ChaosLedger {
  /// What one life of a worker was given and did.
  struct Hand {
    /// The kill before which it was last given a job that had no fact.
    var asked: [String: Int] = [:]
    /// Those of the coordinator's present life, in order.
    var recent: [String] = []
    var checked: Set<String> = []
    var computed: Set<String> = []
  }

  private(set) var hands: [pid_t: Hand] = [:]
  private(set) var complaints: [String] = []
  private(set) var lostFacts = 0
  private(set) var recomputed = 0
  /// The kill at which a fact was first found on the disk.
  private(set) var durable: [String: Int] = [:]
  private(set) var backedUp: Set<String> = []
  /// The kill that is being prepared.
  private(set) var kill = 1
  private var computations = 0
  private var hasLines: [String: [(worker: pid_t, isCheck: Bool)]] = [:]
  private var kinds: [String: String] = [:]
  /// Jobs that a killed worker had.
  private var orphaned: [(job: String, worker: pid_t)] = []
  /// Jobs that a killed worker had computed, and whose answer was not durable.
  private var unheard: [String: Set<pid_t>] = [:]
  private var flying: Set<String> = []
  private(set) var inFlight = 0

  mutating func leased(asked: [String], checked: [String], worker: pid_t) {
    for job in asked {
      if let since = durable[job], since < kill {
        complaints.append("kill \(kill): \(job), a fact since kill \(since), was given to worker \(worker)")
      }
      hands[worker, default: Hand()].asked[job] = kill
      hands[worker]!.recent.append(job)
    }
    hands[worker, default: Hand()].checked.formUnion(checked)
  }

  mutating func backUp(_ job: String) { backedUp.insert(job) }

  /// A line of a worker's journal.
  mutating func computed(_ job: String, _ kind: String, by worker: pid_t) {
    let hand = hands[worker, default: Hand()]
    let isCheck = hand.checked.contains(job)
    if !isCheck, hand.asked[job] == nil {
      complaints.append("kill \(kill): worker \(worker) computed \(job), which nobody gave it")
    }
    if !isCheck, let since = durable[job], since < kill, (hand.asked[job] ?? .max) > since {
      recomputed += 1
      complaints.append("kill \(kill): worker \(worker) computed \(job) again, a fact since kill \(since)")
    }
    hands[worker, default: Hand()].computed.insert(job)
    computations += 1
    hasLines[job, default: []].append((worker, isCheck))
    kinds[job] = kind
  }

  /// The facts on the disk at the present kill.
  mutating func found(_ facts: [String: FactRow]) {
    for job in durable.keys where facts[job] == nil {
      lostFacts += 1
      complaints.append("kill \(kill): the fact of \(job) is gone")
    }
    for job in facts.keys where durable[job] == nil { durable[job] = kill }
  }

  /// What a worker has been given in this life of the coordinator and has no answer to, oldest first; checks left out.
  func held(by worker: pid_t) -> [String] {
    guard let hand = hands[worker] else { return [] }
    return hand.recent.filter { !hand.computed.contains($0) && durable[$0] == nil }
  }

  /// What was given out in this life of the coordinator and is no fact.
  var out: Set<String> { Set(hands.values.flatMap(\.recent).filter { durable[$0] == nil }) }

  mutating func killed(worker: pid_t) {
    let jobs = held(by: worker)
    for job in hands[worker]?.recent ?? [] where durable[job] == nil { unheard[job, default: []].insert(worker) }
    orphaned += jobs.map { ($0, worker) }
    inFlight += jobs.count
    flying.formUnion(jobs)
  }

  /// Ends the coordinator's life; `counted` for a kill with these jobs out.
  mutating func endLife(counted: Bool) {
    if counted { inFlight += out.count }
    flying.formUnion(out)
    for worker in hands.keys { hands[worker]!.recent = [] }
  }

  mutating func nextKill() { kill += 1 }

  /// Adds up a finished run whose facts are these.
  mutating func sum(_ facts: [String: FactRow]) -> ChaosFigures {
    found(facts)
    var figures = ChaosFigures()
    let asked = facts.filter { $0.value.kind != "split" }
    figures.facts = asked.count
    figures.computed = computations
    for job in asked.keys.sorted() {
      let lines = hasLines[job, default: []]
      let audits = lines.count(where: \.isCheck)
      let more = lines.count - audits - 1
      figures.audits += audits
      if more < 0 { complaints.append("nobody computed \(job)") }
      guard more > 0 else { continue }
      let lost = min(more, lines.count { !$0.isCheck && unheard[job, default: []].contains($0.worker) })
      figures.answersLost += lost
      if backedUp.contains(job) { figures.backups += more - lost } else { figures.copies += more - lost }
      if lost < more, !flying.contains(job), !backedUp.contains(job) {
        complaints.append("\(job) was computed \(more + 1) times, and neither a kill nor a backup explains it")
      }
    }
    for job in hasLines.keys where asked[job] == nil { complaints.append("\(job) was computed and is no fact") }
    for (job, worker) in orphaned where kinds[job] == "train" {
      if hasLines[job, default: []].contains(where: { $0.worker != worker }) { figures.segmentsMoved += 1 }
    }
    figures.lostFacts = lostFacts
    figures.recomputed = recomputed
    figures.inFlight = inFlight
    return figures
  }
}
