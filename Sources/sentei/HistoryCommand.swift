import ArgumentParser
import Digests
import Foundation
import RunStore
import Services
import Studies

/// `sentei history`: the record, a line a trial.
struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Print the history of a run, one line a trial.",
    discussion:
      "A line is: strategy, generation:index, mask digest, fitness, parents; of a population's member its learning rate "
      + "too; of a Pareto study all values of a fitness, as they are maximised. It is the same for any number of workers, "
      + "kills and resumes.")

  @Argument(help: "The run's directory.")
  var run: String

  @Flag(help: "Print one SHA-256 over all lines instead.")
  var digest = false

  func run() async throws {
    try await reporting {
      let open = try OpenRun.look(directory: run)
      let facts = open.facts
      var lines = RunningDigest()
      let (_, isFinished) = try Replay.history(
        of: open.run, outcome: { facts[$0] }, blob: { try open.store.blob($0) }
      ) { entry in
        if digest { lines.append(Array(entry.line.utf8) + [10]) } else { print(entry.line) }
      }
      if digest { print(lines.digest.hex) }
      if !isFinished {
        Terminal.standard.say("the run is not finished; this is the history so far")
      }
    }
  }
}
