import Digests
import Randomness
import Scheduling
import Studies

extension Simulation {
  mutating func startCoordinator() {
    guard head == nil else { return }
    life += 1
    tally.coordinatorLives += 1
    let done = Set(disk.keys)
    let state = CoordinatorState(
      run: Samples.run, study: Samples.study, epoch: UInt64(life), golden: Samples.golden, receiveLimit: 1 << 24,
      done: done, timing: Self.timing)
    head = Head(state: state, reported: done, known: done)
    head!.owed = Set(scenario.outcomes.keys).subtracting(done)
    after(0.25, .coordinatorTick(life: life))
    // Nobody connects before the planner has caught up.
    agenda.add(.plan(life: life), at: now)
  }

  /// Three workers that are killed by chance on one job say nothing about it here.
  private static var timing: Timing {
    var timing = Timing()
    timing.poisonDeaths = 1000
    return timing
  }

  /// SIGKILL: of what was on its way to the disk some groups, the first ones, have arrived there.
  mutating func killCoordinator() {
    let commits = head!.commits
    for facts in commits.prefix(world.below(commits.count + 1)) { write(facts) }
    count(head!.state)
    head = nil
    life += 1
    for id in connections.keys.sorted() { cut(id) }
  }

  mutating func thawCoordinator() {
    let backlog = head!.backlog
    head!.isFrozen = false
    head!.backlog = []
    for happening in backlog { agenda.add(happening, at: now) }
  }

  private mutating func write(_ facts: [Fact]) {
    for fact in facts { disk[fact.job] = fact.outcome }
  }

  mutating func atCoordinator(_ happening: Happening) throws(Violation) {
    guard head?.isFrozen == false else {
      head?.backlog.append(happening)
      return
    }
    switch happening {
    case .toCoordinator(let id, let message):
      if !connections[id]!.isBroken { try tell(.received(message, from: PeerID(id))) }
    case .closedAtCoordinator(let id):
      connections[id]!.isForgotten = true
      try tell(.disconnected(PeerID(id)))
    case .plan: try plan()
    case .committed:
      let facts = head!.commits.removeFirst()
      write(facts)
      for fact in facts { head!.reported.insert(fact.job) }
      try tell(.persisted(facts.map(\.job)))
    case .blob(let digest, let id, let life):
      let connection = connections[id]!
      if blobs.contains(digest) {
        try tell(.blobStored(digest))
      } else if connection.isForgotten {
        try tell(.blobFailed(digest, from: PeerID(id)))
      } else if workers[connection.worker].connection != id || workers[connection.worker].isFrozen {
        // It ends when the worker goes on or the coordinator hears that the connection is gone.
        after(0.5, .blob(digest, id, life: life))
      } else {
        blobs.insert(digest)
        try tell(.blobStored(digest))
      }
    case .workerStarts, .workerTick, .workerDials, .opened, .toWorker, .closedAtWorker, .computed, .coordinatorStarts,
      .coordinatorTick, .fault, .workerThaws, .coordinatorThaws:
      preconditionFailure("not the coordinator's")
    }
  }

  /// The planner: one batch after the other, each when the last is known.
  private mutating func plan() throws(Violation) {
    for (number, digests) in scenario.digests.enumerated() {
      let missing = digests.indices.filter { !head!.known.contains(digests[$0]) }
      guard !missing.isEmpty else { continue }
      if head!.submitted < number {
        head!.submitted = number
        try tell(.submitted(missing.map { scenario.batches[number][$0] }))
      }
      return
    }
    guard !head!.isFinished else { return }
    head!.isFinished = true
    try tell(.finished)
  }

  mutating func count(_ state: CoordinatorState) {
    tally.computed += state.counts[.computed] ?? 0
    tally.backups += state.counts[.backup] ?? 0
    tally.late += state.counts[.late] ?? 0
    tally.duplicates += state.counts[.duplicate] ?? 0
  }

  mutating func tell(_ event: CoordinatorEvent) throws(Violation) {
    var effects = head!.state.handle(event, at: Instant(nanoseconds: now))
    if let broken = head!.state.brokenInvariant { throw violation(.brokenInvariant, broken) }
    effects = sabotage?.spoil(effects, of: event) ?? effects
    for effect in effects { try carryOut(effect) }
  }

  /// Carries out an effect after checking that it is right.
  private mutating func carryOut(_ effect: CoordinatorEffect) throws(Violation) {
    switch effect {
    case .send(let message, let peer):
      if case .acknowledge(let jobs) = message, let job = jobs.first(where: { disk[$0] == nil }) {
        throw violation(.acknowledgedBeforeDisk, "\(job)")
      }
      if case .parcel(let jobs) = message, let job = jobs.first(where: { head!.reported.contains($0.digest) }) {
        throw violation(.sentAfterFact, "\(job.digest)")
      }
      send(message, over: peer.value)
    case .persist(let facts, _):
      for fact in facts {
        guard scenario.outcomes[fact.job] == fact.outcome else { throw violation(.wrongFact, "\(fact.job)") }
        guard fact.outcome.blobs.allSatisfy(blobs.contains) else {
          throw violation(.persistedBeforeBlobs, "\(fact.job)")
        }
      }
      guard !facts.isEmpty else { return }
      head!.commits.append(facts)
      // Commits end in the order in which they began, so their time is the same for all.
      after(0.004, .committed(life: life))
    case .fetch(let digests, let peer):
      for digest in digests { after(0.01 + network.uniform() * 0.3, .blob(digest, peer.value, life: life)) }
    case .deliver(let facts):
      for fact in facts {
        guard disk[fact.job] != nil else { throw violation(.deliveredBeforeDisk, "\(fact.job)") }
        guard head!.delivered.insert(fact.job).inserted, head!.owed.contains(fact.job) else {
          throw violation(.deliveredTwice, "\(fact.job)")
        }
        head!.known.insert(fact.job)
      }
      after(0.002, .plan(life: life))
    case .giveUp(_, let reason): throw violation(.gaveUp, reason)
    case .note: break
    }
  }
}
