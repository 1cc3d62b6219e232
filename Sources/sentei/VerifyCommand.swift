import ArgumentParser
import Digests
import Foundation
import Models
import Networks
import Pruning
import Randomness
import RunStore
import Services
import Studies

/// `sentei verify`: whether the stored fitness of masks is the fitness of those masks.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Evaluate stored masks afresh, each alone, and compare with their stored fitness.")

  @Argument(help: "The run's directory.")
  var run: String

  @Option(help: "How many trials to draw.")
  var sample = 50

  @Option(help: "The seed of the draw.")
  var seed: UInt64 = 1

  func run() async throws {
    try await reporting {
      let open = try OpenRun.look(directory: run)
      let facts = open.facts
      for damage in open.damage { print("damage: \(damage)") }
      var records: [TrialRecord] = []
      // A reservoir keeps memory at the size of the sample.
      var stream = RandomStream(seed: seed, .sampling)
      var seen = 0
      let (planned, _) = try Replay.trials(
        of: open.planner, outcome: { facts[$0] }, blob: { try open.store.blob($0) }
      ) { record in
        seen += 1
        if records.count < sample {
          records.append(record)
        } else {
          let place = stream.below(seen)
          if place < sample { records[place] = record }
        }
      }
      guard let splits = planned.planner.currentSplits, let trained = planned.planner.currentParameters else {
        print("nothing to verify: the run has no trained network yet")
        return
      }
      let data = try LabelledData(canonical: try open.store.blob(splits.search.digest))
      let parameters = try Parameters.values(canonical: try open.store.blob(trained))
      let study = open.planner.study
      var wrong = 0
      for record in records {
        let evaluator = try MaskedEvaluator(
          network: study.network, scope: study.scope, parameters: parameters, data: data)
        let score = evaluator.evaluate(record.mask)
        if score != record.score {
          wrong += 1
          print("\(record.strategy.rawValue) \(record.trial): stored \(record.score), computed \(score)")
        }
      }
      print("\(records.count - wrong) of \(records.count) sampled masks have their stored fitness")
      if wrong > 0 || !open.damage.isEmpty { throw ExitCode(ExitStatus.badData) }
    }
  }
}
