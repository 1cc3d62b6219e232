internal import Foundation
package import Logging
package import Messaging
internal import ServiceLifecycle
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// Workers of this machine, as child processes that end with their parent.
///
/// Each child holds the read end of a pipe as standard input; when this process ends, for whatever reason, it closes and
/// the child leaves. Not Foundation's `Process`: its wait for a child's end can last for ever, and a coordinator with it.
package final class LocalWorkers: Sendable {
  private let count: Int
  private let lanes: Int
  private let logFolder: String
  private let log: Logger
  private let state = Mutex(State())

  private struct State {
    /// The write end of each worker's standard input.
    var inputs: [Int: FileDescriptor] = [:]
    var deaths = 0
    var isStopping = false
  }

  /// How often a worker that dies is started anew before the run is given up.
  private static let restarts = 5
  /// How long a worker that is sent home may take, before it is killed; and how long behind a worker's goodbye this may
  /// still be needed, before the worker is started again.
  private static let patience = Duration.seconds(10)

  /// - Parameter logFolder: where each worker's log goes, as `worker-N.log`.
  package init(count: Int, lanes: Int, logFolder: String, log: Logger) {
    self.count = count
    self.lanes = lanes
    self.logFolder = logFolder
    self.log = log
  }

  /// Starts the workers and keeps them running until shut down; none is left when this returns.
  ///
  /// - Throws: ``LocalWorkerError`` if one cannot be started or dies again and again.
  package func run(dialling address: Address) async throws {
    try? FileManager.default.createDirectory(atPath: logFolder, withIntermediateDirectories: true)
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 1...count { group.addTask { try await self.keep(number, dialling: address) } }
        group.addTask {
          for await _ in ends { break }
          self.sendHome()
          try? await Task.sleep(for: Self.patience)
          // Cancelled, a worker's task kills it.
          throw CancellationError()
        }
        var failure: (any Error)?
        for _ in 1...count {
          do { try await group.next() } catch is CancellationError { break } catch {
            failure = failure ?? error
            end.finish()
          }
        }
        group.cancelAll()
        if let failure { throw failure }
      }
    } onGracefulShutdown: {
      end.finish()
    }
  }

  /// Starts a worker, and again whenever it dies.
  private func keep(_ number: Int, dialling address: Address) async throws {
    while true {
      let status = try await live(number, dialling: address)
      guard !isStopping else { return }
      if status.isSuccess {
        // Dismissed, since the coordinator has what it needs, and will end this, too; or somebody else sent it home.
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.patience) }
        guard !isStopping else { return }
      }
      let deaths = state.withLock { state in
        state.deaths += 1
        return state.deaths
      }
      guard deaths <= Self.restarts * count else {
        throw LocalWorkerError(
          description: "local workers died \(deaths) times; read \(logFolder), then resume the run")
      }
      log.warning(
        "a local worker died; starting it again", metadata: ["number": "\(number)", "status": "\(status)"])
    }
  }

  private var isStopping: Bool {
    Task.isShuttingDownGracefully || Task.isCancelled || state.withLock(\.isStopping)
  }

  /// A worker's life, from its start to its end.
  private func live(_ number: Int, dialling address: Address) async throws -> TerminationStatus {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    // A group of its own: what a terminal sends to ours, the coordinator passes on in its own time.
    var options = PlatformOptions()
    options.processGroupID = 0
    defer { closeInput(of: number) }
    do {
      let output = try openLog(of: number)
      let input: FileDescriptor
      do { input = try takeInput(of: number) } catch {
        try? output.close()
        throw error
      }
      return try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: ["worker", address.description, "--lanes", "\(lanes)", "--follow-standard-input"],
        environment: .inherit.updating(
          Dictionary(uniqueKeysWithValues: Numerics.environment.map { (Environment.Key(stringLiteral: $0), $1) })),
        platformOptions: options, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
        // Not "combined": the duplicate that it makes traps where no file can be opened any more.
        output: .fileDescriptor(output, closeAfterSpawningProcess: true),
        error: .fileDescriptor(output, closeAfterSpawningProcess: true)
      ).terminationStatus
    } catch let error as CancellationError {
      throw error
    } catch {
      throw LocalWorkerError(description: "cannot start a worker: \(error)")
    }
  }

  /// A worker's log, or nowhere if that cannot be opened: the work does not depend on it.
  private func openLog(of number: Int) throws -> FileDescriptor {
    let path = "\(logFolder)/worker-\(number).log"
    do {
      return try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      log.warning("a local worker is without its log", metadata: ["path": "\(path)", "reason": "\(error)"])
      return try FileDescriptor.open("/dev/null", .writeOnly, options: .closeOnExec)
    }
  }

  /// A new pipe for a worker's standard input.
  ///
  /// - Returns: the end that the worker reads; the other is kept, or closed already where workers are being sent home.
  private func takeInput(of number: Int) throws -> FileDescriptor {
    let ends = try FileDescriptor.pipe()
    // No child may inherit the end that says that this process lives, or it would keep itself and its siblings alive.
    _ = fcntl(ends.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
    let isStopping = state.withLock {
      if !$0.isStopping { $0.inputs[number] = ends.writeEnd }
      return $0.isStopping
    }
    if isStopping { try ends.writeEnd.close() }
    return ends.readEnd
  }

  private func closeInput(of number: Int) {
    try? state.withLock { $0.inputs.removeValue(forKey: number) }?.close()
  }

  /// Closes every worker's standard input, which tells it to leave; none is started again.
  package func sendHome() {
    let inputs = state.withLock { state in
      state.isStopping = true
      defer { state.inputs = [:] }
      return Array(state.inputs.values)
    }
    for input in inputs { try? input.close() }
  }
}

/// A local worker that cannot be started.
package struct LocalWorkerError: Error, CustomStringConvertible {
  package let description: String
}
