import Digests
import Foundation
import Monitoring
import Reports
import RunStore
import Search
import Services
import Studies

/// What a run came to, from its facts alone.
struct Conclusion {
  /// The comparison on `test`; nil before the run is finished.
  let table: ComparisonTable?
  /// The same as rows that stand beside those of other runs.
  let rows: [ResultRow]?
  let history: Digest
  let contestants: [Contestant]
  let study: Study
  /// How the searches went.
  let searches: SearchReport
  let states: [SearchState]
  /// Those whose architecture a search chose.
  let architectures: [Contestant]
  /// Whether lines of the table share the cost of one search.
  let hasFronts: Bool
  let hits: Int
  let trials: Int
  /// How far others have checked what workers computed.
  let checks: String
  let note: String?
  /// The run's identity.
  let run: String
  let directory: String

  /// - Throws: what reading the run throws.
  init(_ run: OpenRun) throws {
    let start = try run.searches()
    let (study, directory) = (start.study, run.store.layout.directory)
    var ledger = CostLedger(study)
    var searches = SearchReport(study)
    var trials = 0
    var lines = RunningDigest()
    let facts = run.facts
    let (planned, isFinished) = try Replay.trials(
      of: start, by: .concurrent, outcome: { facts[$0] }, blob: { try run.store.blob($0) }
    ) { record in
      trials += 1
      lines.append(Array(record.line.utf8) + [10])
      ledger.note(record)
      searches.note(record)
    }
    ledger.noteTraining(of: planned)
    var seconds: [Strategy: Double] = [:]
    var audits = Audits()
    try run.store.forEachAttempt { attempt in
      guard let attempt else { return }
      audits.note(attempt)
      guard let owner = ledger.owner(of: attempt.job) else { return }
      seconds[owner, default: 0] += attempt.cpuSeconds
    }
    let contestants = planned.planner.contestants
    self.contestants = contestants
    table =
      !isFinished
      ? nil
      : ComparisonTable(
        study, contestants: contestants, outcome: { facts[$0.digest] }, evaluations: ledger.evaluations,
        cpuSeconds: seconds)
    rows =
      !isFinished
      ? nil
      : ResultRow.rows(
        study, run: directory, dataset: try run.datasetNames()[0], contestants: contestants,
        outcome: { facts[$0.digest] }, evaluations: ledger.evaluations, cpuSeconds: seconds,
        trainedEpochs: planned.planner.trainedEpochs)
    history = lines.digest
    architectures = contestants.filter { $0.architecture != nil }
    hasFronts = contestants.count > Set(contestants.map(\.account)).count
    self.searches = searches
    self.study = study
    states = planned.planner.searchStates
    self.trials = trials
    checks = try audits.words(run)
    (hits, note, self.run, self.directory) = (planned.cacheHits, run.note, run.store.identity.run, directory)
  }

  /// What the list of finished runs shows; nil before the end.
  var summary: RunSummary? {
    guard let table else { return nil }
    return RunSummary(
      study: study.name, run: run, testSamples: table.testSamples, columns: ComparisonTable.columns,
      rows: table.cells,
      searches: table.rows.map(\.strategy).filter { strategy in
        study.searches.contains { $0.strategy == strategy }
      }.map(\.rawValue), chosen: table.chosen?.rawValue)
  }

  /// Prints the table with what has to be said beside it, if there is one.
  func printTable() {
    guard let table else { return }
    print(
      """

      On test (\(table.testSamples) samples, read once for each line; no search saw them):

      \(table.text)

      \(architectures.isEmpty ? "Dense's cpu_seconds are its training." : "size is that of Largest, size_nz the network's own.") \
      \(trials) trials, \(hits) of them answered from the cache.
      """)
    if hasFronts {
      print(
        "Lines NAME/1, NAME/2, ... are one search's front, \(SearchStudy.largestFront) of it at most; each has the cost of "
          + "the whole search.")
    }
    for contestant in architectures { print("\(contestant.strategy): \(contestant.architecture!.words)") }
    if let chosen = table.chosen { print("Of the searches \(chosen) is the best on validation.") }
    print(checks)
    print("One seed, one split: no claim of significance. Run: \(directory)")
    if let note { print("Data: \(note).") }
  }
}
