import Digests
import Randomness
import Scheduling
import Studies

extension Simulation {
  mutating func startCoordinator() {
    guard head == nil else { return }
    life += 1
    tally.coordinatorLives += 1
    disk.open()
    let done = Set(disk.facts.keys)
    var timing = Timing()
    // Three workers that are killed by chance on one job say nothing about it here.
    timing.poisonDeaths = 1000
    timing.auditInterval = scenario.auditInterval
    let state = CoordinatorState(
      run: Samples.run, study: Samples.study, epoch: UInt64(life), golden: Samples.golden, receiveLimit: 1 << 24,
      done: done, auditKey: Samples.digest("audits \(life)"), quarantined: disk.quarantined,
      disputes: disk.disputes, timing: timing)
    head = Head(state: state, reported: done, planner: scenario.planner, known: disk.facts.mapValues(\.outcome))
    after(0.25, .coordinatorTick(life: life))
    // Nobody connects before the planner has caught up.
    agenda.add(.plan(life: life), at: now)
  }

  /// SIGKILL: of what was on its way to the disk some groups, the first ones, have arrived there.
  mutating func killCoordinator() {
    let commits = head!.commits
    for write in commits.prefix(world.below(commits.count + 1)) { _ = disk.store(write, sabotage?.bug) }
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
      switch disk.store(head!.commits.removeFirst(), sabotage?.bug) {
      case .persisted(let jobs):
        head!.reported.formUnion(jobs)
        head!.owed.formUnion(jobs)
        try tell(.persisted(jobs))
      case .none: try conclude()
      case .beginAnew:
        killCoordinator()
        after(0.3, .coordinatorStarts)
      }
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
      .coordinatorTick, .fault, .workerThaws, .coordinatorThaws, .healed:
      preconditionFailure("not the coordinator's")
    }
  }

  /// The planner goes as far as it can, and asks for what is not known.
  private mutating func plan() throws(Violation) {
    let known = head!.known
    let fresh = head!.planner.advance { known[$0] }
    for job in fresh { jobs[job.digest] = job }
    let unknown = fresh.filter { known[$0.digest] == nil }
    try tell(.submitted(unknown))
  }

  /// Ends the run once the planner has finished and no fact is being checked, or a while later.
  private mutating func conclude() throws(Violation) {
    guard let head, head.planner.isFinished, !head.isFinished, head.commits.isEmpty else { return }
    let since = head.plannedAt ?? seconds
    self.head!.plannedAt = since
    guard head.state.auditsUnderWay == 0, head.state.undecided == 0 || seconds - since > 60 else { return }
    self.head!.isFinished = true
    try tell(.finished)
  }

  mutating func count(_ state: CoordinatorState) {
    tally.computed += state.counts[.computed] ?? 0
    tally.backups += state.counts[.backup] ?? 0
    tally.late += state.counts[.late] ?? 0
    tally.duplicates += state.counts[.duplicate] ?? 0
    tally.audits += state.counts[.audit] ?? 0
  }

  mutating func tell(_ event: CoordinatorEvent) throws(Violation) {
    var effects = head!.state.handle(event, at: Instant(nanoseconds: now + clockOffset))
    if let broken = head!.state.brokenInvariant { throw violation(.brokenInvariant, broken) }
    effects = sabotage?.spoil(effects, of: event) ?? effects
    for effect in effects { try carryOut(effect) }
    try conclude()
  }

  /// Carries out an effect after checking that it is right.
  private mutating func carryOut(_ effect: CoordinatorEffect) throws(Violation) {
    switch effect {
    case .send(let message, let peer):
      if case .acknowledge(let jobs) = message,
        let job = jobs.first(where: { disk.facts[$0] == nil && head!.state.isOpen($0) })
      {
        throw violation(.acknowledgedBeforeDisk, "\(job)")
      }
      if case .parcel(let jobs) = message,
        let job = jobs.first(where: { head!.reported.contains($0.digest) && !head!.state.isAuditing($0.digest) })
      {
        throw violation(.sentAfterFact, "\(job.digest)")
      }
      send(message, over: peer.value)
    case .persist(let facts, let attempts):
      let authors = Dictionary(attempts.map { ($0.job, $0.worker) }, uniquingKeysWith: { first, _ in first })
      for fact in facts {
        guard Samples.outcome(jobs[fact.job]!) == fact.outcome || liars.contains(authors[fact.job]!) else {
          throw violation(.wrongFact, "\(fact.job)")
        }
        guard fact.outcome.blobs.allSatisfy(blobs.contains) else {
          throw violation(.persistedBeforeBlobs, "\(fact.job)")
        }
      }
      if !facts.isEmpty { write(.facts(facts, by: authors)) }
      for attempt in attempts {
        if let echo = attempt.echo { write(.echo(attempt.job, Testimony(worker: attempt.worker, outcome: echo))) }
      }
    case .fetch(let promises, let peer):
      for digest in promises.map(\.digest) {
        after(0.01 + network.uniform() * 0.3, .blob(digest, peer.value, life: life))
      }
    case .deliver(let facts):
      for fact in facts {
        guard disk.facts[fact.job] != nil else { throw violation(.deliveredBeforeDisk, "\(fact.job)") }
        guard head!.delivered.insert(fact.job).inserted, head!.owed.contains(fact.job) else {
          throw violation(.deliveredTwice, "\(fact.job)")
        }
        head!.known[fact.job] = fact.outcome
        if sabotage?.bug == .observeInArrivalOrder { head!.planner.observe(fact.outcome) }
      }
      after(0.002, .plan(life: life))
    case .dispute(let job, let answers): write(.dispute(job, answers))
    case .distrust(let worker, _): write(.quarantine(worker))
    case .giveUp(_, let reason): throw violation(.gaveUp, reason)
    case .note: break
    }
  }

  /// Gives the disk something to do; writes end in the order in which they began, so their time is the same for all.
  private mutating func write(_ write: Disk.Write) {
    head!.commits.append(write)
    after(0.004, .committed(life: life))
  }
}
