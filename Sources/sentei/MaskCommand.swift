import ArgumentParser
import Digests
import Formats
import Foundation
import Models
import Pruning
import RunStore
import Search
import Services
import Studies

/// `sentei mask`: any mask of a history, made again from its lineage.
struct MaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mask",
    abstract: "Write a mask of a run's history as .npy, as --mask of export and evaluate reads it.",
    discussion: """
      Masks are not stored: the history is replayed up to the trial. The file has a 0 or a 1 for each prunable weight, in the \
      order of `sentei inspect`.
      """)

  @Argument(help: "The run's directory.")
  var run: String

  @Argument(help: "The trial's generation and index, as in `sentei history`, for example 12:3.")
  var trial: String

  @Option(help: "The trial's first word in `sentei history`; by default the study's first search.")
  var strategy: String?

  @Option(name: [.short, .long], help: "The file to write; by default mask-GENERATION-INDEX.npy here.")
  var output: String?

  func validate() throws {
    if let output, !output.hasSuffix(".npy") {
      throw ValidationError("--output takes a file that ends in .npy, found '\(output)'")
    }
    guard id != nil else { throw ValidationError("expected a trial such as 12:3, found '\(trial)'") }
  }

  private var id: TrialID? {
    let parts = trial.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let generation = parts[0], let index = parts[1], generation >= 0, index >= 0 else {
      return nil
    }
    return TrialID(generation: generation, index: index)
  }

  func run() async throws {
    let id = id!
    try await reporting {
      let output = output ?? "mask-\(id.generation)-\(id.index).npy"
      try OutputPlace.check(output)
      let open = try OpenRun.look(directory: run)
      let facts = open.facts
      let planner = try open.searches()
      let wanted = strategy ?? planner.study.searches[0].strategy.rawValue
      var found: TrialRecord?
      var names: [String] = []
      _ = try Replay.trials(of: planner, by: .concurrent, outcome: { facts[$0] }, blob: { try open.store.blob($0) }) {
        record in
        guard record.trial.place.id == id else { return }
        names.append(record.name)
        if record.name == wanted { found = record }
      }
      guard let found else {
        throw ValidationError(
          "\(run) has no trial \(id) of \(wanted)"
            + (names.isEmpty
              ? "; `sentei history \(run)` lists its trials" : "; --strategy has \(names.joined(separator: ", "))"))
      }
      guard let mask = found.evaluation.mask else {
        throw ValidationError("\(wanted) \(id) has no mask: it is a whole network")
      }
      try MaskFile.save(mask, path: output)
      let scope = planner.study.scope.prunesClassifier ? "; the last layer counts: --prune-classifier" : ""
      print(
        "\(output): \(found.name) \(id), mask \(mask.digest.hex), keeps \(mask.population) of \(mask.count)\(scope)")
    }
  }
}
