import Digests
import Monitoring
import Pruning
import Reports
import RunStore
import Services
import Studies

/// What a run of a study of methods came to, from its facts alone.
struct MethodConclusion {
  /// Nil before the run is finished.
  let rows: [ResultRow]?
  let run: MethodRun
  let history: Digest
  /// How far others have checked what workers computed.
  let checks: String
  let note: String?
  let directory: String
  private let identity: String

  /// - Throws: what reading the run throws.
  init(_ open: OpenRun, _ start: MethodRun) throws {
    let facts = open.facts
    var lines = RunningDigest()
    let (run, isFinished) = try Replay.history(
      of: start, outcome: { facts[$0] }, blob: { try open.store.blob($0) }
    ) { lines.append(Array($0.line.utf8) + [10]) }
    history = lines.digest
    var seconds: [FindingPlace: Double] = [:]
    var audits = Audits()
    try open.store.forEachAttempt { attempt in
      guard let attempt else { return }
      audits.note(attempt)
      guard let branch = run.owners[attempt.job] else { return }
      seconds[run.place(ofBranch: branch), default: 0] += attempt.cpuSeconds
    }
    var evaluations: [FindingPlace: Int] = [:]
    for (job, branch) in run.owners where facts[job].map(\.isScore) ?? false {
      evaluations[run.place(ofBranch: branch), default: 0] += 1
    }
    rows =
      isFinished
      ? ResultRow.rows(
        run.study, run: open.store.layout.directory, datasets: try open.datasetNames(), contestants: run.contestants,
        outcome: { facts[$0.digest] }, cpuSeconds: seconds, evaluations: evaluations) : nil
    self.run = run
    checks = try audits.words(open)
    (note, directory, identity) = (open.note, open.store.layout.directory, open.store.identity.run)
  }

  /// Prints the tables with what has to be said beside them, if there are any.
  func printTable() {
    guard let rows else { return }
    let summary = ResultSummary(rows)
    let seeds = run.study.replicates
    print(
      """

      On test, which no method saw, means over \(seeds == 1 ? "one seed" : "\(seeds) seeds"):

      \(summary.text)

      \(summary.caveat)

      \(checks) Run: \(directory)
      """)
    for ending in run.endings { print("\(ending.name) ended: \(ending.ending.words).") }
    if let note { print("Data: \(note).") }
  }

  /// What the list of finished runs shows; nil before the end.
  var summary: RunSummary? {
    guard let rows else { return nil }
    let summary = ResultSummary(rows)
    let isOfOne = summary.subjects.count == 1
    var samples = 0
    if case .exact(_, let count, _)? = rows.first?.after.score { samples = count }
    return RunSummary(
      study: run.name, run: identity, testSamples: samples, columns: summary.columns,
      rows: summary.lines.map { line in
        var cells = summary.cells(line)
        if !isOfOne { cells[0] = "\(line.subject) \(cells[0])" }
        return cells
      },
      searches: [], chosen: nil)
  }
}

extension Outcome {
  fileprivate var isScore: Bool {
    switch self {
    case .evaluated, .worseThanThreshold: true
    case .split, .trained, .diverged, .scored, .measured, .grown, .tested: false
    }
  }
}
