import ArgumentParser
import Foundation
import Messaging
import Models
import Networks
import Services

/// `sentei worker`: one worker, which joins and leaves at any time.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Work for a coordinator; needs nothing but its address.")

  @Argument(help: "The coordinator's address: ipc:///path, or tcp://HOST:PORT with --insecure.")
  var address: String

  @Option(help: "Evaluation threads.")
  var lanes = 1

  @Flag(help: "Allow an address without encryption (tcp://).")
  var insecure = false

  @Option(help: "Append a line with digest and kind of each job that this worker computes.")
  var journal: String?

  @OptionGroup var logging: LogOptions

  @Flag(help: .hidden)
  var followStandardInput = false

  func validate() throws {
    guard (1...1024).contains(lanes) else { throw ValidationError("--lanes takes a number from 1 to 1024") }
  }

  func run() async throws {
    Numerics.ensureEnvironment()
    await reportingAndLeaving {
      let address = try checkedAddress(address, insecure: insecure)
      let log = logging.logger("worker")
      let worker = WorkerService(
        WorkerOptions(
          address: address, lanes: lanes, journal: journal, followsStandardInput: followStandardInput),
        log: log)
      try await runServices([RunningService { try await worker.run() }], log)
      if case .rejected(let reason) = worker.ending {
        throw RejectedError(description: "the coordinator at \(address) refuses this worker: \(reason)")
      }
    }
  }
}
