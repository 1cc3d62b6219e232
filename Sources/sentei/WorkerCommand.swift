import ArgumentParser
import Certificates
import Foundation
import Logging
import Messaging
import Models
import Networks
import Services
import Tunnel

/// `sentei worker`: one worker, which joins and leaves at any time.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Work for a coordinator; needs nothing but its address and, between machines, its certificate.")

  @Argument(help: "The coordinator's address: ipc:///path, tls://HOST:PORT, or tcp://HOST:PORT with --insecure.")
  var address: String

  @Option(help: "Evaluation threads: 1 to 1024, or auto for the processors that a container's limit leaves.")
  var lanes = Lanes.count(1)

  @OptionGroup var connection: ConnectionOptions

  @Option(help: "Whose certificate of the folder this worker shows: NAME.pem and NAME.key.")
  var identity: String?

  @Option(help: "Append a line with digest and kind of each job that this worker computes.")
  var journal: String?

  @Option(
    help: "Leave with exit code 69 after so many seconds without a coordinator and without a job; 0 waits for ever.")
  var wait = 600

  @OptionGroup var logging: LogOptions

  @Flag(help: .hidden)
  var followStandardInput = false

  func validate() throws {
    guard wait >= 0 else { throw ValidationError("--wait takes a number of seconds, or 0") }
  }

  func run() async throws {
    Numerics.ensureEnvironment()
    await reportingAndLeaving {
      let log = logging.logger("worker")
      let address = try connection.address(address)
      let (socket, folder) = try await way(to: address, log)
      defer { withExtendedLifetime(folder) {} }
      let worker = WorkerService(
        WorkerOptions(
          address: socket, coordinator: address, lanes: lanes.count, journal: journal,
          followsStandardInput: followStandardInput, patience: wait == 0 ? nil : Double(wait),
          // A local worker's parent has the file.
          health: followStandardInput ? nil : .ofEnvironment),
        log: log)
      try await runServices([RunningService { try await worker.run() }], log) { worker.leave() }
      switch worker.ending {
      case .done, nil: break
      // A local worker's parent, which closes its standard input, knows why it ends.
      case .stopped: if !followStandardInput { throw ExitCode(ExitStatus.stopped) }
      case .rejected(let reason):
        throw RejectedError(description: "the coordinator at \(address) refuses this worker: \(reason)")
      case .alone:
        throw NoCoordinator(
          description: "no coordinator at \(address) for \(wait) s; --wait sets how long to wait")
      }
    }
  }

  /// What nng dials: the address itself, or the private end of a tunnel to it.
  private func way(to address: Address, _ log: Logger) async throws -> (socket: Address, folder: PrivateFolder?) {
    guard address.kind == .tls, let host = address.host, let port = address.port else {
      guard identity == nil else { throw ValidationError("--identity is for tls://, found \(address)") }
      return (address, nil)
    }
    guard port != 0 else { throw MessagingError.portMissing(address) }
    let credentials = try connection.credentials(
      .worker, worker: identity ?? CertificateFolder.defaultWorker, log: log)
    let folder = try PrivateFolder()
    let socket = try folder.socket
    let tunnel = try WorkerTunnel(credentials, host: host, port: Int(port), log: log)
    try await tunnel.listen(at: socket.path ?? "")
    return (socket, folder)
  }
}
