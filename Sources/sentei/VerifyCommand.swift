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
    // Retraining has its bits with the kernels of the study's numerics class alone.
    Numerics.ensureEnvironment()
    try await reporting {
      let open = try OpenRun.look(directory: run)
      let facts = open.facts
      for damage in open.damage { print("damage: \(damage)") }
      var records: [TrialRecord] = []
      // A reservoir keeps memory at the size of the sample.
      var stream = RandomStream(seed: seed, .sampling)
      var seen = 0
      _ = try Replay.trials(
        of: open.planner, outcome: { facts[$0] }, blob: { try open.store.blob($0) }
      ) { record in
        // Weights of a population's earlier rounds are removed.
        guard open.store.hasBlob(record.evaluation.parameters) else { return }
        seen += 1
        if records.count < sample {
          records.append(record)
        } else {
          let place = stream.below(seen)
          if place < sample { records[place] = record }
        }
      }
      var wrong = 0
      for record in records {
        let job = record.evaluation
        guard case .evaluated(let stored) = facts[record.job] else { continue }
        let score = try Self.score(job, in: open.store)
        if score != stored {
          wrong += 1
          print("\(record.strategy) \(record.trial.place.id): stored \(stored), computed \(score)")
        }
      }
      print("\(records.count - wrong) of \(records.count) sampled masks have their stored fitness")
      if wrong > 0 || !open.damage.isEmpty { throw ExitCode(ExitStatus.badData) }
    }
  }

  /// The score of a job, computed alone and to its end.
  private static func score(_ job: Evaluation<FitnessUse>, in store: RunStore) throws -> Score {
    func slice(_ digest: Digest) throws -> LabelledData { try LabelledData(canonical: try store.blob(digest)) }
    let unlimited = Evaluation(
      network: job.network, scope: job.scope, parameters: job.parameters, mask: job.mask, slice: job.slice,
      samples: job.samples, retraining: job.retraining)
    return try Judging().score(
      unlimited, parameters: try Parameters.values(canonical: try store.blob(job.parameters)),
      data: EvaluationData(try slice(job.slice.digest)), images: try job.retraining.map { try slice($0.slice.digest) })!
  }
}
