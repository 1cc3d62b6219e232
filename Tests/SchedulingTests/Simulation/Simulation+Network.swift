import Randomness
import Scheduling

extension Simulation {
  /// A connection of a worker that dials, once the coordinator is up.
  mutating func dial(_ worker: Int) {
    guard workers[worker].connection == nil else { return }
    guard head != nil else {
      after(0.2 + network.uniform(), .workerDials(worker, life: workers[worker].life))
      return
    }
    let id = UInt32(connections.count + 1)
    connections[id] = Connection(worker: worker, workerLife: workers[worker].life, coordinatorLife: life)
    after(network.uniform() * scenario.delay, .opened(id))
  }

  mutating func send(_ message: WorkerMessage, over id: UInt32) {
    guard partitions[connections[id]!.worker]?.up != false,
      let times = departures(after: connections[id]!.lastUp, over: id)
    else { return }
    for time in times { agenda.add(.toCoordinator(id, message), at: time) }
    connections[id]!.lastUp = times.last!
  }

  mutating func send(_ message: CoordinatorMessage, over id: UInt32) {
    guard let connection = connections[id], partitions[connection.worker]?.down != false,
      let times = departures(after: connection.lastDown, over: id)
    else { return }
    for time in times { agenda.add(.toWorker(id, message), at: time) }
    connections[id]!.lastDown = times.last!
  }

  /// When a message comes out, in order behind the one before it; nil if it is lost, twice if it is repeated.
  private mutating func departures(after last: UInt64, over id: UInt32) -> [UInt64]? {
    guard !connections[id]!.isBroken else { return nil }
    if !isCalm, network.chance(scenario.dropChance) { return nil }
    let time = max(last + 1, now + 1 + UInt64(network.uniform() * scenario.delay * 1e9))
    return !isCalm && network.chance(scenario.duplicateChance) ? [time, time + 1] : [time]
  }

  /// Breaks a connection: what is on its way is lost, and both ends hear of it sooner or later.
  mutating func cut(_ id: UInt32, coordinatorHearsAfter: Double = 0.1) {
    guard !connections[id]!.isBroken else { return }
    connections[id]!.isBroken = true
    after(network.uniform() * coordinatorHearsAfter, .closedAtCoordinator(id))
    after(network.uniform() * 0.1, .closedAtWorker(id))
  }

  /// Closes a connection in order: what was sent before still arrives.
  mutating func close(_ id: UInt32) {
    agenda.add(.closedAtCoordinator(id), at: max(connections[id]!.lastUp, now) + 1_000)
  }
}
