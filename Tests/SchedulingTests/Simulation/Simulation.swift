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
    case computed(Int, life: Int, JobResult)
    case coordinatorStarts
    case coordinatorTick(life: Int)
    case plan(life: Int)
    case committed(life: Int)
    case blob(Digest, UInt32, life: Int)
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
    var known: Set<Digest>
    /// What this life has to deliver: whatever was not on the disk when it began.
    var owed: Set<Digest> = []
    var submitted = -1
    var isFinished = false
    /// Groups of facts on their way to the disk, oldest first.
    var commits: [[Fact]] = []
  }

  let scenario: Scenario
  var sabotage: Sabotage?
  var now: UInt64 = 1_000_000_000
  var agenda = Agenda<Happening>()
  var workers: [Process]
  var connections: [UInt32: Connection] = [:]
  var head: Head?
  var life = 0
  var disk: [Digest: Outcome] = [:]
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
  var isOver: Bool { disk.count == scenario.outcomes.count }
  var seconds: Double { Double(now) * 1e-9 - 1 }

  /// Runs to the end, a bounded time after the last fault.
  mutating func run() throws(Violation) -> Tally {
    while !isHome {
      guard let (time, happening) = agenda.popFirst() else { throw violation(.notFinished, "nothing happens any more") }
      now = max(now, time)
      guard seconds < scenario.patience else {
        throw violation(.notFinished, "\(disk.count) of \(scenario.outcomes.count) facts")
      }
      tally.events += 1
      try take(happening)
    }
    guard let head, head.state.openJobs == 0, head.state.waitingJobs == 0, head.state.connectedWorkers.isEmpty else {
      throw violation(.memory, "something is left")
    }
    guard head.delivered == head.owed else {
      throw violation(.notDelivered, "\(head.delivered.count) of \(head.owed.count) delivered")
    }
    count(head.state)
    tally.seconds = seconds
    return tally
  }

  /// Whether the run is over, everybody has left and the coordinator has noticed.
  private var isHome: Bool {
    guard isOver, let head, head.isFinished else { return false }
    return head.state.knownWorkers == 0 && workers.allSatisfy { $0.state == nil }
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
    case .fault: try fault()
    }
  }

  private func isAlive(_ worker: Int, _ life: Int) -> Bool {
    workers[worker].life == life && workers[worker].state != nil
  }
}
