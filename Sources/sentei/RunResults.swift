import ArgumentParser
import Digests
import Models
import Pruning
import Reports
import RunStore
import Services
import Studies

/// A finished run, for reports: its rows, and pictures of some of its networks.
struct RunResults {
  let rows: [ResultRow]
  let source: StudyReport.Source
  private(set) var pictures: [MaskPicture] = []
  private(set) var distributions: [StudyReport.Distribution] = []

  /// - Throws: `ValidationError` for a run that is not finished; what reading the run throws.
  init(directory: String) throws {
    let open = try OpenRun.look(directory: directory)
    let any = try AnyConclusion(open)
    guard let rows = any.rows else {
      throw ValidationError("\(directory): the run is not finished; resume it first")
    }
    self.rows = rows
    let (history, contestants, notes) =
      switch any {
      case .search(let conclusion):
        (conclusion.history, conclusion.contestants, [conclusion.checks] + (conclusion.note.map { [$0] } ?? []))
      case .methods(let conclusion):
        (
          conclusion.history, conclusion.run.contestants,
          [conclusion.checks] + conclusion.run.endings.map { "\($0.name) ended: \($0.ending.words)." }
            + (conclusion.note.map { [$0] } ?? [])
        )
      }
    source = StudyReport.Source(
      directory: directory, name: open.run.name, study: open.store.identity.study.hex, run: open.store.identity.run,
      history: history.hex, text: try open.store.studyText(), notes: notes)
    for shown in Self.shown(rows, contestants) {
      if let picture = shown.picture { pictures.append(picture) }
    }
    distributions = try Self.distributions(rows, contestants, open.store)
  }

  /// A line of the comparison with the network that it is about.
  private struct Shown {
    let row: ResultRow
    let job: Evaluation<TestUse>
    let scope: PruningScope

    /// The first layer's kept weights by input; nil where they make no picture.
    var picture: MaskPicture? {
      guard let counts = InputCounts(row.mask, of: job.network, scope: scope) else { return nil }
      let rows = (0..<counts.height).map { y in
        (0..<counts.width).map { x in Double?(Double(counts.kept[y * counts.width + x])) }
      }
      return MaskPicture(
        title: "\(row.strategy) at \(row.requested.words), \(row.subject)",
        summary: "Of \(counts.most) weights of \(counts.layer) that read an input, from \(counts.kept.min() ?? 0) to "
          + "\(counts.kept.max() ?? 0) are kept; seed \(row.seed).",
        rows: rows, label: "kept weights", format: .count)
    }
  }

  /// Of each network and strategy with the first seed, the smallest network that is a result.
  private static func shown(_ rows: [ResultRow], _ contestants: [Contestant]) -> [Shown] {
    struct Key: Hashable {
      let subject: String
      let strategy: Strategy
    }
    var best: [Key: Int] = [:]
    var order: [Key] = []
    let first = rows.map(\.seed).min()
    for (index, row) in rows.enumerated() where row.isResult && row.mask != nil && row.seed == first {
      let key = Key(subject: row.subject, strategy: row.strategy)
      guard let other = best[key] else {
        order.append(key)
        best[key] = index
        continue
      }
      if row.metrics.sizeNonzero < rows[other].metrics.sizeNonzero { best[key] = index }
    }
    return order.compactMap { key in
      let index = best[key]!
      guard case .test(let job)? = contestants[index].jobs.first else { return nil }
      return Shown(row: rows[index], job: job, scope: job.scope)
    }
  }

  /// Weights of each network as they were trained, as each method that others are compared with pruned them, and
  /// retrained.
  private static func distributions(
    _ rows: [ResultRow], _ contestants: [Contestant], _ store: RunStore
  ) throws -> [StudyReport.Distribution] {
    struct Key: Hashable {
      let subject: String
      let strategy: Strategy
    }
    let references = ResultSummary(rows).references
    var out: [StudyReport.Distribution] = []
    var done: Set<Key> = []
    for (row, contestant) in zip(rows, contestants) where row.isResult && references.contains(row.strategy) {
      let key = Key(subject: row.subject, strategy: row.strategy)
      guard !done.contains(key), let finding = contestant.finding, let pruned = finding.pruned, let mask = row.mask,
        case .test(let job)? = contestant.jobs.first
      else { continue }
      done.insert(key)
      let layout = ParameterLayout(job.network, scope: job.scope)
      func weights(_ digest: Digest) throws -> [Float] {
        layout.prunableValues(of: try Parameters.values(canonical: try store.blob(digest)))
      }
      let before = try weights(pruned)
      let after = try weights(finding.parameters)
      func kept(_ values: [Float]) -> [Float] { values.indices.filter { mask[$0] }.map { values[$0] } }
      out.append(
        StudyReport.Distribution(
          title: "Weights before and after \(row.strategy) at \(row.requested.words), \(row.subject), seed \(row.seed)",
          series: [("trained", before), ("kept", kept(before)), ("kept and retrained", kept(after))]))
    }
    return out
  }
}
