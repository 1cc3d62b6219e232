internal import Digests
internal import Logging
internal import Messaging
internal import Monitoring
internal import Pruning
internal import RunStore
internal import Scheduling
internal import Studies
internal import Wire

/// What the coordinator's one task works with: turns inputs into events and carries out effects in their order.
struct CoordinatorDesk {
  private let run: OpenRun
  private let persister: Persister
  private let planner: PlannerLoop
  private let outbox: Outbox
  private let input: AsyncStream<CoordinatorService.Input>.Continuation
  private let log: Logger
  private let blobs: BlobShelf
  private var state: CoordinatorState
  /// The names in the certificates of connected peers.
  private var identities: [PeerID: String] = [:]
  private var downloads: [PeerID: BlobDownloads] = [:]
  /// The masks that workers were told lately.
  private var shelves: [PeerID: MaskShelf] = [:]
  private var telemetry: Telemetry
  private var firstLease: Instant?
  private var lastCommit: Instant?
  private var ending: CoordinatorEnding?
  /// What the planner finished or failed with, while facts are still being checked.
  private var verdict: (Result<[Contestant], any Error>, at: Instant)?
  /// Quarantines on their way to the disk.
  private var quarantines = 0
  /// States that training needs no more, and an audit does.
  private var superseded: Set<Digest> = []
  private var leavingSince: Instant?

  init(
    run: OpenRun, persister: Persister, planner: PlannerLoop,
    outbox: Outbox, input: AsyncStream<CoordinatorService.Input>.Continuation, log: Logger
  ) {
    self.run = run
    self.persister = persister
    self.planner = planner
    self.outbox = outbox
    self.input = input
    self.log = log
    blobs = BlobShelf(store: run.store)
    telemetry = Telemetry(run)
    state = CoordinatorState(
      run: run.runDigest, study: run.run.studyDigest, epoch: UInt64(run.store.identity.epoch),
      golden: GoldenResult.digest, receiveLimit: WireCodec.receiveLimit, done: Set(run.facts.keys),
      auditKey: ProcessIdentity.random(), quarantined: run.quarantined, disputes: run.disputes)
  }

  /// Takes one input.
  ///
  /// - Returns: how the run ended, once it has.
  /// - Throws: what the run cannot survive; nothing is acknowledged after it.
  mutating func handle(_ input: CoordinatorService.Input) async throws -> CoordinatorEnding? {
    switch input {
    case .socket(let event): await receive(event)
    case .identified(let peer, let name): identities[peer] = name
    case .planner(let output): try take(output)
    case .disk(.persisted(let facts, let seconds)):
      telemetry.metrics.commitSeconds.add(seconds)
      committed(facts)
    case .disk(.contradicted(let jobs)):
      log.error("a worker contradicts a fact", metadata: ["jobs": "\(jobs.map(\.short))"])
      beginAnew("to ask for it again")
    case .disk(.failed(let error)): throw error
    case .blob(let digest, let peer, let stored):
      try act(stored ? .blobStored(digest) : .blobFailed(digest, from: peer))
    case .disk(.revoked(let jobs)):
      quarantines -= 1
      if !jobs.isEmpty { beginAnew("without what the worker gave") }
    case .deaf(let reason):
      if ending == nil { beginAnew("because nobody can reach this process: \(reason)") }
    case .tick:
      for download in downloads.values { await download.askAgainIfStalled() }
      try act(.tick)
    case .stop: stop()
    }
    try concludeAudits()
    return isHome ? ending : nil
  }

  private var givenUp: StudyFailure?

  /// Whether nothing keeps the process: workers had their goodbye, or the time for it is over.
  private var isHome: Bool {
    guard ending != nil, quarantines == 0, let leavingSince else { return false }
    return state.connectedWorkers.isEmpty || Clock.now.seconds(since: leavingSince) > 2
  }

  /// Does what waited for facts to be checked, once none is.
  private mutating func concludeAudits() throws {
    guard quarantines == 0, ending == nil else { return }
    if let error = givenUp { throw error }
    if !superseded.isEmpty {
      for blob in superseded where !state.isNeededForAudit(blob) {
        superseded.remove(blob)
        try run.store.removeBlob(blob)
      }
    }
    guard let verdict else { return }
    let waited = Clock.now.seconds(since: verdict.at)
    if state.auditsUnderWay > 0 {
      // A worker may have a check and never answer. Where answers differ there is no good end without it.
      guard waited > (state.isDeciding ? 900 : 60) else { return }
    } else if state.undecided > 0 {
      // One more worker may be about to join.
      guard waited > 10 else { return }
    }
    guard state.undecided == 0 else {
      throw Undecided(jobs: state.undecided, directory: run.store.layout.directory)
    }
    let contestants = try verdict.0.get()
    let seconds = firstLease.flatMap { first in lastCommit.map { $0.seconds(since: first) } } ?? 0
    ending = .finished(contestants, searchSeconds: seconds)
    leavingSince = Clock.now
    try act(.finished)
  }

