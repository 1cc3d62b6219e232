internal import Digests
internal import RunStore
internal import Studies

/// Facts and blobs of other runs, open for reading, which a coordinator takes over instead of having them computed.
///
/// A fact is the outcome of a job whose digest names all that it depends on, so it is as good in one run as in another.
/// What is taken over is copied: a run directory stays complete in itself.
package struct ReusedRuns: Sendable {
  private struct Known: Sendable {
    let store: RunStore
    let row: FactRow
    let outcome: Outcome
  }

  private let facts: [Digest: Known]

  /// Opens the runs; of two that know the same job the first counts.
  ///
  /// - Throws: `RunStoreError` for a directory that is no run or cannot be read.
  /// - Complexity: O(n) time and memory in the number of their facts.
  package init(directories: [String]) throws {
    var facts: [Digest: Known] = [:]
    for directory in directories {
      let store = try RunStore.open(at: directory, mode: .reading)
      _ = try store.forEachFact { row in
        guard facts[row.job] == nil, let outcome = try? Outcome(canonical: row.outcome) else { return }
        facts[row.job] = Known(store: store, row: row, outcome: outcome)
      }
    }
    self.facts = facts
  }

  /// What these runs know of a job.
  func outcome(of job: Job) -> Outcome? {
    facts[job.digest].flatMap { $0.outcome.answers(job) ? $0.outcome : nil }
  }

  /// Makes facts of these runs durable in another, with their blobs.
  ///
  /// - Returns: the blobs that are gone: states that a run needed no more, because the next segment of its training was done.
  /// - Throws: `RunStoreError`; `StudyFailure` for a fact that contradicts one of the other run.
  func copy(_ jobs: [Digest], to store: RunStore) throws -> [Digest] {
    let known = jobs.compactMap { facts[$0] }
    var gone: [Digest] = []
    for fact in known {
      for blob in fact.outcome.blobs where !store.hasBlob(blob) {
        do throws(RunStoreError) { _ = try store.storeBlob(try fact.store.blob(blob)) } catch {
          switch error {
          case .noBlob, .damagedBlob: gone.append(blob)
          default: throw error
          }
        }
      }
    }
    let attempts = known.map {
      AttemptRow(
        job: $0.row.job, kind: $0.row.kind, worker: "", secondsWaited: 0, started: 0, finished: 0, cpuSeconds: 0,
        disposition: "reused")
    }
    let conflicts = try store.commit(known.map(\.row), attempts: attempts).conflicts
    if let conflict = conflicts.first {
      let directory = facts[conflict.offered.job]!.store.layout.directory
      throw StudyFailure(
        "\(directory) has another outcome of \(conflict.offered.kind) job \(conflict.offered.job.short) than this run; "
          + "resume this run without --reuse \(directory)")
    }
    return gone
  }
}
