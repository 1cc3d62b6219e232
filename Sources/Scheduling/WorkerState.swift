package import Digests
package import Studies

/// Everything that can happen to a worker.
package enum WorkerEvent: Sendable {
  case connected
  case disconnected
  /// The coordinator said something. Blob requests and chunks are served by straight code and never come here.
  case received(CoordinatorMessage)
  /// A parcel could not be read, because it refers to a mask that never came.
  case missedMask
  /// A lane ended what it was started with.
  case finished([JobResult])
  case tick
  /// SIGTERM: finish what runs, give back the rest, leave.
  case drain
  /// A second SIGTERM: give back what runs, too, and leave at once.
  case leave
}

/// Everything that a worker can want done.
package enum WorkerEffect: Sendable {
  case send(WorkerMessage)
  /// Fetch what the jobs need and compute them on one lane, together if there are several: they then have the same
  /// inputs. Ends in exactly one `finished`.
  case start([Job])
  /// Ends the fetching for started jobs, each of which then ends in `finished` with a failure: nobody is there to send.
  case giveUpFetching
  case exit(WorkerExit)
  case note(WorkerNote)
}

/// Why a worker ends.
package enum WorkerExit: Hashable, Sendable {
  /// The run is over.
  case done
  /// It was asked to leave before that, and has.
  case stopped
  case rejected(Rejection)
  /// No coordinator wanted it for as long as it was told to wait.
  case alone
}

/// What is worth a log line.
package enum WorkerNote: Hashable, Sendable {
  case welcomed(run: Digest, epoch: UInt64)
  case refused(reason: String)
  case connectionLost
}

