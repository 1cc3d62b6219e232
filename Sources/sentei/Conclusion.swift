import Digests
import Foundation
import Reports
import RunStore
import Services
import Studies

/// What is printed when a run is over.
enum Conclusion {
  /// The comparison on `test`, from facts alone.
  ///
  /// - Throws: what reading the run throws.
  static func table(
    directory: String
  ) throws -> (table: ComparisonTable, contestants: [Contestant], hits: Int, trials: Int, note: String?)? {
    let run = try OpenRun.look(directory: directory)
    var evaluations: [Strategy: Int] = [:]
    var owner: [Digest: Strategy] = [:]
    var trials = 0
    let facts = run.facts
    let (planned, isFinished) = try Replay.trials(
      of: run.planner, outcome: { facts[$0] }, blob: { try run.store.blob($0) }
    ) { record in
      trials += 1
      guard !record.isRepeat else { return }
      evaluations[record.strategy, default: 0] += 1
      owner[record.job] = record.strategy
    }
    guard isFinished else { return nil }
    var seconds: [Strategy: Double] = [:]
    try run.store.forEachAttempt { attempt in
      guard let attempt else { return }
      if attempt.kind == "train" {
        seconds[.dense, default: 0] += attempt.cpuSeconds
      } else if let strategy = owner[attempt.job] {
        seconds[strategy, default: 0] += attempt.cpuSeconds
      }
    }
    let contestants = planned.planner.contestants
    let table = ComparisonTable(
      contestants: contestants, outcome: { facts[$0.digest] },
      evaluations: evaluations, cpuSeconds: seconds)
    return table.map { ($0, contestants, planned.cacheHits, trials, run.note) }
  }

  /// Prints the table with what has to be said beside it.
  static func printTable(directory: String) throws {
    guard let (table, contestants, hits, trials, note) = try table(directory: directory) else { return }
    let architectures = contestants.filter { $0.architecture != nil }
    print(
      """

      On test (\(table.testSamples) samples, read once for each line; no search saw them):

      \(table.text)

      \(architectures.isEmpty ? "Dense's cpu_seconds are its training." : "size is that of Largest, size_nz the network's own.") \
      \(trials) trials, \(hits) of them answered from the cache.
      One seed, one split: no claim of significance. Run: \(directory)
      """)
    for contestant in architectures { print("\(contestant.strategy): \(contestant.architecture!.words)") }
    if let note { print("Data: \(note).") }
  }
}
