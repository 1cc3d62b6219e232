import Digests
import Randomness
import Scheduling
import Studies

/// A whole cluster in virtual time: one coordinator, its disk and planner, some workers, and a network that loses, delays
/// and repeats messages but keeps the order on each connection.
///
/// Everything is decided by the seed. The first property that does not hold ends the run with a ``Violation``.
struct Simulation {
  enum Happening {
    case workerStarts(Int)
    case workerTick(Int, life: Int)
    case workerDials(Int, life: Int)
    case opened(UInt32)
    case toWorker(UInt32, CoordinatorMessage)
    case toCoordinator(UInt32, WorkerMessage)
    case closedAtWorker(UInt32)
    case closedAtCoordinator(UInt32)
    case computed(Int, life: Int, [JobResult])
    case coordinatorStarts
    case coordinatorTick(life: Int)
    case plan(life: Int)
    case committed(life: Int)
    case blob(Digest, UInt32, life: Int)
    case healed(Int)
    case fault
    case workerThaws(Int, life: Int)
    case coordinatorThaws(life: Int)
  }

  /// A process with a ``WorkerState``; nil while it is down.
  struct Process {
    var state: WorkerState?
    var life = 0
    var connection: UInt32?
    var running: Set<Digest> = []
    var busyLanes = 0
    var isFrozen = false
    /// What waits until the process thaws.
    var backlog: [Happening] = []
  }

  struct Connection {
    let worker: Int
    let workerLife: Int
    let coordinatorLife: Int
    /// Nothing passes any more.
    var isBroken = false
    /// The coordinator knows that it is gone.
    var isForgotten = false
    var lastUp: UInt64 = 0
    var lastDown: UInt64 = 0
  }

  /// The coordinator's process, and what its planner knows.
  struct Head {
    var state: CoordinatorState
    var isFrozen = false
    var backlog: [Happening] = []
    /// Facts that this life knows to be on the disk.
    var reported: Set<Digest>
    var delivered: Set<Digest> = []
    var planner: OrderedPlanner
    var known: [Digest: Outcome]
    /// What this life has to deliver: whatever it committed.
    var owed: Set<Digest> = []
    var isFinished = false
    /// What is on its way to the disk, oldest first.
    var commits: [Disk.Write] = []
    /// When the planner had all that it wants, in seconds.
    var plannedAt: Double?
  }

  /// Which messages of a worker a broken link lets through.
  struct Partition {
    var up = true
    var down = true
  }

  let scenario: Scenario
  var sabotage: Sabotage?
  var now: UInt64 = 1_000_000_000
  var agenda = Agenda<Happening>()
  var workers: [Process]
  var connections: [UInt32: Connection] = [:]
  var head: Head?
  var life = 0
  var disk = Disk()
  /// All jobs that were ever asked for.
  var jobs: [Digest: Job] = [:]
  /// Lives of workers that lie.
  var liars: Set<Digest> = []
  /// Workers that were found out once.
  var reformed: Set<Int> = []
  var partitions: [Int: Partition] = [:]
  /// How far the coordinator's clock has jumped.
  var clockOffset: UInt64 = 0
  var blobs: Set<Digest> = []
  var tally = Tally()
  var world: RandomStream
  var network: RandomStream

  init(seed: UInt64, isCalm: Bool = false, sabotage: Sabotage? = nil) {
    scenario = Scenario(seed: seed, isCalm: isCalm)
    self.sabotage = sabotage
    world = RandomStream(seed: seed, .test, 1)
    network = RandomStream(seed: seed, .test, 2)
    workers = scenario.lanes.map { _ in Process() }
    agenda.add(.coordinatorStarts, at: now)
    for index in workers.indices { agenda.add(.workerStarts(index), at: now + UInt64(index)) }
    for time in scenario.faults { agenda.add(.fault, at: now + time) }
  }

  /// Whether the roughness of the network is over.
  var isCalm: Bool { now >= 1_000_000_000 + scenario.calm }
  var isOver: Bool { head?.isFinished == true }
  var seconds: Double { Double(now) * 1e-9 - 1 }

  /// Runs to the end, a bounded time after the last fault.
  mutating func run() throws(Violation) -> Tally {
    while !isHome {
      guard let (time, happening) = agenda.popFirst() else { throw violation(.notFinished, "nothing happens any more") }
      now = max(now, time)
      guard seconds < scenario.patience else {
        throw violation(.notFinished, standing)
      }
      tally.events += 1
      try take(happening)
    }
    guard let head, head.state.openJobs == 0, head.state.waitingJobs == 0, head.state.connectedWorkers.isEmpty else {
      let state = head?.state
      throw violation(
        .memory,
        "\(state?.openJobs ?? 0) jobs are open, \(state?.waitingJobs ?? 0) wait, \(state?.auditCount ?? 0) are checked")
    }
    guard head.delivered == head.owed else {
      throw violation(.notDelivered, "\(head.delivered.count) of \(head.owed.count) delivered")
    }
    try judge(head)
    count(head.state)
    tally.seconds = seconds
    return tally
  }