/// A worker as a value: what it runs, what waits for a lane, which results are not yet acknowledged.
package struct WorkerState: Sendable {
  private let hello: Hello
  private let timing: Timing
  private var isConnected = false
  private var run: Digest?
  private var epoch: UInt64 = 0
  private var isWelcome = false
  private var waiting: [Job] = []
  private var running: Set<Digest> = []
  private var busyLanes = 0
  /// What each of the jobs took that ended last; nil before any did.
  private var secondsPerJob: Double?
  /// Running jobs for which nothing is fetched any more, if something still was.
  private var givenUp: Set<Digest> = []
  /// Results that the coordinator has not yet said are on disk, in the order in which they were made, each with the
  /// moment at which it was last sent.
  private var outbox: [(result: JobResult, sent: Instant?)] = []
  private var heartbeatSeconds: Double
  private var lastHeartbeat: Instant?
  private var lastHello: Instant?
  private var isDraining = false
  private var isDismissed = false
  private let patience: Double?
  /// Since when no coordinator has welcomed it; nil while one has, and before the first event.
  private var aloneSince: Instant?

  /// - Parameters:
  ///   - hello: what to say on each connection; `holding` is filled in here.
  ///   - patience: seconds without a coordinator after which it leaves, behind the jobs that are being computed: one may
  ///     still come that wants them. Nil waits for ever.
  package init(hello: Hello, patience: Double? = nil, timing: Timing = Timing()) {
    self.hello = hello
    self.patience = patience
    self.timing = timing
    heartbeatSeconds = timing.heartbeat
  }

  /// Takes one event and says what has to be done, in this order. The only door.
  package mutating func handle(_ event: WorkerEvent, at now: Instant) -> [WorkerEffect] {
    var effects: [WorkerEffect] = []
    switch event {
    case .connected:
      isConnected = true
      isWelcome = false
      greet(at: now, &effects)
    case .disconnected:
      isConnected = false
      isWelcome = false
      // What has not started is given up: whoever comes next hands it out again.
      waiting = []
      effects.append(.note(.connectionLost))
    case .received(let message): receive(message, at: now, &effects)
    case .finished(let results): finish(results, at: now, &effects)
    // The answer to a hello is to give what is not held to others, and to tell masks anew.
    case .missedMask: if isConnected { greet(at: now, &effects) }
    case .tick: tick(at: now, &effects)
    case .drain: drain(&effects)
    case .leave:
      // A goodbye gives back every lease.
      return (isConnected ? [.send(.bye)] : []) + [.exit(.stopped)]
    }
    aloneSince = isWelcome ? nil : aloneSince ?? now
    startWaiting(&effects)
    leaveIfThatIsAll(&effects)
    if case .tick = event { leaveIfAlone(at: now, &effects) }
    return effects
  }

  /// The number of jobs being computed.
  package var runningJobs: Int { running.count }

  private var holding: [Digest] {
    running.union(outbox.map(\.result.job)).union(waiting.map(\.digest)).sorted()
  }

  private mutating func greet(at now: Instant, _ effects: inout [WorkerEffect]) {
    var hello = hello
    hello.holding = holding
    lastHello = now
    effects.append(.send(.hello(hello)))
  }

  private mutating func receive(_ message: CoordinatorMessage, at now: Instant, _ effects: inout [WorkerEffect]) {
    switch message {
    case .welcome(let welcome):
      if let run, run != welcome.run {
        // Another run answers at this address: nothing of the old one is of use here.
        waiting = []
        outbox = []
      }
      guard welcome.epoch >= epoch || run != welcome.run else {
        effects.append(.note(.refused(reason: "a coordinator of an older epoch answered")))
        return
      }
      run = welcome.run
      epoch = welcome.epoch
      heartbeatSeconds = min(max(welcome.heartbeatSeconds, 0.05), 60)
      isWelcome = true
      effects.append(.note(.welcomed(run: welcome.run, epoch: welcome.epoch)))
      lastHeartbeat = now
      resend(unsentSince: nil, at: now, &effects)
    case .reject(let rejection):
      guard rejection.retryable else {
        effects.append(.exit(.rejected(rejection)))
        return
      }
      effects.append(.note(.refused(reason: rejection.reason)))
      isWelcome = false
      lastHello = nil
    // Before its welcome a coordinator may be one of an older epoch: what it says counts for nothing.
    case .parcel(let jobs): if isWelcome { take(jobs, at: now, &effects) }
    case .acknowledge(let jobs):
      guard isWelcome else { return }
      let acknowledged = Set(jobs)
      outbox.removeAll { acknowledged.contains($0.result.job) }
    case .cancel(let jobs):
      guard isWelcome else { return }
      let cancelled = Set(jobs)
      waiting.removeAll { cancelled.contains($0.digest) }
    case .dismiss:
      guard isWelcome else { return }
      isDismissed = true
      waiting = []
    case .blobRequest, .blobChunk: break
    }
  }

  /// New work, or work that is here already: a result in the outbox is simply sent again.
  private mutating func take(_ jobs: [Job], at now: Instant, _ effects: inout [WorkerEffect]) {
    var returned: [Digest] = []
    // A digest is computed each time it is asked for, and a parcel of short jobs has hundreds.
    var known = running.union(waiting.map(\.digest))
    for job in jobs {
      let digest = job.digest
      if let index = outbox.firstIndex(where: { $0.result.job == digest }) {
        outbox[index].sent = now
        effects.append(.send(.results([outbox[index].result])))
      } else if known.insert(digest).inserted {
        if isDraining || isDismissed { returned.append(digest) } else { waiting.append(job) }
      }
    }
    if !returned.isEmpty { effects.append(.send(.returned(returned))) }
  }

  /// Offers results again that no acknowledgement came for; harmless where only the acknowledgement was lost.
  private mutating func resend(unsentSince limit: Instant?, at now: Instant, _ effects: inout [WorkerEffect]) {
    var results: [JobResult] = []
    for index in outbox.indices {
      if let limit, let sent = outbox[index].sent, sent > limit { continue }
      outbox[index].sent = now
      results.append(outbox[index].result)
    }
    if !results.isEmpty { effects.append(.send(.results(results))) }
  }

  /// Evaluations with equal inputs are started together, which shares what their masks have in common; but no more than
  /// half of what a lane will get, so that the others are there when it ends and can still be cancelled, and no more
  /// than a parcel's time is enough for.
  private mutating func startWaiting(_ effects: inout [WorkerEffect]) {
    while busyLanes < hello.lanes, let first = waiting.first {
      let inTime = secondsPerJob.map { Int(min(timing.parcel / max($0, 1e-6), 1e6)) } ?? 1
      let most = max(1, min(timing.together, waiting.count / (2 * hello.lanes), inTime))
      let jobs = [first] + waiting.prefix(most).dropFirst().prefix { $0.shares(inputsOf: first) }
      waiting.removeFirst(jobs.count)
      running.formUnion(jobs.map(\.digest))
      busyLanes += 1
      effects.append(.start(jobs))
    }
  }

  private mutating func finish(_ results: [JobResult], at now: Instant, _ effects: inout [WorkerEffect]) {
    busyLanes -= 1
    secondsPerJob = results.map(\.cost.wallSeconds).max()
    var returned: [Digest] = []
    var sent: [JobResult] = []
    for result in results {
      running.remove(result.job)
      let gaveUp = givenUp.remove(result.job) != nil
      switch result.answer {
      case .outcome: outbox.append((result, isWelcome ? now : nil))
      case .failure where isWelcome && (isDraining || gaveUp):
        // Perhaps only that it was not to fetch any more; another try, or another worker, finds out.
        returned.append(result.job)
        continue
      // Nothing to keep: said twice it would count as two failures, and one that is lost is like a lost parcel.
      case .failure: break
      }
      if isWelcome { sent.append(result) }
    }
    if !returned.isEmpty { effects.append(.send(.returned(returned))) }
    if !sent.isEmpty { effects.append(.send(.results(sent))) }
  }

  /// Ends a worker that leaves once nothing is left that it could do.
  private mutating func leaveIfThatIsAll(_ effects: inout [WorkerEffect]) {
    guard isDraining || isDismissed else { return }
    guard running.isEmpty else {
      if !isWelcome { giveUpFetching(&effects) }
      return
    }
    guard outbox.isEmpty || !isConnected else { return }
    if isConnected { effects.append(.send(.bye)) }
    effects.append(.exit(isDismissed ? .done : .stopped))
  }

  /// Ends a worker that no coordinator has wanted for too long; what is being computed may still find one that does.
  private mutating func leaveIfAlone(at now: Instant, _ effects: inout [WorkerEffect]) {
    guard !isDraining, !isDismissed, let patience, let aloneSince, now.seconds(since: aloneSince) >= patience else {
      return
    }
    if running.isEmpty { effects.append(.exit(.alone)) } else { giveUpFetching(&effects) }
  }

  /// Not once, but whenever there is reason: a job may begin to fetch after the last time.
  private mutating func giveUpFetching(_ effects: inout [WorkerEffect]) {
    givenUp = running
    effects.append(.giveUpFetching)
  }

  private mutating func tick(at now: Instant, _ effects: inout [WorkerEffect]) {
    guard isConnected else { return }
    if !isWelcome {
      // A hello or its answer can be lost with a connection that broke unnoticed.
      if lastHello.map({ now.seconds(since: $0) >= timing.suspect }) ?? true { greet(at: now, &effects) }
    } else if lastHeartbeat.map({ now.seconds(since: $0) >= heartbeatSeconds }) ?? true {
      // Due however many results went out meanwhile: only a heartbeat tells which parcels and results were lost.
      effects.append(.send(.heartbeat(holding: holding)))
      resend(unsentSince: lastHeartbeat, at: now, &effects)
      lastHeartbeat = now
    }
  }

  private mutating func drain(_ effects: inout [WorkerEffect]) {
    guard !isDraining else { return }
    isDraining = true
    if isConnected { effects.append(.send(.returned(waiting.map(\.digest)))) }
    waiting = []
  }
}
