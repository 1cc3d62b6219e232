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
  /// How long a worker that is sent home may take; then it is killed.
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
    try FileManager.default.createDirectory(atPath: logFolder, withIntermediateDirectories: true)
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
      let (deaths, isStopping) = state.withLock { state in
        if !status.isSuccess { state.deaths += 1 }
        return (state.deaths, state.isStopping)
      }
      guard !isStopping else { return }
      guard !status.isSuccess else {
        // Dismissed: the coordinator has what it needs, and ends this, too.
        return try await gracefulShutdown()
      }
      guard deaths <= Self.restarts * count else {
        throw LocalWorkerError(
          description: "local workers died \(deaths) times; read \(logFolder), then resume the run")
      }
      log.warning(
        "a local worker died; starting it again", metadata: ["number": "\(number)", "status": "\(status)"])
    }
  }

  /// A worker's life, from its start to its end.
  private func live(_ number: Int, dialling address: Address) async throws -> TerminationStatus {
    do {
      let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
      let output = try FileDescriptor.open(
        "\(logFolder)/worker-\(number).log", .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      let input = try takeInput(of: number)
      defer { closeInput(of: number) }
      return try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: ["worker", address.description, "--lanes", "\(lanes)", "--follow-standard-input"],
        environment: .inherit.updating(
          Dictionary(uniqueKeysWithValues: Numerics.environment.map { (Environment.Key(stringLiteral: $0), $1) })),
        input: .fileDescriptor(input, closeAfterSpawningProcess: true),
        output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .combinedWithOutput
      ).terminationStatus
    } catch let error as CancellationError {
      throw error
    } catch {
      throw LocalWorkerError(description: "cannot start a worker: \(error)")
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

  /// Closes every worker's standard input, which tells it to leave.
  private func sendHome() {
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
