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
        guard record.evaluation.parameters.map(open.store.hasBlob) ?? true else { return }
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
        var isWrong = false
        for draw in record.draws {
          guard let problem = try Self.problem(draw, facts[draw.job], in: open.store) else { continue }
          isWrong = true
          print("\(record.strategy) \(record.trial.place.id): \(problem)")
        }
        if isWrong { wrong += 1 }
      }
      print("\(records.count - wrong) of \(records.count) sampled masks have their stored fitness")
      if wrong > 0 || !open.damage.isEmpty { throw ExitCode(ExitStatus.badData) }
    }
  }

  /// What is wrong with the fact of one draw; nil if nothing is.
  private static func problem(_ draw: TrialDraw, _ fact: Outcome?, in store: RunStore) throws -> String? {
    let score = try score(draw.evaluation, in: store)
    switch fact {
    case .evaluated(let stored): return score == stored ? nil : "stored \(stored), computed \(score)"
    case .worseThanThreshold:
      guard let threshold = draw.evaluation.threshold else { return "stored as worse than a threshold it has not" }
      return threshold.isMissed(by: score) ? nil : "stored as worse than \(threshold), computed \(score)"
    case .split, .trained, .diverged, .scored, .tested, nil: return "stored \(fact.map { "\($0)" } ?? "nothing")"
    }
  }

  /// The score of a job, computed alone and to its end.
  private static func score(_ job: Evaluation<FitnessUse>, in store: RunStore) throws -> Score {
    func slice(_ digest: Digest) throws -> LabelledData { try LabelledData(canonical: try store.blob(digest)) }
    let unlimited = Evaluation(
      network: job.network, scope: job.scope, parameters: job.parameters, mask: job.mask, slice: job.slice,
      samples: job.samples, retraining: job.retraining)
    return try Judging().score(
      unlimited, parameters: try job.parameters.map { try Parameters.values(canonical: try store.blob($0)) },
      data: EvaluationData(try slice(job.slice.digest)), images: try job.retraining.map { try slice($0.slice.digest) })!
  }
}
