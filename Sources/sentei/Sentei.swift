import ArgumentParser
import Glibc
import Services

/// The command.
@main
struct Sentei: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sentei",
    abstract: "Searches for the smallest part of a neural network that still does its work.",
    discussion: """
      Exit codes: 0 done; 64 wrong command line; 65 wrong content in a study, data or certificate file; 66 a file or run that is not \
      there; 69 an address in use, no coordinator for long, too few files that may be open, a server that does not give a file, or a \
      process that is not healthy; 70 the study cannot go on, or a coordinator refuses this worker; 73 a run directory that is another study's, has another budget or is in use, or a file that \
      would be replaced; 74 the disk; 75 stopped before the end, `sentei resume` goes on; 77 a key that others could read.
      """,
    version: Build.version,
    subcommands: [
      RunCommand.self, CoordinatorCommand.self, WorkerCommand.self, ResumeCommand.self, ExtendCommand.self,
      StatusCommand.self, TopCommand.self, HealthyCommand.self, ReportCommand.self, CompareCommand.self,
      HistoryCommand.self, MaskCommand.self, VerifyCommand.self, GarbageCommand.self, TrainCommand.self,
      EvaluateCommand.self, InspectCommand.self, ExportCommand.self, MeasureCommand.self, DataCommand.self,
      CertsCommand.self,
    ])

  static func main() async {
    if getpid() == 1 { obeySignals() }
    await main(nil)
  }

  /// Ends the process at a signal that nothing handles yet: in a container it is the first one, for which the system does
  /// not.
  private static func obeySignals() {
    for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { _exit(128 + $0) } }
  }
}
