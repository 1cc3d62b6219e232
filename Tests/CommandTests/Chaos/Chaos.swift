import Foundation
import Testing

/// Kills at random moments until a study is finished, with a look at the disk after each of them.
final class Chaos {
  /// How many processes of each kind to kill; one run may end before.
  struct Quota: Sendable {
    var coordinators: Int
    var workers: Int

    var isEmpty: Bool { coordinators <= 0 && workers <= 0 }
  }

  private let cluster: Cluster
  private var choices: Choices
  private(set) var quota: Quota
  private var ledger = ChaosLedger()
  private var figures = ChaosFigures()
  private var complaints: [String] = []
  /// Facts at the start of the coordinator's life, and those that it said since are durable.
  private var base = 0
  private var committed = 0
  /// The start of a coordinator that has not listened yet.
  private var waiting: Double?
  /// The workers that the coordinator says it has.
  private(set) var roster: Set<pid_t> = []
  /// Jobs of killed workers that nobody has yet, with the moment of the kill.
  private var moving: [String: (from: pid_t, since: Double)] = [:]
  /// Workers that outlived a coordinator and are not back yet, and the moment of its kill.
  private var returning: (workers: Set<pid_t>, since: Double) = ([], 0)

  /// Three times the targets of two and five seconds, for a machine that does other things too.
  private static let patience = (move: 6.0, back: 15.0)

  init(_ cluster: Cluster, seed: UInt64, quota: Quota) {
    self.cluster = cluster
    self.quota = quota
    choices = Choices(seed)
  }

  /// Runs to the end of the study, with kills until the quota is reached.
  ///
  /// - Returns: what was counted, and what went wrong.
  func run(workers: Int) throws -> (figures: ChaosFigures, complaints: [String]) {
    try startCoordinator()
    for _ in 0..<workers { try cluster.addWorker() }
    while try isGoing() {
      sleep(choices.next(upperBound: 250 as UInt32))
      look()
      if !quota.isEmpty { try blow() }
    }
    return try finish()
  }

  /// Ends the workers of a finished study and adds up.
  func finish() throws -> (figures: ChaosFigures, complaints: [String]) {
    for worker in cluster.workers {
      if !cluster.sendHome(worker) {
        complain("worker \(worker.number) ended badly: \(worker.process.logText.suffix(500))")
      }
    }
    look()
    var sum = ledger.sum(try cluster.facts())
    sum.runs = 1
    (sum.coordinatorKills, sum.workerKills) = (figures.coordinatorKills, figures.workerKills)
    sum.missed = figures.missed
    (sum.bothAtOnce, sum.poisonStops) = (figures.bothAtOnce, figures.poisonStops)
    (sum.resumes, sum.moves, sum.returns) = (figures.resumes, figures.moves, figures.returns)
    return (sum, complaints + ledger.complaints)
  }

  private func complain(_ text: String) { complaints.append("kill \(ledger.kill): \(text)") }

  private var now: Double { Date.now.timeIntervalSince1970 }

  private func sleep(_ milliseconds: UInt32) { usleep(1000 * milliseconds) }

  func startCoordinator() throws {
    try cluster.startCoordinator()
    roster = []
    waiting = cluster.started
  }

  /// Whether the study is not finished; a coordinator that stopped for a reason that the documents name is resumed.
  private func isGoing() throws -> Bool {
    guard let coordinator = cluster.coordinator, !coordinator.isRunning else { return true }
    look()
    let text = coordinator.logText.suffix(1500)
    switch coordinator.wait() {
    case 0: return false
    case 70 where text.contains("3 workers died while they had it"): figures.poisonStops += 1
    // Somebody else's connection came from the port that was free for a moment.
    case 69 where text.contains("in use"): sleep(200)
    case let status:
      complain("the coordinator ended with \(status): \(text)")
      return false
    }
    ledger.endLife(counted: false)
    (base, committed) = (try cluster.facts().count, 0)
    try startCoordinator()
    return true
  }

  /// Reads what log and journals have got.
  func look() {
    // First the journals: what stands there was given out before, so the log has it.
    let journals = (cluster.workers + cluster.former).map { ($0.process.identifier, $0.computed()) }
    for line in cluster.lines() {
      switch line.kind {
      case .leased(let asked, let checked, let worker):
        ledger.leased(asked: asked, checked: checked, worker: worker)
        for job in asked {
          guard let (from, since) = moving[job], from != worker else { continue }
          figures.moves.append(line.time - since)
          moving[job] = nil
        }
      case .joined(let worker):
        roster.insert(worker)
        if returning.workers.remove(worker) != nil, returning.workers.isEmpty {
          figures.returns.append(line.time - returning.since)
        }
      case .committed(let facts): committed += facts
      case .backedUp(let job): ledger.backUp(job)
      case .listening:
        if let start = waiting {
          figures.resumes.append(line.time - start)
          if line.time - start > 3 {
            print("chaos: listening \(line.time - start) s after the start at \(start):")
            print(cluster.coordinator?.logText.prefix(2000) ?? "")
          }
        }
        waiting = nil
      case .gone(let worker): roster.remove(worker)
      }
    }
    for (worker, lines) in journals {
      for (job, kind) in lines {
        ledger.computed(job, kind, by: worker)
        // A copy that was out already.
        if moving[job]?.from != worker { moving[job] = nil }
      }
    }
  }

