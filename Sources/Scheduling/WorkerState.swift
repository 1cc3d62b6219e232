package import Digests
package import Studies

/// Everything that can happen to a worker.
package enum WorkerEvent: Sendable {
  case connected
  case disconnected
  /// The coordinator said something. Blob requests and chunks are served by straight code and never come here.
  case received(CoordinatorMessage)
  /// A started job ended.
  case finished(JobResult)
  case tick
  /// SIGTERM: finish what runs, give back the rest, leave.
  case drain
}

/// Everything that a worker can want done.
package enum WorkerEffect: Sendable {
  case send(WorkerMessage)
  /// Fetch what the job needs and compute it on a lane; ends in exactly one `finished`.
  case start(Job)
  case exit(WorkerExit)
  case note(WorkerNote)
}

/// Why a worker ends.
package enum WorkerExit: Hashable, Sendable {
  /// The run is over, or it was asked to leave and has.
  case done
  case rejected(Rejection)
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
  /// Results that the coordinator has not yet said are on disk, in the order in which they were made.
  private var outbox: [JobResult] = []
  private var heartbeatSeconds: Double
  private var lastSent: Instant?
  private var lastHello: Instant?
  private var isDraining = false
  private var isDismissed = false

  /// - Parameter hello: what to say on each connection; `holding` is filled in here.
  package init(hello: Hello, timing: Timing = Timing()) {
    self.hello = hello
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
    case .finished(let result): finish(result, at: now, &effects)
    case .tick: tick(at: now, &effects)
    case .drain: drain(&effects)
    }
    startWaiting(&effects)
    if (isDraining || isDismissed) && running.isEmpty && (outbox.isEmpty || !isConnected) {
      if isConnected { effects.append(.send(.bye)) }
      effects.append(.exit(.done))
    }
    return effects
  }

  /// The number of jobs being computed.
  package var runningJobs: Int { running.count }

  private var holding: [Digest] {
    running.union(outbox.map(\.job)).union(waiting.map(\.digest)).sorted()
  }

  private mutating func greet(at now: Instant, _ effects: inout [WorkerEffect]) {
    var hello = hello
    hello.holding = holding
    lastHello = now
    lastSent = now
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
      if !outbox.isEmpty { effects.append(.send(.results(outbox))) }
    case .reject(let rejection):
      guard rejection.retryable else {
        effects.append(.exit(.rejected(rejection)))
        return
      }
      effects.append(.note(.refused(reason: rejection.reason)))
      isWelcome = false
      lastHello = nil
    case .parcel(let jobs):
      guard isWelcome else { return }
      take(jobs, &effects)
    case .acknowledge(let jobs):
      let acknowledged = Set(jobs)
      outbox.removeAll { acknowledged.contains($0.job) }
    case .cancel(let jobs):
      let cancelled = Set(jobs)
      waiting.removeAll { cancelled.contains($0.digest) }
    case .dismiss:
      isDismissed = true
      waiting = []
    case .blobRequest, .blobChunk: break
    }
  }

  /// New work, or work that is here already: a result in the outbox is simply sent again.
  private mutating func take(_ jobs: [Job], _ effects: inout [WorkerEffect]) {
    if isDraining {
      effects.append(.send(.returned(jobs.map(\.digest))))
      return
    }
    for job in jobs {
      let digest = job.digest
      if let result = outbox.first(where: { $0.job == digest }) {
        effects.append(.send(.results([result])))
      } else if !running.contains(digest), !waiting.contains(where: { $0.digest == digest }) {
        waiting.append(job)
      }
    }
  }

  private mutating func startWaiting(_ effects: inout [WorkerEffect]) {
    while running.count < hello.lanes, !waiting.isEmpty {
      let job = waiting.removeFirst()
      running.insert(job.digest)
      effects.append(.start(job))
    }
  }

  private mutating func finish(_ result: JobResult, at now: Instant, _ effects: inout [WorkerEffect]) {
    running.remove(result.job)
    outbox.append(result)
    guard isWelcome else { return }
    lastSent = now
    effects.append(.send(.results([result])))
  }

  private mutating func tick(at now: Instant, _ effects: inout [WorkerEffect]) {
    guard isConnected else { return }
    if !isWelcome {
      // A hello or its answer can be lost with a connection that broke unnoticed.
      if lastHello.map({ now.seconds(since: $0) >= timing.suspect }) ?? true { greet(at: now, &effects) }
    } else if lastSent.map({ now.seconds(since: $0) >= heartbeatSeconds }) ?? true {
      lastSent = now
      effects.append(.send(.heartbeat(holding: holding)))
      // An acknowledgement can be lost too; sending again is harmless.
      if !outbox.isEmpty { effects.append(.send(.results(outbox))) }
    }
  }

  private mutating func drain(_ effects: inout [WorkerEffect]) {
    guard !isDraining else { return }
    isDraining = true
    if isConnected { effects.append(.send(.returned(waiting.map(\.digest)))) }
    waiting = []
  }
}
