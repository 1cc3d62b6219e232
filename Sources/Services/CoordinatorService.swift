internal import Digests
package import Logging
package import Messaging
internal import Models
internal import Monitoring
internal import RunStore
internal import Scheduling
internal import ServiceLifecycle
package import Studies
internal import Synchronization
internal import Wire

/// The coordinator process: socket, planner, disk, and the state machine between them.
///
/// One task owns the state; everything else reports to it through one stream.
package final class CoordinatorService: Sendable {
  enum Input: Sendable {
    case socket(SocketEvent)
    /// A peer came with a certificate of this name.
    case identified(PeerID, String)
    case planner(PlannerLoop.Output)
    case disk(Persister.Report)
    case blob(Digest, PeerID, stored: Bool)
    case tick
    /// Nobody can come any more, for this reason.
    case deaf(String)
    case stop
  }

  private let run: OpenRun
  private let reused: ReusedRuns?
  private let address: Address
  private let log: Logger
  private let isWatched: Bool
  private let onReport: @Sendable (CoordinatorReport) -> Void
  private let onListening: @Sendable (Address) -> Void
  private let onFinished: (@Sendable () -> Void)?
  private let doors = IdentityDoors()
  /// How the run ended, once it has.
  package var ending: CoordinatorEnding? { result.withLock { $0 } }
  private let result = Mutex<CoordinatorEnding?>(nil)

  /// A coordinator of an open run, which it keeps to itself from here on.
  ///
  /// - Parameters:
  ///   - reused: other runs whose facts are taken over.
  ///   - isWatched: whether reports say how the searches go.
  ///   - onReport: called at the beginning, every half second, and at the end.
  ///   - onFinished: called when the study is finished, behind which the coordinator stays until it is told to stop and
  ///     sends home whoever comes; nil ends there.
  package init(
    _ run: OpenRun, reusing reused: ReusedRuns? = nil, address: Address, log: Logger,
    isWatched: Bool = false, onListening: @escaping @Sendable (Address) -> Void = { _ in },
    onReport: @escaping @Sendable (CoordinatorReport) -> Void = { _ in },
    onFinished: (@Sendable () -> Void)? = nil
  ) {
    self.run = run
    self.reused = reused
    self.address = address
    self.log = log
    self.onListening = onListening
    self.isWatched = isWatched
    self.onReport = onReport
    self.onFinished = onFinished
  }

  /// Works until the study is finished, fails, or is told to stop.
  ///
  /// - Throws: `MessagingError` if it cannot listen; `RunStoreError` and `StudyFailure` where the run cannot go on.
  package func run() async throws {
    let (inputs, input) = AsyncStream.makeStream(of: Input.self)
    let socket = try CoordinatorSocket(receiveLimit: WireCodec.receiveLimit)
    let persister = Persister(store: run.store) { input.yield(.disk($0)) }
    let planner = PlannerLoop(run, reusing: reused, isWatched: isWatched) {
      input.yield(.planner($0))
    }
    // Before the desk, which has as many jobs to note as there are facts.
    planner.start()
    let outbox = Outbox()
    var desk = CoordinatorDesk(
      run: run, persister: persister, planner: planner, outbox: outbox, input: input, log: log)
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        defer { group.cancelAll() }
        group.addTask {
          // One sender for all peers keeps the order of messages; a peer that is gone loses its message, which the
          // protocol expects of any network.
          for await message in outbox.messages { try? await socket.send(message.bytes, to: .init(message.peer.value)) }
        }
        group.addTask {
          while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            input.yield(.tick)
          }
        }
        var (ticks, isListening, isTold) = (0, false, false)
        onReport(desk.report())
        for await event in inputs {
          if case .stop = event { isTold = true }
          if case .planner(.caughtUp) = event {
            guard !isListening else { continue }
            isListening = true
            let bound = try socket.listen(address)
            doors.begin(socket, beside: bound)
            onListening(bound)
            group.addTask { [doors] in
              for await event in socket.events {
                if case .connected(let pipe) = event, let name = doors.name(of: pipe) {
                  input.yield(.identified(PeerID(pipe.rawValue), name))
                }
                input.yield(.socket(event))
              }
            }
            group.addTask { if let reason = await self.deafness(of: socket) { input.yield(.deaf(reason)) } }
            continue
          }
          if let ending = try await desk.handle(event) {
            let isNews = result.withLock { known in
              defer { known = ending }
              return known == nil
            }
            guard let onFinished, case .finished = ending, !isTold else { break }
            if isNews {
              onReport(desk.report())
              onFinished()
              // A study that was finished before may never catch up with anything.
              if !isListening { input.yield(.planner(.caughtUp)) }
            }
          }
          if case .tick = event {
            ticks += 1
            if ticks % 2 == 0 { onReport(desk.report()) }
          }
        }
        onReport(desk.report())
        outbox.finish()
        await socket.flush()
      }
    } onGracefulShutdown: {
      input.yield(.stop)
    }
    // Whatever is still on its way to the disk gets there before the database is folded, not behind it.
    await planner.stop()
    try await persister.run { [run] in try run.store.close() }
  }
}

extension CoordinatorService {
  /// Tries the socket each half minute, until it fails twice in a row or the task is cancelled.
  ///
  /// - Returns: how it failed.
  private func deafness(of socket: CoordinatorSocket) async -> String? {
    while true {
      try? await Task.sleep(for: .seconds(30))
      for address in socket.addresses {
        guard !Task.isCancelled else { return nil }
        guard let first = await socket.complaint(about: address) else { continue }
        log.warning("the coordinator's own socket failed a test", metadata: ["reason": "\(first)"])
        // Not at once: many workers that come back together may fill the queue of connections.
        try? await Task.sleep(for: .seconds(3))
        if let second = await socket.complaint(about: address) { return second }
      }
    }
  }

  /// The socket file for the bearer of a certificate, which the coordinator listens at from now on.
  ///
  /// - Throws: `MessagingError` where it cannot.
  package func door(for name: String) throws -> String { try doors.door(for: name) }
}

/// How a coordinator's work ended.
package enum CoordinatorEnding: Sendable {
  /// Every fact is there; the networks that the report compares, with the seconds from the first lease of an evaluation
  /// to the last commit of one.
  case finished([Contestant], searchSeconds: Double)
  /// What this process knows is not what the disk holds, after a liar, or no peer can reach it any more: a new one goes on.
  case anew
  /// Told to stop: everything is on disk, and `sentei resume` goes on.
  case stopped
}
