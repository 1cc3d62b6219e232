import Digests
import Models
import Scheduling
import Studies

/// A coordinator state with a clock and names: events go in, effects come out as lines of text.
///
/// Evaluations are called by their number, trainings `t0`, `t1`, ..., their blobs `s0` and `p0`; connections by their number.
/// The state is validated after every event.
struct CoordinatorBench {
  var state: CoordinatorState
  private(set) var seconds = 100.0
  private var names: [Digest: String] = [:]
  private var connections: [String: UInt32] = [:]
  /// What each connection was given and has no acknowledgement for, in order: what a faithful worker would say it holds.
  private(set) var holding: [UInt32: [Job]] = [:]

  /// - Parameter audits: one fact in so many of each worker is checked; 0 for none.
  init(
    epoch: UInt64 = 1, done: [Job] = [], timing: Timing = Timing(), audits: Int = 0, quarantined: Set<Digest> = [],
    disputes: [Digest: [Testimony]] = [:]
  ) {
    var timing = timing
    timing.auditInterval = audits
    state = CoordinatorState(
      run: Samples.run, study: Samples.study, epoch: epoch, golden: Samples.golden, receiveLimit: 1 << 24,
      done: Set(done.map(\.digest)), auditKey: Samples.digest("key"), quarantined: quarantined,
      disputes: disputes, timing: timing)
    for name in ["a", "b", "c"] { names[Samples.digest(name)] = name }
    for number in 0..<64 {
      names[Samples.evaluation(number).digest] = "\(number)"
      let training = Samples.training(number)
      names[training.digest] = "t\(number)"
      for (name, blob) in zip(["s", "p"], Samples.outcome(training).blobs) { names[blob] = name + "\(number)" }
    }
  }

  // MARK: - Events

  @discardableResult
  mutating func handle(_ event: CoordinatorEvent) -> [String] {
    let effects = state.handle(event, at: Instant(seconds: seconds))
    state.validate()
    return effects.map { line($0) }
  }

  @discardableResult
  mutating func submit(_ jobs: [Job]) -> [String] { handle(.submitted(jobs)) }

  @discardableResult
  mutating func hello(
    _ name: String, on connection: UInt32, lanes: Int = 1, numerics: NumericsClass = .portable, holding: [Job] = []
  ) -> [String] {
    connections[name] = connection
    names[Samples.digest(name)] = name
    self.holding[connection] = holding
    return say(.hello(Samples.hello(name, lanes: lanes, numerics: numerics, holding: holding)), connection)
  }

  @discardableResult
  mutating func say(_ message: WorkerMessage, _ connection: UInt32) -> [String] {
    handle(.received(message, from: PeerID(connection)))
  }

  @discardableResult
  mutating func result(_ job: Job, _ connection: UInt32, seconds: Double = 0.05) -> [String] {
    say(.results([Samples.result(job, seconds: seconds)]), connection)
  }

  @discardableResult
  mutating func persisted(_ jobs: Job...) -> [String] { handle(.persisted(jobs.map(\.digest))) }

  @discardableResult
  mutating func disconnect(_ connection: UInt32) -> [String] { handle(.disconnected(PeerID(connection))) }

  /// A heartbeat with what the worker was given.
  @discardableResult
  mutating func heartbeat(_ connection: UInt32) -> [String] {
    say(.heartbeat(holding: (holding[connection] ?? []).map(\.digest)), connection)
  }

  /// Lets time pass with a tick each quarter of a second; `beating` connections send their heartbeats.
  @discardableResult
  mutating func wait(_ time: Double, beating: UInt32...) -> [String] {
    var lines: [String] = []
    for step in 1...Int((time * 4).rounded()) {
      seconds += 0.25
      if step % 8 == 0 { for connection in beating { lines += heartbeat(connection) } }
      lines += handle(.tick)
    }
    return lines
  }

  /// What a connection holds counts no more.
  mutating func forget(_ connection: UInt32) { holding[connection] = [] }

  /// Lets time pass without an event: the coordinator itself stands still.
  mutating func stall(_ time: Double) { seconds += time }

  // MARK: - Text

  private func text(_ digests: [Digest]) -> String { digests.map { names[$0] ?? $0.short }.joined(separator: " ") }

  private mutating func line(_ effect: CoordinatorEffect) -> String {
    switch effect {
    case .send(let message, let peer): return "\(peer.value): " + line(message, to: peer.value)
    case .persist(let facts, let attempts):
      let rows = attempts.map {
        "\(text([$0.job]))/\($0.name)/\($0.disposition.rawValue)\($0.echo == nil ? "" : ", echo")"
      }
      return "persist [\(text(facts.map(\.job)))] \(rows.joined(separator: " "))"
    case .fetch(let blobs, let peer): return "fetch \(text(blobs.map(\.digest))) from \(peer.value)"
    case .deliver(let facts): return "deliver \(text(facts.map(\.job)))"
    case .dispute(let job, let answers):
      return "dispute \(text([job])):" + answers.map { " " + text([$0.worker]) }.joined()
    case .distrust(let worker, _): return "distrust \(text([worker]))"
    case .giveUp(let job, let reason): return "give up \(text([job])): \(reason)"
    case .note(let note): return "note " + line(note)
    }
  }

  private mutating func line(_ message: CoordinatorMessage, to connection: UInt32) -> String {
    switch message {
    case .welcome(let welcome): return "welcome \(welcome.epoch)"
    case .reject(let rejection): return "reject \(rejection.code.rawValue)\(rejection.retryable ? ", try again" : "")"
    case .parcel(let jobs):
      holding[connection, default: []] += jobs
      return "parcel \(text(jobs.map(\.digest)))"
    case .acknowledge(let jobs):
      holding[connection]?.removeAll { jobs.contains($0.digest) }
      return "acknowledge \(text(jobs))"
    case .cancel(let jobs): return "cancel \(text(jobs))"
    case .blobRequest, .blobChunk: return "blob"
    case .dismiss: return "dismiss"
    }
  }

  private func line(_ note: Note) -> String {
    switch note {
    case .joined(let worker, let lanes): "\(worker) joined with \(lanes)"
    case .left(let worker): "\(worker) left"
    case .suspected(let worker): "\(worker) suspected"
    case .lost(let worker, let jobs): "\(worker) lost with \(jobs)"
    case .rejected: "rejected"
    case .failed(let job, let worker, let reason): "\(text([job])) failed at \(worker): \(reason)"
    case .disagreed(let job, let worker): "\(worker) disagrees on \(text([job]))"
    case .undecided(let job): "undecided \(text([job]))"
    case .quarantined(let worker, _): "\(worker) quarantined"
    case .backedUp(let job): "backup of \(text([job]))"
    }
  }
}

/// `0 ..< count` as evaluations.
func evaluations(_ range: Range<Int>) -> [Job] { range.map { Samples.evaluation($0) } }
