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

/// `sentei verify`: whether a run is as it was written, and the stored fitness of masks the fitness of those masks.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Look for damage in a run, and evaluate stored masks afresh.",
    discussion: """
      Reads every row, blob and snapshot against its check, the facts against HEAD and the snapshots against a replay from the \
      start; then evaluates sampled masks, each alone, and compares with their stored fitness. Each finding is a line that \
      names the file and says what to do; the exit code is then 65, or 66 or 73 where nothing is left to look at.
      """)

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
      var sampled = Sample(count: sample, seed: seed)
      var check = try RunCheck(directory: run) { sampled.offer($0, $1, in: $2) }
      if !check.problems.isEmpty {
        // What a coordinator at work replaced during the look is not damaged in a second one.
        sampled = Sample(count: sample, seed: seed)
        check = try RunCheck(directory: run) { sampled.offer($0, $1, in: $2) }
      }
      let (open, facts) = (check.open, check.open.facts)
      // Of damaged facts nothing can be concluded.
      let problems = check.problems.isEmpty ? [try SummaryFile.problem(in: run)].compactMap(\.self) : check.problems
      for problem in problems { print("damage: \(problem)") }
      let records = sampled.records.filter { record in
        record.draws.allSatisfy { check.lost.isDisjoint(with: Job.evaluate($0.evaluation).inputs) }
      }
      var wrong = 0
      for record in records {
        var isWrong = false
        for draw in record.draws {
          guard let problem = try Self.problem(draw, facts[draw.job], in: open.store) else { continue }
          isWrong = true
          print("\(record.name): \(problem)")
        }
        if isWrong { wrong += 1 }
      }
      print("\(records.count - wrong) of \(records.count) sampled masks have their stored fitness")
      if wrong > 0 || !problems.isEmpty { throw ExitCode(ExitStatus.badData) }
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
    case .split, .trained, .diverged, .scored, .measured, .grown, .tested, nil:
      return "stored \(fact.map { "\($0)" } ?? "nothing")"
    }
  }

  /// The score of a job, computed alone and to its end.
  private static func score(_ job: Evaluation<FitnessUse>, in store: RunStore) throws -> Score {
    func slice(_ digest: Digest) throws -> LabelledData { try LabelledData(canonical: try store.blob(digest)) }
    let unlimited = Evaluation(
      network: job.network, scope: job.scope, parameters: job.parameters, mask: job.mask, slice: job.slice,
      samples: job.samples, retraining: job.retraining)
    let scores = try Judging().scores(
      [unlimited], parameters: try job.parameters.map { try Parameters.values(canonical: try store.blob($0)) },
      data: EvaluationData(try slice(job.slice.digest)), images: try job.retraining.map { try slice($0.slice.digest) })
    return scores[0]!
  }
}

/// Entries drawn from a history in one pass, so that memory stays at the size of the sample.
private struct Sample {
  private(set) var records: [(name: String, draws: [TrialDraw])] = []
  private let count: Int
  private var stream: RandomStream
  private var seen = 0

  init(count: Int, seed: UInt64) {
    self.count = count
    stream = RandomStream(seed: seed, .sampling)
  }

  /// Takes the next one, unless its weights are gone: those of a population's earlier rounds are removed on purpose.
  mutating func offer(_ name: String, _ draws: [TrialDraw], in store: RunStore) {
    guard draws[draws.count - 1].evaluation.parameters.map(store.hasBlob) ?? true else { return }
    seen += 1
    if records.count < count {
      records.append((name, draws))
    } else {
      let place = stream.below(seen)
      if place < count { records[place] = (name, draws) }
    }
  }
}