  /// What this life learnt is not what the disk holds, or should not be; the next life begins with the disk.
  private mutating func beginAnew(_ reason: String) {
    // What was on its way to the disk at the end may still call it into question.
    if case .stopped = ending { return }
    log.notice("beginning anew \(reason)")
    ending = .anew
    leavingSince = Instant(nanoseconds: 0)
  }

  private mutating func take(_ output: PlannerLoop.Output) throws {
    switch output {
    case .submit(let jobs): try act(.submitted(jobs))
    case .reused(let count): telemetry.metrics.reused += count
    case .progress(let progress): telemetry.note(progress)
    case .search(let search): telemetry.search = search
    case .caughtUp: break
    // An outcome that ends the study may be a lie.
    case .failed(let error as StudyFailure): verdict = (.failure(error), Clock.now)
    case .failed(let error): throw error
    case .superseded(let blobs): superseded.formUnion(blobs)
    case .finished(let contestants): verdict = (.success(contestants), Clock.now)
    }
  }

  private mutating func stop() {
    guard ending == nil else { return }
    log.notice("stopping; every result so far is on disk")
    ending = .stopped
    // Workers are not dismissed: those that outlive this coordinator go on with the next one.
    leavingSince = Instant(nanoseconds: 0)
  }

  /// What this moment looks like.
  mutating func report() -> CoordinatorReport {
    var isFinished = false
    if case .finished = ending { isFinished = true }
    telemetry.metrics.bytesSent = outbox.byteCount
    return telemetry.report(state, isFinished: isFinished)
  }

  private mutating func committed(_ facts: [Fact]) {
    log.debug("committed", metadata: ["facts": "\(facts.count)"])
    telemetry.committed(facts)
    for effect in state.handle(.persisted(facts.map(\.job)), at: Clock.now) { carryOut(effect) }
  }

  private mutating func receive(_ event: SocketEvent) async {
    switch event {
    case .connected: break
    case .disconnected(let pipe):
      let peer = Scheduling.PeerID(pipe.rawValue)
      identities[peer] = nil
      if shelves.removeValue(forKey: peer) != nil { shareShelves() }
      await downloads.removeValue(forKey: peer)?.fail("the connection is gone")
      for effect in state.handle(.disconnected(peer), at: Clock.now) { carryOut(effect) }
    case .message(let pipe, let bytes):
      telemetry.metrics.bytesReceived += bytes.count
      let peer = Scheduling.PeerID(pipe.rawValue)
      do {
        switch try WireCodec.workerMessage(bytes).message {
        case .blobRequest(let request): serve(request, to: peer)
        case .blobChunk(let chunk): await downloads[peer]?.deliver(chunk)
        case .hello(var hello):
          // What it calls itself anybody could; the certificate before it nobody else.
          if let name = identities[peer] { hello.name = "\(name)/\(hello.name)" }
          log.debug("hello", metadata: ["worker": "\(hello.name)", "peer": "\(peer.value)"])
          let effects = state.handle(.received(.hello(hello), from: peer), at: Clock.now)
          let isWelcome = effects.contains { effect in
            if case .send(.welcome, peer) = effect { true } else { false }
          }
          // An empty one: it may be a worker that misses a mask.
          shelves[peer] = isWelcome ? .sender : nil
          shareShelves()
          for effect in effects { carryOut(effect) }
        case let message:
          for effect in state.handle(.received(message, from: peer), at: Clock.now) { carryOut(effect) }
        }
      } catch {
        log.warning("a message was dropped", metadata: ["peer": "\(peer.value)", "reason": "\(error)"])
      }
    }
  }

  private func serve(_ request: BlobRequest, to peer: PeerID) {
    let epoch = state.epoch
    Task { [blobs, outbox, input] in
      do throws(RunStoreError) {
        let chunk = BlobChunk(answering: request, from: try await blobs.blob(request.digest))
        outbox.send(WireCodec.encode(CoordinatorMessage.blobChunk(chunk), epoch: epoch), to: peer)
      } catch {
        // It may well be there: to say no would make workers fail at their jobs.
        input.yield(.disk(.failed(error)))
      }
    }
  }

  private mutating func act(_ event: CoordinatorEvent) throws {
    for effect in state.handle(event, at: Clock.now) { carryOut(effect) }
  }

  private mutating func carryOut(_ effect: CoordinatorEffect) {
    switch effect {
    case .send(let message, let peer):
      if case .parcel(let jobs) = message {
        log.debug("leased", metadata: words(jobs, to: peer))
      }
      if firstLease == nil, case .parcel(let jobs) = message, jobs.contains(where: { $0.kind == "evaluate" }) {
        firstLease = Clock.now
      }
      outbox.send(encoded(message, for: peer), to: peer)
    case .persist(let facts, let attempts):
      telemetry.note(attempts)
      persister.persist(facts, attempts)
    case .fetch(let promises, let peer): fetch(promises, from: peer)
    case .deliver(let facts):
      if facts.contains(where: { $0.kind == "evaluate" }) { lastCommit = Clock.now }
      planner.deliver(facts)
    case .dispute(let job, let answers): persister.noteDispute(of: job, answers)
    case .distrust(let worker, let reason):
      quarantines += 1
      persister.quarantine(worker, reason)
    case .giveUp(_, let reason): givenUp = StudyFailure(reason)
    case .note(let note):
      telemetry.note(note)
      log(note)
    }
  }

