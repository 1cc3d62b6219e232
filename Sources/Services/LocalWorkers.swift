internal import Foundation
package import Logging
package import Messaging
internal import ServiceLifecycle
internal import Synchronization

/// Workers of this machine, as child processes that end with their parent.
///
/// Each child holds the read end of a pipe as standard input; when this process ends, for whatever reason, it closes and
/// the child leaves.
package final class LocalWorkers: Sendable {
  private let count: Int
  private let lanes: Int
  private let logFolder: String
  private let log: Logger
  private let children = Mutex<[Int: Child]>([:])

  private struct Child {
    let process: Process
    let input: Pipe

    /// To be called at its end: until somebody waits for a process, Foundation keeps it in a cycle with its run loop's
    /// source, and three descriptors with it.
    func letGo() { process.waitUntilExit() }
  }

  /// How often a worker that dies is started anew before the run is given up.
  private static let restarts = 5

  /// - Parameter logFolder: where each worker's log goes, as `worker-N.log`.
  package init(count: Int, lanes: Int, logFolder: String, log: Logger) {
    self.count = count
    self.lanes = lanes
    self.logFolder = logFolder
    self.log = log
  }

  /// Starts the workers and keeps them running until shut down.
  ///
  /// - Throws: ``LocalWorkerError`` if one cannot be started or dies again and again.
  package func run(dialling address: Address) async throws {
    try FileManager.default.createDirectory(atPath: logFolder, withIntermediateDirectories: true)
    let (exits, exited) = AsyncStream.makeStream(of: (number: Int, status: Int32).self)
    for number in 1...count { try start(number, address) { exited.yield((number, $0)) } }
    let deaths = await withGracefulShutdownHandler {
      var deaths = 0
      for await exit in exits where exit.status != 0 {
        deaths += 1
        guard deaths <= Self.restarts * count else { break }
        log.warning(
          "a local worker died; starting it again",
          metadata: ["number": "\(exit.number)", "status": "\(exit.status)"])
        children.withLock { $0.removeValue(forKey: exit.number) }?.letGo()
        try? start(exit.number, address) { exited.yield((exit.number, $0)) }
      }
      return deaths
    } onGracefulShutdown: {
      exited.finish()
    }
    await stop()
    if deaths > Self.restarts * count {
      throw LocalWorkerError(
        description: "local workers died \(deaths) times; read \(logFolder), then resume the run")
    }
  }

  private func start(_ number: Int, _ address: Address, exited: @escaping @Sendable (Int32) -> Void) throws {
    let process = Process()
    let input = Pipe()
    // No child may inherit the end that says that this process lives, or it would keep itself and its siblings alive.
    _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    let logPath = "\(logFolder)/worker-\(number).log"
    _ = FileManager.default.createFile(atPath: logPath, contents: nil)
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["worker", address.description, "--lanes", "\(lanes)", "--follow-standard-input"]
    process.environment = ProcessInfo.processInfo.environment.merging(Numerics.environment) { $1 }
    process.standardInput = input
    process.standardError = FileHandle(forWritingAtPath: logPath)
    process.standardOutput = process.standardError
    process.terminationHandler = { exited($0.terminationReason == .exit ? $0.terminationStatus : 128) }
    do { try process.run() } catch {
      throw LocalWorkerError(description: "cannot start a worker: \(error.localizedDescription)")
    }
    children.withLock { $0[number] = Child(process: process, input: input) }
  }

  /// Closes every child's standard input and waits for it; one that does not go within ten seconds is killed.
  private func stop() async {
    let all = children.withLock { $0.values.map { $0 } }
    for child in all { try? child.input.fileHandleForWriting.close() }
    for _ in 0..<1000 where all.contains(where: { $0.process.isRunning }) {
      try? await Task.sleep(for: .milliseconds(10))
    }
    for child in all where child.process.isRunning { kill(child.process.processIdentifier, SIGKILL) }
    for child in all { child.letGo() }
  }
}

/// A local worker that cannot be started.
package struct LocalWorkerError: Error, CustomStringConvertible {
  package let description: String
}
