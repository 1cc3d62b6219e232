import ArgumentParser
import Foundation
import Services

/// Options of the commands that go on with a run.
struct ContinuationOptions: ParsableArguments {
  @Argument(help: "The run's directory.")
  var run: String

  @Option(help: "Worker processes on this machine.")
  var workers = Processors.available

  @Option(help: "Evaluation threads of each worker.")
  var lanes = 1

  @Option(help: "Listen here for workers of other machines instead of starting some.")
  var listen: String?

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var reuse: ReuseOptions
  @OptionGroup var dashboard: DashboardOptions
  @OptionGroup var logging: LogOptions

  @Option(help: "The folder of data sets; needed only if slices or given weights are not in the run, or were lost.")
  var data: String?

  func validate() throws {
    guard (1...1024).contains(workers) else { throw ValidationError("--workers takes a number from 1 to 1024") }
    guard (1...1024).contains(lanes) else { throw ValidationError("--lanes takes a number from 1 to 1024") }
  }

  /// Coordinates the run that `open` gives, with workers of this machine or of others.
  func goOn(_ open: (_ directory: String, _ data: String?) throws -> OpenRun) async throws {
    let watching = try dashboard.watching()
    let reused = try reuse.open()
    if let listen {
      let log = logging.logger("coordinator", board: watching.board)
      let place = try ListeningPlace(listen, connection, log: log)
      let run = try open(run, DataOption.folder(data))
      try await coordinate(run, reusing: reused, at: place, local: nil, watching: watching, log: log)
      return
    }
    let run = try open(run, DataOption.folder(data))
    try await coordinate(
      run, reusing: reused, at: try ListeningPlace(), local: (workers, lanes), watching: watching,
      log: logging.logger("coordinator", hasLiveLine: true, board: watching.board))
  }
}

/// `sentei resume`: go on after any kind of stop.
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a run after any kind of stop.")

  @OptionGroup var options: ContinuationOptions

  func run() async throws {
    await reportingAndLeaving { try await options.goOn { try OpenRun.resume(directory: $0, data: $1) } }
  }
}

/// `sentei extend`: more budget for a run, finished or not.
struct ExtendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend", abstract: "Give a run a larger budget and go on.",
    discussion: "The history so far is a prefix of the longer one: it is that of a run that had the budget at once.")

  @OptionGroup var options: ContinuationOptions

  @Option(help: "Generations in all, of the study's first search; the others get as many evaluations.")
  var generations: Int?

  @Option(help: "Evaluations of each search in all.")
  var evaluations: Int?

  func validate() throws {
    guard (generations == nil) != (evaluations == nil) else {
      throw ValidationError("extend takes either --generations or --evaluations")
    }
    guard (1...100_000_000).contains(generations ?? evaluations!) else {
      throw ValidationError("a budget is a number from 1 to 100000000")
    }
  }

  func run() async throws {
    let budget = generations.map { OpenRun.Budget.generations($0) } ?? .evaluations(evaluations!)
    await reportingAndLeaving {
      try await options.goOn { try OpenRun.extend(directory: $0, to: budget, data: $1) }
    }
  }
}
