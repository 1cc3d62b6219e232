internal import Digests
package import Logging
package import Messaging
internal import Models
internal import Networks
internal import Scheduling
internal import ServiceLifecycle
internal import Studies
internal import Synchronization
internal import Wire

/// What a worker is started with.
package struct WorkerOptions: Sendable {
  /// What the socket dials.
  package var address: Address
  /// The coordinator's address as people know it, at the other end of a tunnel if there is one.
  package var coordinator: Address
  /// Evaluation threads.
  package var lanes: Int
  /// A file that gets one line for each job that is computed; nil writes none.
  package var journal: String?
  /// Leave when standard input ends: the parent process is gone.
  package var followsStandardInput: Bool
  /// How many seconds to be without a coordinator before leaving; nil for ever.
  package var patience: Double?
  /// Touched while the worker goes round.
  package var health: HealthFile?

  package init(
    address: Address, coordinator: Address? = nil, lanes: Int, journal: String? = nil,
    followsStandardInput: Bool = false, patience: Double? = nil, health: HealthFile? = nil
  ) {
    self.address = address
    self.coordinator = coordinator ?? address
    self.lanes = lanes
    self.journal = journal
    self.followsStandardInput = followsStandardInput
    self.patience = patience
    self.health = health
  }
}

/// A worker process: the socket, the lanes and the state machine between them.
///
/// One task owns the state; everything else reports to it through one stream.
package final class WorkerService: Sendable {
  private enum Input: Sendable {
    case socket(SocketEvent)
    case finished([JobResult], blobs: [(digest: Digest, bytes: [UInt8])], lane: Int)
    case tick
    case drain
    case leave
  }

  private let options: WorkerOptions
  private let log: Logger
  /// Why the worker ended, once `run` has returned.
  package var ending: WorkerEnding? { result.withLock { $0 } }
  private let result = Mutex<WorkerEnding?>(nil)
  private let (inputs, input) = AsyncStream.makeStream(of: Input.self)

  package init(_ options: WorkerOptions, log: Logger) {
    self.options = options
    self.log = log
  }

  /// Makes a running worker give back what it holds and leave at once, instead of after the jobs in hand.
  package func leave() { input.yield(.leave) }

  /// Works until it is dismissed, rejected, told to stop or alone for too long.
  ///
  /// - Throws: `MessagingError` if the socket cannot be made; ``WorkerSetupError`` if this machine computes other bits.
  package func run() async throws {
    NumericsProbe.configureSingleThread()
    guard GoldenEvaluation.matches() else { throw WorkerSetupError.golden }
    let journal = try options.journal.map { try Journal(path: $0) }
    let socket = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
    let (outgoing, outbox) = AsyncStream.makeStream(of: [UInt8].self)
    let epoch = Mutex<UInt64>(0)
    let send: @Sendable (WorkerMessage) -> Void = { message in
      outbox.yield(WireCodec.encode(message, epoch: epoch.withLock { $0 }))
    }
    let downloads = BlobDownloads(givesUp: false) { send(.blobRequest($0)) }
    let store = WorkerInputs(downloads: downloads)
    var state = WorkerState(hello: hello(), patience: options.patience)
    var shelf = MaskShelf.receiver
    let lanes = (0..<options.lanes).map { Lane(number: $0) }
    var idle = Array(lanes.indices.reversed())

    try socket.dial(options.address)
    log.info("dialling", metadata: ["address": "\(options.coordinator)", "lanes": "\(options.lanes)"])
    await withGracefulShutdownHandler {
      // Discarding: any other group keeps each task that has ended until somebody asks for its result.
      await withDiscardingTaskGroup { group in
        group.addTask { [input] in for await event in socket.events { input.yield(.socket(event)) } }
        let sender = Task {
          for await bytes in outgoing {
            // A message that cannot be sent is lost like one that the network drops: hello, heartbeats and the outbox
            // make up for it.
            try? await socket.send(bytes)
          }
        }
        group.addTask { [input] in
          while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(1000 / Self.ticksPerSecond))
            input.yield(.tick)
          }
        }
        if options.followsStandardInput { followStandardInput { [input] in input.yield(.drain) } }

        loop: for await event in inputs {
          if case .tick = event {
            options.health?.touch()
            if hasStoppedDialling(socket) { socket.replaceDeadDialer() }
          }
          for effect in await effects(of: event, &state, &idle, &shelf, epoch, store, downloads, send) {
            switch effect {
            case .send(let message): send(message)
            case .start(let jobs):
              let lane = idle.removeLast()
              // Not in the group: who leaves at once does not wait for what is being computed.
              Task { [lanes, input] in
                let (results, blobs) = await Self.compute(jobs, on: lanes[lane], store)
                for (job, result) in zip(jobs, results) { journal?.append("\(result.job.hex) \(job.kind)") }
                input.yield(.finished(results, blobs: blobs, lane: lane))
              }
            case .giveUpFetching: await downloads.fail("the coordinator is gone")
            case .exit(let exit):
              finish(exit)
              outbox.finish()
              break loop
            case .note(let note): self.log(note)
            }
          }
        }
        // The goodbye has to go out, but may find no connection.
        let limit = Task {
          try await Task.sleep(for: .seconds(1))
          sender.cancel()
        }
        await sender.value
        limit.cancel()
        await socket.flush()
        // Nothing answers a goodbye, and nng and the tunnel hand it on by themselves.
        try? await Task.sleep(for: .milliseconds(100))
        group.cancelAll()
        input.finish()
      }
    } onGracefulShutdown: { [input] in
      input.yield(.drain)
    }
  }

  private static let ticksPerSecond = 4

  /// When to say again that nobody answers: after 1, 2, 4, ... up to 60 seconds. nng dials on by itself all the while,
  /// at least every two seconds, unless its dialler has died.
  private struct Patience {
    var silentSince: Instant? = Clock.now
    var next = 1.0
    var dialling = DialWatch(ticksPerSecond: WorkerService.ticksPerSecond)
  }
  private let patience = Mutex(Patience())

  private func complainIfAlone(at now: Instant) {
    let seconds = patience.withLock { patience -> Double? in
      guard let since = patience.silentSince, now.seconds(since: since) >= patience.next else { return nil }
      patience.next += min(patience.next, 60)
      return now.seconds(since: since)
    }
    guard let seconds else { return }
    log.warning(
      "no coordinator answers; dialling on",
      metadata: ["address": "\(options.coordinator)", "seconds": "\(Int(seconds.rounded()))"])
  }

  private func hasStoppedDialling(_ socket: WorkerSocket) -> Bool {
    guard patience.withLock({ $0.silentSince != nil }), let attempts = socket.attempts else { return false }
    return patience.withLock { $0.dialling.hasStopped(attempts: attempts) }
  }

  private func effects(
    of event: Input, _ state: inout WorkerState, _ idle: inout [Int], _ shelf: inout MaskShelf,
    _ epoch: borrowing Mutex<UInt64>, _ store: WorkerInputs, _ downloads: BlobDownloads,
    _ send: @Sendable (WorkerMessage) -> Void
  ) async -> [WorkerEffect] {
    let now = Clock.now
    switch event {
    case .tick:
      complainIfAlone(at: now)
      await downloads.askAgainIfStalled()
      return state.handle(.tick, at: now)
    case .drain:
      log.info("leaving after the jobs in hand")
      return state.handle(.drain, at: now)
    case .leave:
      log.info("leaving at once")
      return state.handle(.leave, at: now)
    case .finished(let results, let blobs, let lane):
      idle.append(lane)
      // Before the result names them, so that a request for them never misses.
      for blob in blobs { await store.store(blob.bytes, as: blob.digest) }
      return state.handle(.finished(results), at: now)
    case .socket(.connected):
      shelf = .receiver
      patience.withLock { $0.silentSince = nil }
      return state.handle(.connected, at: now)
    case .socket(.disconnected):
      patience.withLock { $0 = Patience() }
      return state.handle(.disconnected, at: now)
    case .socket(.message(_, let bytes)):
      do throws(WireError) {
        let (message, sender) = try WireCodec.coordinatorMessage(bytes, on: &shelf)
        switch message {
        case .blobChunk(let chunk):
          await downloads.deliver(chunk)
          return []
        case .blobRequest(let request):
          send(.blobChunk(BlobChunk(answering: request, from: await store.held(request.digest))))
          return []
        case .welcome, .reject, .parcel, .acknowledge, .cancel, .dismiss:
          guard sender >= epoch.withLock({ $0 }) else { return [] }
          let effects = state.handle(.received(message), at: now)
          if case .welcome(let welcome) = message {
            epoch.withLock { $0 = welcome.epoch }
            await downloads.askAgain()
          }
          return effects
        }
      } catch {
        log.warning("a message was dropped", metadata: ["reason": "\(error)"])
        guard error.missesMask else { return [] }
        shelf = .receiver
        return state.handle(.missedMask, at: now)
      }
    }
  }

  private static func compute(
    _ jobs: [Job], on lane: Lane, _ store: WorkerInputs
  ) async -> ([JobResult], [(digest: Digest, bytes: [UInt8])]) {
    do {
      let products = await lane.perform(try await work(jobs, store))
      let results = zip(jobs, products).map { JobResult(job: $0.digest, answer: $1.answer, cost: $1.cost) }
      return (results, products.flatMap(\.blobs))
    } catch {
      let cost = Cost(wallSeconds: 0, cpuSeconds: 0)
      return (jobs.map { JobResult(job: $0.digest, answer: .failure("\(error)"), cost: cost) }, [])
    }
  }

  /// The work of one job, or of several evaluations with the same inputs.
  private static func work(_ jobs: [Job], _ store: WorkerInputs) async throws -> Lane.Work {
    switch jobs[0] {
    case .split: throw BlobError(description: "a split is done where the data folder is")
    case .train(let job):
      let data = try await store.labelledData(job.slice.digest, atMost: job.slice.mostBytes(for: job.network))
      return .train(job, data, try await start(of: job, store))
    case .score(let job):
      return .score(
        job, try await store.parameters(job.parameters, of: job.network),
        try await store.labelledData(job.slice.digest, atMost: job.slice.mostBytes(for: job.network)))
    case .grow(let job):
      let data = try await store.labelledData(job.slice.digest, atMost: job.slice.mostBytes(for: job.network))
      return .grow(job, data, try await state(job.state, of: job.network, job.recipe, step: job.step, store))
    case .evaluate(let job):
      let evaluations = jobs.map { job -> Evaluation<FitnessUse> in
        guard case .evaluate(let evaluation) = job else { preconditionFailure("only evaluations are done together") }
        return evaluation
      }
      return .evaluate(
        evaluations, try await weights(job, store),
        try await store.evaluationData(job.slice.digest, atMost: job.slice.mostBytes(for: job.network)),
        images: try await images(job, store))
    case .test(let job):
      return .test(
        job, try await weights(job, store),
        try await store.evaluationData(job.slice.digest, atMost: job.slice.mostBytes(for: job.network)),
        images: try await images(job, store))
    }
  }

  private static func weights<Use>(_ job: Evaluation<Use>, _ store: WorkerInputs) async throws -> [Float]? {
    guard let digest = job.parameters else { return nil }
    return try await store.parameters(digest, of: job.network)
  }

  private static func images<Use>(_ job: Evaluation<Use>, _ store: WorkerInputs) async throws -> LabelledData? {
    guard let retraining = job.retraining else { return nil }
    return try await store.labelledData(retraining.slice.digest, atMost: retraining.slice.mostBytes(for: job.network))
  }

  private static func start(of job: TrainingSegment, _ store: WorkerInputs) async throws -> TrainingState {
    let layout = ParameterLayout(job.network)
    switch job.start {
    case .fresh: return Trainer.initialState(job.network, recipe: job.recipe, seed: job.seed)
    case .weights(let digest):
      let weights = try await store.parameters(digest, of: job.network)
      guard weights.count == layout.count else {
        throw BlobError(description: "the weights \(digest) are not of this segment's network")
      }
      return TrainingState(weights: weights, of: job.network, recipe: job.recipe, step: job.steps.lowerBound)
    case .state(let digest):
      return try await state(digest, of: job.network, job.recipe, step: job.steps.lowerBound, store)
    }
  }

  /// The state behind a step of training.
  private static func state(
    _ digest: Digest, of network: NetworkDescription, _ recipe: TrainingRecipe, step: Int, _ store: WorkerInputs
  ) async throws -> TrainingState {
    let layout = ParameterLayout(network)
    // Adam has the most slots, two.
    let limit = 4096 + 12 * layout.count
    let state = try TrainingState(canonical: try await store.blob(digest, atMost: limit))
    guard state.step == step, state.parameters.count == layout.count,
      state.slots.map(\.count) == Array(repeating: layout.trainableCount, count: recipe.optimizer.slots)
    else { throw BlobError(description: "the state \(digest) is not the one that the job goes on from") }
    return state
  }

  private func hello() -> Hello {
    Hello(
      protocolVersion: ProtocolVersion.current, build: Build.version, worker: ProcessIdentity.random(),
      name: ProcessIdentity.name, lanes: options.lanes, receiveLimit: WireCodec.receiveLimit,
      numerics: NumericsProbe.numericsClass, golden: GoldenResult.digest, holding: [])
  }

  private func finish(_ exit: WorkerExit) {
    switch exit {
    case .done:
      result.withLock { $0 = .done }
      log.info("done")
    case .stopped:
      result.withLock { $0 = .stopped }
      log.info("stopped")
    case .rejected(let rejection):
      result.withLock { $0 = .rejected(rejection.reason) }
    case .alone: result.withLock { $0 = .alone }
    }
  }

  private func log(_ note: WorkerNote) {
    switch note {
    case .welcomed(let run, let epoch): log.info("welcomed", metadata: ["run": "\(run)", "epoch": "\(epoch)"])
    case .refused(let reason): log.warning("refused", metadata: ["reason": "\(reason)"])
    case .connectionLost:
      log.warning("connection lost; dialling again", metadata: ["address": "\(options.coordinator)"])
    }
  }
}

/// How a worker's life ended.
package enum WorkerEnding: Hashable, Sendable {
  /// The study is finished.
  case done
  /// It was told to leave before that.
  case stopped
  /// The coordinator will never accept this worker, for the reason given.
  case rejected(String)
  /// No coordinator answered for as long as it was to wait.
  case alone
}

/// Why a worker does not even dial.
package enum WorkerSetupError: Error, CustomStringConvertible {
  case golden

  package var description: String {
    "this machine does not reproduce the built-in evaluation bit for bit; its results could not be trusted"
  }
}
