import ArgumentParser
import Dashboard
import Foundation
import Logging
import Messaging
import Monitoring
import RunStore
import ServiceLifecycle
import Services
import Synchronization
import Tunnel
import UnixSignals

/// A service made of a closure.
struct RunningService: Service {
  let body: @Sendable () async throws -> Void

  func run() async throws { try await body() }
}

/// Runs services until the first of them has done its work, and shuts down on SIGTERM and SIGINT.
///
/// - Parameter hurry: called for a second signal, of somebody who does not want to wait.
func runServices(
  _ services: [RunningService], _ logger: Logger, hurry: @escaping @Sendable () -> Void
) async throws {
  var quiet = logger
  quiet.logLevel = .error
  var configuration = ServiceGroupConfiguration(
    services: services.map {
      .init(
        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
        failureTerminationBehavior: .gracefullyShutdownGroup)
    },
    gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
  configuration.maximumGracefulShutdownDuration = .seconds(3600)
  let signals = Task {
    var count = 0
    for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
      count += 1
      if count == 2 { hurry() }
    }
  }
  defer { signals.cancel() }
  try await ServiceGroup(configuration: configuration).run()
}

/// Coordinates an open run to its end, alone or with workers of this machine.
///
/// - Parameters:
///   - place: where its socket listens, and the tunnel in front of it.
///   - reused: other runs whose facts are taken over.
///   - watching: the web server that shows it, and whether to stay behind the end.
///   - local: the number of local workers and their lanes; nil for none.
/// - Throws: `ExitCode` 75 if it was stopped before the end; ``BeginAnew`` behind the quarantine of a liar, or where no peer
///   can come any more.
func coordinate(
  _ run: OpenRun, reusing reused: ReusedRuns?, at place: ListeningPlace, local: (workers: Int, lanes: Int)?,
  watching: Watching, log: Logger
) async throws {
  // Its folder is there for as long as the socket.
  defer { withExtendedLifetime(place) {} }
  for damage in run.damage { log.warning("\(damage)") }
  if let note = run.note { log.notice("\(note)") }
  let directory = run.store.layout.directory
  SummaryFile.remove(from: directory)
  watching.board?.list { SummaryFile.beside(directory) }
  let (listening, listens) = AsyncStream.makeStream(of: Address.self)
  let reusedFacts = Mutex(0)
  let (dashboard, health) = (watching.dashboard, HealthFile.ofEnvironment)
  let (finishes, finish) = AsyncStream.makeStream(of: Void.self)
  let onFinished: (@Sendable () -> Void)? = watching.stays ? { @Sendable in _ = finish.yield() } : nil
  let isListening = Atomic(false)
  let isConcluded = Atomic(false)
  let coordinator = CoordinatorService(
    run, reusing: reused, address: place.socket, log: log, isWatched: dashboard != nil,
    onListening: {
      isListening.store(true, ordering: .relaxed)
      health?.touch()
      dashboard?.board.listening()
      if local == nil, place.tunnel == nil { log.notice("listening", metadata: ["address": "\($0)"]) }
      listens.yield($0)
      listens.finish()
    },
    onReport: { report in
      reusedFacts.withLock { $0 = report.metrics.reused }
      Terminal.standard.show(report.cluster)
      dashboard?.board.post(report.cluster, report.metrics, report.search)
      if isListening.load(ordering: .relaxed) { health?.touch() }
    },
    onFinished: onFinished)
  let workers = local.map {
    LocalWorkers(count: $0.workers, lanes: $0.lanes, logFolder: "\(directory)/logs", log: log)
  }
  var services = [
    RunningService {
      defer { listens.finish() }
      try await coordinator.run()
    }
  ]
  if watching.stays {
    services.append(
      RunningService {
        for await _ in finishes.cancelOnGracefulShutdown() {
          workers?.sendHome()
          try await onThread { try conclude(coordinator, directory, log) }
          isConcluded.store(true, ordering: .relaxed)
          dashboard?.board.runsChanged()
          log.notice("finished; staying until told to stop")
        }
        try? await gracefulShutdown()
      })
  }
  if let (tunnel, address) = place.tunnel {
    // First, so that it is the last to be shut down: workers still have to hear the coordinator's goodbye.
    services.insert(
      RunningService {
        for await _ in listening.cancelOnGracefulShutdown() {
          let port = try await tunnel.listen { try coordinator.door(for: $0) }
          log.notice("listening", metadata: ["address": "\(address.withPort(UInt16(clamping: port)))"])
        }
        try await gracefulShutdown()
      }, at: 0)
  }
  if let dashboard {
    services.insert(
      RunningService {
        try await dashboard.server.run { address in log.notice("dashboard", metadata: ["address": "\(address)"]) }
      }, at: 0)
  }
  if let local, let workers {
    try OpenFiles.allow(localWorkers: local.workers)
    services.append(
      RunningService {
        // The last service is the first to be shut down, and the others wait for it: also while a long history is replayed.
        for await address in listening.cancelOnGracefulShutdown() { try await workers.run(dialling: address) }
        // The first service that ends would end all.
        if watching.stays { try? await gracefulShutdown() }
      })
  }
  // Nothing that counts is lost by an end in the midst of its work.
  try await runServices(services, log) { _exit(ExitStatus.stopped) }
  Terminal.standard.clearLine()
  if reused != nil {
    log.notice("facts taken over from other runs", metadata: ["facts": "\(reusedFacts.withLock { $0 })"])
  }
  switch coordinator.ending {
  case .finished: if !isConcluded.load(ordering: .relaxed) { try conclude(coordinator, directory, log) }
  case .anew: throw BeginAnew()
  case .stopped, nil:
    Terminal.standard.say("stopped; `sentei resume \(directory)` goes on")
    throw ExitCode(ExitStatus.stopped)
  }
}

/// Does what takes long on a thread of its own, so that the tasks of this process go on meanwhile.
private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
    Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
  }
}

/// Says what a finished study came to, and writes it down.
private func conclude(_ coordinator: CoordinatorService, _ directory: String, _ log: Logger) throws {
  guard case .finished(_, let seconds) = coordinator.ending else { return }
  if seconds > 0 { log.notice("search phase", metadata: ["seconds": "\(String(format: "%.3f", seconds))"]) }
  let conclusion = try AnyConclusion(directory: directory)
  try SummaryFile.write(conclusion.summary, to: directory)
  conclusion.printTable()
  fflush(nil)
}

/// Where facts come from besides workers.
struct ReuseOptions: ParsableArguments {
  @Option(
    name: .customLong("reuse"), help: "The directory of another run whose results count here too; may be repeated.")
  var runs: [String] = []

  /// The runs, open for reading; nil for none.
  func open() throws -> ReusedRuns? { runs.isEmpty ? nil : try ReusedRuns(directories: runs) }
}

/// The text of a file.
func readText(_ path: String) throws -> String {
  do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
    let reason =
      FileManager.default.fileExists(atPath: path) ? "it is no UTF-8 text or cannot be read" : "it is not there"
    throw FileError(description: "cannot read \(path): \(reason)")
  }
}