  /// All shelves take 128 MB.
  private mutating func shareShelves() {
    for peer in shelves.keys { shelves[peer]!.keep(atMost: (128 << 20) / shelves.count) }
  }

  /// A message on the shelf of its connection.
  private mutating func encoded(_ message: CoordinatorMessage, for peer: PeerID) -> [UInt8] {
    guard shelves[peer] != nil else { return WireCodec.encode(message, epoch: state.epoch) }
    return WireCodec.encode(message, epoch: state.epoch, on: &shelves[peer]!)
  }

  /// Who got which jobs, those that check a fact apart: from these lines one can tell what was out when a process died.
  private func words(_ jobs: [Job], to peer: PeerID) -> Logger.Metadata {
    let digests = jobs.map(\.digest)
    func list(_ wanted: (Digest) -> Bool) -> Logger.MetadataValue {
      "\(digests.filter(wanted).map(\.short).joined(separator: ","))"
    }
    return [
      "jobs": "\(jobs.count)", "peer": "\(peer.value)", "worker": "\(state.workerName(at: peer) ?? "")",
      "asked": list { !state.isAuditing($0) }, "checked": list(state.isAuditing),
    ]
  }

  private mutating func fetch(_ promises: [PromisedBlob], from peer: PeerID) {
    let epoch = state.epoch
    let download =
      downloads[peer]
      ?? BlobDownloads(givesUp: true) { [outbox] request in
        outbox.send(WireCodec.encode(CoordinatorMessage.blobRequest(request), epoch: epoch), to: peer)
      }
    downloads[peer] = download
    for promise in promises {
      let digest = promise.digest
      Task { [run, persister, input, log] in
        do {
          // A damaged file of that name is as good as none.
          if run.store.complaint(aboutBlob: digest) == nil {
            try promise.check(try run.store.blob(digest))
          } else {
            let bytes = try await download.fetch(digest, atMost: promise.byteCount)
            try promise.check(bytes)
            _ = try await persister.run { try run.store.storeBlob(bytes) }
          }
          input.yield(.blob(digest, peer, stored: true))
        } catch let error as RunStoreError {
          input.yield(.disk(.failed(error)))
        } catch {
          log.warning("a blob was not fetched", metadata: ["blob": "\(digest)", "reason": "\(error)"])
          input.yield(.blob(digest, peer, stored: false))
        }
      }
    }
  }

  private func log(_ note: Note) {
    switch note {
    case .joined(let worker, let lanes):
      log.info("worker joined", metadata: ["worker": "\(worker)", "lanes": "\(lanes)"])
    case .left(let worker): log.info("worker left", metadata: ["worker": "\(worker)"])
    case .suspected(let worker): log.warning("worker is silent", metadata: ["worker": "\(worker)"])
    case .lost(let worker, let jobs):
      log.warning("worker lost; its jobs go to others", metadata: ["worker": "\(worker)", "jobs": "\(jobs)"])
    case .rejected(let reason): log.warning("worker rejected", metadata: ["reason": "\(reason)"])
    case .failed(let job, let worker, let reason):
      log.warning("job failed", metadata: ["job": "\(job)", "worker": "\(worker)", "reason": "\(reason)"])
    case .disagreed(let job, let worker):
      log.warning("a worker contradicts a result", metadata: ["job": "\(job)", "worker": "\(worker)"])
    case .undecided(let job):
      log.error("workers disagree, and a third one is needed to decide", metadata: ["job": "\(job)"])
    case .quarantined(let worker, let reason):
      log.error(
        "a worker is kept out, and all its results are computed again",
        metadata: ["worker": "\(worker)", "reason": "\(reason)"])
    case .backedUp(let job): log.info("backup of a straggler", metadata: ["job": "\(job)"])
    }
  }
}

/// The blobs that workers ask for, read once and kept for the next chunk.
actor BlobShelf {
  private let store: RunStore
  private var recent: [(digest: Digest, bytes: [UInt8])] = []

  init(store: RunStore) { self.store = store }

  /// A blob's bytes; nil if the run does not have it as it was written.
  ///
  /// - Throws: `RunStoreError` where that cannot be found out.
  func blob(_ digest: Digest) throws(RunStoreError) -> [UInt8]? {
    if let held = recent.first(where: { $0.digest == digest }) { return held.bytes }
    do throws(RunStoreError) {
      let bytes = try store.blob(digest)
      recent.append((digest, bytes))
      if recent.count > 4 { recent.removeFirst() }
      return bytes
    } catch {
      switch error {
      case .noBlob, .damagedBlob: return nil
      default: throw error
      }
    }
  }
}