  /// The history is the true one, or rests on a lie that nobody found out.
  private mutating func judge(_ head: Head) throws(Violation) {
    let lies = disk.facts.filter { $0.value.outcome != Samples.outcome(jobs[$0.key]!) }
    if let lie = lies.first(where: { disk.quarantined.contains($0.value.author) }) {
      throw violation(.lieKept, "\(lie.key)")
    }
    if let honest = disk.quarantined.first(where: { !liars.contains($0) }) {
      throw violation(.lieKept, "the honest worker \(honest) was sent away")
    }
    // The coordinator ends this study as one that failed.
    guard head.state.undecided == 0 else {
      tally.undecided = 1
      return
    }
    let contradicted = lies.first { lie in
      let truth = Samples.outcome(jobs[lie.key]!)
      return disk.unsettled[lie.key, default: []].contains {
        $0.outcome == truth && !disk.quarantined.contains($0.worker)
      }
    }
    if let lie = contradicted { throw violation(.lieKept, "\(lie.key), though somebody told the truth") }
    // With few checks of few facts a liar may well pass.
    if scenario.auditInterval <= 3, scenario.lies.contains(where: { $0 > 0 }) {
      tally.liars = 1
      tally.liarsFound = disk.quarantined.isEmpty ? 0 : 1
      tally.deceived = lies.isEmpty ? 0 : 1
    }
    if lies.isEmpty, head.planner.history != scenario.history {
      throw violation(.otherHistory, "after \(head.planner.observed) observations")
    }
  }

  /// Whether the run is over, everybody has left and the coordinator has noticed.
  private var isHome: Bool {
    guard isOver, let head, head.isFinished else { return false }
    return head.state.knownWorkers == 0 && workers.allSatisfy { $0.state == nil }
  }

  /// Where the run stands, for people.
  private var standing: String {
    guard let head else { return "life \(life) of the coordinator is over" }
    let state = head.state
    return
      "life \(life) has observed \(head.planner.observed) of \(scenario.planner.count); \(state.openJobs) jobs are open, "
      + "\(state.waitingJobs) wait, \(state.auditCount) are checked; frozen \(head.isFrozen), writes \(head.commits.count), "
      + "workers \(state.connectedWorkers), up \(workers.map { $0.state != nil })"
  }

  func violation(_ kind: Violation.Kind, _ detail: String) -> Violation {
    Violation(kind: kind, detail: detail, seconds: seconds)
  }

  mutating func after(_ seconds: Double, _ happening: Happening) {
    agenda.add(happening, at: now + UInt64(seconds * 1e9))
  }

  private mutating func take(_ happening: Happening) throws(Violation) {
    switch happening {
    case .workerStarts(let worker): startWorker(worker)
    case .workerTick(let worker, let life):
      guard isAlive(worker, life) else { return }
      after(0.25, happening)
      if !workers[worker].isFrozen { try tell(worker, .tick) }
    case .workerDials(let worker, let life): if isAlive(worker, life) { try atWorker(worker, happening) }
    case .opened(let id), .toWorker(let id, _), .closedAtWorker(let id):
      let connection = connections[id]!
      if isAlive(connection.worker, connection.workerLife) { try atWorker(connection.worker, happening) }
    case .computed(let worker, let life, _): if isAlive(worker, life) { try atWorker(worker, happening) }
    case .workerThaws(let worker, let life): if isAlive(worker, life) { thaw(worker) }
    case .coordinatorStarts: startCoordinator()
    case .coordinatorTick(let life):
      guard life == self.life else { return }
      after(0.25, happening)
      if !head!.isFrozen { try tell(.tick) }
    case .toCoordinator(let id, _), .closedAtCoordinator(let id):
      if connections[id]!.coordinatorLife == life { try atCoordinator(happening) }
    case .plan(let life), .committed(let life), .blob(_, _, let life):
      if life == self.life { try atCoordinator(happening) }
    case .coordinatorThaws(let life): if life == self.life { thawCoordinator() }
    case .healed(let worker): partitions[worker] = nil
    case .fault: try fault()
    }
  }

  private func isAlive(_ worker: Int, _ life: Int) -> Bool {
    workers[worker].life == life && workers[worker].state != nil
  }
}