  /// Stops whom it may kill, looks who has work in hand, and kills some of those.
  private func blow() throws {
    guard let coordinator = cluster.coordinator else { return }
    let kind = Double.random(in: 0..<1, using: &choices)
    // Before it listens it has given nothing out, and it may hold the database's lock: stopped then, it is waited for.
    var killsCoordinator = waiting == nil && quota.coordinators > 0 && (kind < 0.45 || quota.workers <= 0)
    let count = quota.workers > 0 && (kind > 0.3 || quota.coordinators <= 0) ? (choices.chance(0.7) ? 2 : 1) : 0
    let stopped = count > 0 ? cluster.workers.filter { $0.process.freeze() } : []
    if killsCoordinator { killsCoordinator = coordinator.freeze() }
    defer {
      for worker in stopped { worker.process.send(SIGCONT) }
      coordinator.send(SIGCONT)
    }
    // Not there before the first coordinator has made it.
    guard let facts = try? cluster.facts() else {
      figures.missed += 1
      return
    }
    ledger.found(facts)
    look()
    let busy = stopped.filter { !ledger.held(by: $0.process.identifier).isEmpty }
    let victims = Array(busy.shuffled(using: &choices).prefix(min(count, quota.workers)))
    for worker in stopped where !victims.contains(where: { $0 === worker }) { worker.process.send(SIGCONT) }
    if ledger.out.isEmpty { killsCoordinator = false }
    guard killsCoordinator || !victims.isEmpty else {
      figures.missed += 1
      return
    }
    try strike(killsCoordinator ? coordinator : nil, victims)
    ledger.nextKill()
    if choices.chance(0.3) { try waitUntilMended() } else { (moving, returning.workers) = ([:], []) }
  }

  /// Kills these at once and starts others in their places, if they are to be replaced.
  func strike(_ coordinator: Running?, _ victims: [Cluster.Worker], replacing: Bool = true) throws {
    let survivors = cluster.workers.filter { worker in !victims.contains { $0 === worker } }
    let time = now
    // Both orders, where both die.
    let isFirst = choices.chance(0.5)
    if isFirst { coordinator?.kill9() }
    (moving, returning) = ([:], ([], 0))
    for victim in victims {
      let (id, jobs) = (victim.process.identifier, ledger.held(by: victim.process.identifier))
      let others = Set(survivors.flatMap { ledger.held(by: $0.process.identifier) })
      for job in jobs where !others.contains(job) { moving[job] = (id, time) }
      ledger.killed(worker: id)
      cluster.kill(victim)
    }
    figures.workerKills += victims.count
    quota.workers -= victims.count
    if let coordinator {
      coordinator.kill9()
      look()
      let facts = try cluster.facts()
      ledger.found(facts)
      if facts.count < base + committed {
        complain("\(committed) facts were said to be durable, \(facts.count - base) are")
      }
      ledger.endLife(counted: true)
      (base, committed) = (facts.count, 0)
      figures.coordinatorKills += 1
      figures.bothAtOnce += victims.isEmpty ? 0 : 1
      quota.coordinators -= 1
      (moving, returning) = ([:], (Set(survivors.map(\.process.identifier)), time))
      try startCoordinator()
    }
    if replacing { for _ in victims { try cluster.addWorker() } }
  }

  /// Waits until the killed workers' jobs are with others and the killed coordinator's workers are back.
  private func waitUntilMended() throws {
    // Counted in steps of its own: a machine on which this process gets no time gives the others none either.
    var waited = 0.0
    while !moving.isEmpty || !returning.workers.isEmpty {
      guard cluster.coordinator?.isRunning == true else { break }
      if waited > (returning.workers.isEmpty ? Self.patience.move : Self.patience.back) {
        // An answer that another worker had given before needs no lease.
        let facts = try cluster.facts()
        moving = moving.filter { facts[$0.key] == nil }
        if !moving.isEmpty { complain("jobs \(moving.keys.sorted()) are with nobody after \(waited) s") }
        if !returning.workers.isEmpty { complain("workers \(returning.workers) are not back after \(waited) s") }
        break
      }
      let step = now
      sleep(20)
      look()
      waited += min(now - step, 0.1)
    }
    (moving, returning.workers) = ([:], [])
  }
}
