import Digests
import Randomness
import Scheduling
import Studies

extension Simulation {
  mutating func startWorker(_ worker: Int) {
    guard workers[worker].state == nil, !isOver else { return }
    let life = workers[worker].life + 1
    workers[worker] = Process(life: life)
    let hello = Samples.hello("w\(worker).\(life)", lanes: scenario.lanes[worker], numerics: scenario.classes[worker])
    workers[worker].state = WorkerState(hello: hello)
    if scenario.lies[worker] > 0, !reformed.contains(worker) { liars.insert(hello.worker) }
    tally.workerLives += 1
    after(0.25, .workerTick(worker, life: life))
    after(network.uniform() * 0.1, .workerDials(worker, life: life))
  }

  /// Something that a worker's process takes in, now or when it thaws.
  mutating func atWorker(_ worker: Int, _ happening: Happening) throws(Violation) {
    guard !workers[worker].isFrozen else {
      workers[worker].backlog.append(happening)
      return
    }
    switch happening {
    case .workerDials: dial(worker)
    case .opened(let id):
      guard workers[worker].connection == nil, !connections[id]!.isBroken else {
        after(0.2, .workerDials(worker, life: workers[worker].life))
        return
      }
      workers[worker].connection = id
      try tell(worker, .connected)
    case .toWorker(let id, let message):
      if workers[worker].connection == id, !connections[id]!.isBroken { try tell(worker, .received(message)) }
    case .closedAtWorker(let id):
      guard workers[worker].connection == id else { return }
      workers[worker].connection = nil
      after(network.uniform() * 2, .workerDials(worker, life: workers[worker].life))
      try tell(worker, .disconnected)
    case .computed(_, _, let results):
      workers[worker].busyLanes -= 1
      workers[worker].running.subtract(results.map(\.job))
      try tell(worker, .finished(results))
    case .workerStarts, .workerTick, .toCoordinator, .closedAtCoordinator, .coordinatorStarts, .coordinatorTick, .plan,
      .committed, .blob, .fault, .workerThaws, .coordinatorThaws, .healed:
      preconditionFailure("not a worker's")
    }
  }

  mutating func tell(_ worker: Int, _ event: WorkerEvent) throws(Violation) {
    let effects = workers[worker].state!.handle(event, at: Instant(nanoseconds: now))
    for effect in effects {
      switch effect {
      case .send(let message): if let id = workers[worker].connection { send(message, over: id) }
      case .start(let jobs): try compute(jobs, at: worker)
      case .exit(let exit):
        if case .rejected = exit { reformed.insert(worker) }
        if let id = workers[worker].connection { close(id) }
        end(worker, restartAfter: 1 + world.uniform() * 3)
        return
      // Every job here has what it needs.
      case .giveUpFetching, .note: break
      }
    }
  }

  private mutating func compute(_ jobs: [Job], at worker: Int) throws(Violation) {
    workers[worker].busyLanes += 1
    guard workers[worker].busyLanes <= scenario.lanes[worker] else {
      throw violation(.tooManyRunning, "\(workers[worker].busyLanes) starts on \(scenario.lanes[worker]) lanes")
    }
    var results: [JobResult] = []
    var seconds = 0.0
    for job in jobs {
      let (result, time) = try outcome(of: job, at: worker)
      results.append(result)
      seconds += time
    }
    after(seconds, .computed(worker, life: workers[worker].life, results))
  }

  private mutating func outcome(of job: Job, at worker: Int) throws(Violation) -> (JobResult, Double) {
    let digest = job.digest
    guard workers[worker].running.insert(digest).inserted else {
      throw violation(.tooManyRunning, "\(digest) runs twice in one worker")
    }
    tally.starts += 1
    if disk.facts[digest] != nil, head?.state.isAuditing(digest) != true { tally.startsAfterFact += 1 }
    var time = scenario.jobSeconds * (0.5 + world.uniform()) * scenario.slowness[worker]
    if world.chance(scenario.stragglerChance) { time = min(20 * time, time + 20) }
    var result = Samples.result(job, seconds: time)
    if !isCalm, world.chance(scenario.failureChance) {
      result = Samples.failure(job)
    } else if !reformed.contains(worker), world.chance(scenario.lies[worker]) {
      // No two lives tell the same lie: two that agree are believed.
      result.answer = .outcome(Samples.lie(job, workers[worker].life))
    }
    return (result, time)
  }

  /// Ends a process; another takes its place after a while unless there is nothing left to do.
  mutating func end(_ worker: Int, restartAfter delay: Double) {
    workers[worker].state = nil
    workers[worker].connection = nil
    after(delay, .workerStarts(worker))
  }

  mutating func thaw(_ worker: Int) {
    workers[worker].isFrozen = false
    for happening in workers[worker].backlog { agenda.add(happening, at: now) }
    workers[worker].backlog = []
  }

  /// One blow of fate.
  mutating func fault() throws(Violation) {
    let worker = world.below(workers.count)
    let isUp = workers[worker].state != nil
    switch world.below(11) {
    case 0, 1:
      // SIGKILL: the kernel closes the connection.
      guard isUp else { return }
      if let id = workers[worker].connection { cut(id) }
      end(worker, restartAfter: world.uniform() * 4)
    case 2:
      // The machine is gone, and nothing closes the connection for a long time.
      guard isUp else { return }
      if let id = workers[worker].connection { cut(id, coordinatorHearsAfter: 40) }
      end(worker, restartAfter: world.uniform() * 4)
    case 3:
      guard isUp, !workers[worker].isFrozen else { return }
      workers[worker].isFrozen = true
      after(0.5 + world.uniform() * 25, .workerThaws(worker, life: workers[worker].life))
    case 4: if let id = workers[worker].connection { cut(id) }
    case 5: if isUp, !workers[worker].isFrozen { try tell(worker, .drain) }
    case 6:
      guard head != nil else { return }
      killCoordinator()
      after(world.uniform() * 4, .coordinatorStarts)
    case 7, 8:
      // A link that swallows what it is given, both ways or one way only.
      let kind = world.below(3)
      partitions[worker] = Partition(up: kind == 1, down: kind == 2)
      after(0.5 + world.uniform() * 25, .healed(worker))
    case 9:
      // The clock of the coordinator's machine jumps by up to an hour.
      clockOffset += UInt64(world.uniform() * 3600e9)
    default:
      guard head?.isFrozen == false else { return }
      head!.isFrozen = true
      after(1 + world.uniform() * 20, .coordinatorThaws(life: life))
    }
  }
}
