import ArgumentParser
import Foundation
import Services
import Studies
import StudyFile

/// Options of every command that starts a study.
struct StudyOptions: ParsableArguments {
  @Argument(help: "The study file.")
  var study: String

  @Option(help: "The run's directory; by default runs/ and the study's name.")
  var runDirectory: String?

  @Option(help: "The folder of data sets; by default the environment variable SENTEI_DATA.")
  var data: String?

  @OptionGroup var reuse: ReuseOptions

  /// Reads the study and opens its run.
  func open() throws -> OpenRun {
    let text = try readText(study)
    let document = try AnyStudyDocument(text: text, file: study)
    return try OpenRun.start(
      document, text: text, directory: runDirectory ?? "runs/\(document.name)", data: DataOption.folder(data))
  }
}

/// Where data sets lie.
enum DataOption {
  static func folder(_ option: String?) -> String? { option ?? ProcessInfo.processInfo.environment["SENTEI_DATA"] }
}

/// `sentei run`: the whole thing on this machine.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a study on this machine: coordinator and worker processes.",
    discussion: "A run directory that holds the same study is resumed.")

  @OptionGroup var options: StudyOptions
  @OptionGroup var dashboard: DashboardOptions
  @OptionGroup var logging: LogOptions

  @Option(help: "Worker processes.")
  var workers = Processors.available

  @Option(help: "Evaluation threads of each worker.")
  var lanes = 1

  func validate() throws {
    guard (1...1024).contains(workers) else { throw ValidationError("--workers takes a number from 1 to 1024") }
    guard (1...1024).contains(lanes) else { throw ValidationError("--lanes takes a number from 1 to 1024") }
  }

  func run() async throws {
    await reportingAndLeaving {
      let watching = try dashboard.watching()
      let reused = try options.reuse.open()
      let run = try options.open()
      try await coordinate(
        run, reusing: reused, at: try ListeningPlace(), local: (workers, lanes), watching: watching,
        log: logging.logger("coordinator", hasLiveLine: true, board: watching.board))
    }
  }
}

/// `sentei coordinator`: the coordinator alone.
struct CoordinatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator", abstract: "Coordinate a study; workers come and go.",
    discussion: "A run directory that holds the same study is resumed.")

  @OptionGroup var options: StudyOptions
  @OptionGroup var logging: LogOptions

  @Option(help: "The address to listen on: ipc:///path, tls://HOST:PORT, or tcp://HOST:PORT with --insecure.")
  var listen: String

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var dashboard: DashboardOptions

  func run() async throws {
    await reportingAndLeaving {
      let watching = try dashboard.watching()
      let log = logging.logger("coordinator", board: watching.board)
      let place = try ListeningPlace(listen, connection, log: log)
      let reused = try options.reuse.open()
      try await coordinate(
        try options.open(), reusing: reused, at: place, local: nil, watching: watching, log: log)
    }
  }
}
