package import Digests
internal import Models
internal import Studies

/// The coordinator as a value: who works, what is open, who holds what.
///
/// ``handle(_:at:)`` is its only door. It knows no sockets, files or clocks; what a peer sends never traps.
package struct CoordinatorState: Sendable {
  /// One copy of a job at a worker.
  struct Lease: Hashable, Sendable {
    let worker: Digest
    var since: Instant
    let isBackup: Bool
    /// Given up: its worker is lost or silent. A result is still welcome.
    var isStale = false
  }

  enum Stage: Hashable, Sendable {
    case open
    /// An answer came; its blobs are still on their way.
    case fetching(JobResult, from: Digest, over: PeerID, missing: [Digest], Disposition)
    /// The answer is on its way to the disk.
    case persisting(Fact, from: Digest)
    /// Nobody gets it any more; an answer of one who has it is still welcome.
    case givenUp
  }

  struct Record: Sendable {
    let job: Job
    let order: Int
    var leases: [Lease] = []
    var stage = Stage.open
    /// Workers that died while they held it.
    var deaths: [Digest] = []
    /// Whether a worker died that may have been doing it together with others: from then on it goes out alone, so that a
    /// job that kills is found out by its own name.
    var isSuspect = false
    /// Who tried it in vain.
    var failures: [Digest] = []
    /// Who waits for an acknowledgement.
    var waiting: Set<PeerID> = []
    /// Answers that differ from the one that is becoming the fact, and those of a dispute that another life left open.
    var dissent: [Testimony] = []
    /// What was answered so far, where the job has a fact and is repeated to check it.
    var audit: Audit?

    /// Leases that count on an answer.
    var live: [Lease] { leases.filter { !$0.isStale } }

    /// Who should have the job only if nobody else is there: it failed at it, or gave one of several answers.
    func hasTried(_ worker: Digest) -> Bool {
      failures.contains(worker) || dissent.contains { $0.worker == worker }
    }

    /// Whether a worker's arithmetic is what the job asks for, and it has no voice yet in what is checked.
    func suits(_ hello: Hello) -> Bool {
      (job.numerics == nil || job.numerics == hello.numerics) && audit?.hasHeard(hello.worker) != true
    }

    /// Its place in the queue.
    func entry(_ digest: Digest) -> JobQueue.Entry {
      JobQueue.Entry(order: order, job: digest)
    }
  }

  struct Worker: Sendable {
    var hello: Hello
    /// Nil while its connection is broken.
    var peer: PeerID?
    var disconnectedAt: Instant?
    var lastHeard: Instant
    var isSuspect = false
    var isLeaving = false
    var pace = Pace()
    /// Live leases.
    var held: Set<Digest> = []
  }

  package let run: Digest
  package let study: Digest
  package let epoch: UInt64
  package let golden: Digest
  package let receiveLimit: Int
  package let timing: Timing

  var records: [Digest: Record] = [:]
  var queue = JobQueue()
  var workers: [Digest: Worker] = [:]
  var peers: [PeerID: Digest] = [:]
  var done: Set<Digest> = []
  var nextOrder = 0
  var isFinished = false
  var durations = Durations()
  var paces = Paces()
  /// Whom the next dispatch has to look at.
  var attention = Attention()
  /// Workers that had nothing behind what their lanes are on when they were last looked at.
  var hungry: Set<Digest> = []
  /// Lanes of all workers that get work, as of the last look at all of them and with those that came since.
  var lanesAtWork = 0
  /// Decides which answers are checked; no worker knows it.
  let auditKey: Digest
  /// How many facts each worker has given of each kind while another could check them.
  var given: [Digest: [String: Int]] = [:]
  /// Jobs with facts that are being checked.
  var audits: Set<Digest> = []
  /// Jobs to which answers differ, as the disk has it.
  var disputes: [Digest: [Testimony]]
  /// Workers whose answers count for nothing, because two others refuted one of them.
  var quarantined: Set<Digest>
  var lastEvent: Instant?
  /// Results by how they were counted.
  package internal(set) var counts: [Disposition: Int] = [:]

  /// - Parameters:
  ///   - done: the jobs whose facts are on disk; a result that comes for one of them is a duplicate.
  ///   - auditKey: decides which answers are checked; to be random, and told to nobody.
  ///   - quarantined: workers that were found to lie.
  ///   - disputes: jobs without facts that earlier lives had different answers to.
  package init(
    run: Digest, study: Digest, epoch: UInt64, golden: Digest, receiveLimit: Int, done: Set<Digest> = [],
    auditKey: Digest, quarantined: Set<Digest> = [], disputes: [Digest: [Testimony]] = [:],
    timing: Timing = Timing()
  ) {
    self.disputes = disputes
    self.done = done
    self.auditKey = auditKey
    self.quarantined = quarantined
    self.run = run
    self.study = study
    self.epoch = epoch
    self.golden = golden
    self.receiveLimit = receiveLimit
    self.timing = timing
  }

  /// Takes one event and says what has to be done, in this order.
  ///
  /// - Complexity: O(jobs touched) where a worker answers, and O(hungry) where jobs come; O(workers) for the answer of a slow
  ///   worker and where one goes or falls silent; O(open jobs) for a first hello; both for a tick.
  package mutating func handle(_ event: CoordinatorEvent, at now: Instant) -> [CoordinatorEffect] {
    var effects: [CoordinatorEffect] = []
    rearmAfterStall(at: now)
    switch event {
    case .submitted(let jobs): submit(jobs)
    case .received(let message, let peer): receive(message, from: peer, at: now, &effects)
    case .disconnected(let peer): disconnect(peer, at: now)
    case .persisted(let jobs): persisted(jobs, &effects)
    case .blobStored(let digest): blobStored(digest, &effects)
    case .blobFailed(let digest, let peer): blobFailed(digest, from: peer, &effects)
    case .tick:
      tick(at: now, &effects)
      attention.isOnAll = true
    case .finished: finish(&effects)
    }
    if !isFinished {
      dispatch(at: now, &effects)
      if case .tick = event { backUpStragglers(at: now, &effects) }
    }
    return effects
  }

  /// Workers with a live connection.
  package var connectedWorkers: [(name: String, lanes: Int, jobs: Int)] {
    workers.values.filter { $0.peer != nil }.sorted { $0.hello.worker < $1.hello.worker }
      .map { ($0.hello.name, $0.hello.lanes, $0.held.count) }
  }

  /// What people call the worker behind a connection; nil before its hello and after its end.
  package func workerName(at peer: PeerID) -> String? { peers[peer].flatMap { workers[$0]?.hello.name } }

  /// Jobs that are open: waiting, leased or on their way to the disk.
  package var openJobs: Int { records.count }

  /// Whether the coordinator waits for an answer to a job, or has one that is not durable yet.
  package func isOpen(_ job: Digest) -> Bool { records[job] != nil }

  /// Workers that are remembered: connected, or disconnected so lately that they may come back.
  package var knownWorkers: Int { workers.count }

  /// Jobs that nobody holds.
  package var waitingJobs: Int { queue.count }

  /// Removes a worker from all that is known of workers; its leases are the caller's.
  @discardableResult
  mutating func forget(_ id: Digest) -> Worker? {
    guard let worker = workers.removeValue(forKey: id) else { return nil }
    paces.remove(worker.pace)
    hungry.remove(id)
    attention.isOnAll = true
    return worker
  }

  private mutating func submit(_ jobs: [Job]) {
    var fresh: [JobQueue.Entry] = []
    for job in jobs {
      let digest = job.digest
      precondition(!done.contains(digest), "job \(digest) has a fact already")
      guard records[digest] == nil else { continue }
      records[digest] = Record(job: job, order: nextOrder, dissent: disputes[digest] ?? [])
      fresh.append(records[digest]!.entry(digest))
      nextOrder += 1
    }
    queue.append(fresh)
  }

  /// Notes that a worker has a job; a stale lease of its own comes to life again.
  mutating func lease(_ job: Digest, to worker: Digest, isBackup: Bool, at now: Instant) {
    records[job]!.leases.removeAll { $0.worker == worker }
    records[job]!.leases.append(Lease(worker: worker, since: now, isBackup: isBackup))
    workers[worker]!.held.insert(job)
  }

  private mutating func finish(_ effects: inout [CoordinatorEffect]) {
    isFinished = true
    // Checks that nobody can do any more.
    for (job, record) in records.sorted(by: { $0.value.order < $1.value.order }) {
      if case .persisting = record.stage { continue }
      drop(job, &effects)
    }
    // Without the lie that led to such a job nobody asks for it.
    for job in disputes.keys.sorted() where !done.contains(job) { settle(job, &effects) }
    for worker in workers.values.sorted(by: { $0.hello.worker < $1.hello.worker }) {
      if let peer = worker.peer { effects.append(.send(.dismiss, to: peer)) }
    }
  }

  /// After the coordinator itself stood still, silence says nothing about the workers, and the age of a lease nothing
  /// about its job. Who was suspect before stays so until it is heard.
  private mutating func rearmAfterStall(at now: Instant) {
    if let lastEvent, now.seconds(since: lastEvent) > timing.stall {
      for id in workers.keys.sorted() {
        workers[id]!.lastHeard = now
        if workers[id]!.disconnectedAt != nil { workers[id]!.disconnectedAt = now }
      }
      for job in records.keys.sorted() {
        for index in records[job]!.leases.indices { records[job]!.leases[index].since = now }
      }
    }
    lastEvent = now
  }
}

/// Mean seconds of jobs by kind, as workers report them.
struct Durations: Sendable {
  private var means: [String: Double] = [:]

  mutating func add(_ seconds: Double, kind: String) {
    guard seconds.isFinite, seconds >= 0 else { return }
    means[kind] = means[kind].map { 0.9 * $0 + 0.1 * seconds } ?? seconds
  }

  func mean(_ kind: String) -> Double? { means[kind] }
}
