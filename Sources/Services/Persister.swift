internal import Digests
internal import Dispatch
internal import RunStore
internal import Scheduling
internal import Studies
internal import Synchronization

/// Puts facts on the disk on a thread of its own, in groups: whatever arrived during one commit goes into the next.
final class Persister: Sendable {
  /// What became of a group.
  enum Report: Sendable {
    case persisted([Digest])
    case conflicted([Digest])
    case failed(RunStoreError)
  }

  private struct Waiting {
    var facts: [Fact] = []
    var attempts: [AttemptRow] = []
    var isScheduled = false
  }

  private let store: RunStore
  private let report: @Sendable (Report) -> Void
  private let queue = DispatchQueue(label: "persister")
  private let waiting = Mutex(Waiting())

  init(store: RunStore, report: @escaping @Sendable (Report) -> Void) {
    self.store = store
    self.report = report
  }

  /// Takes facts and attempts for the next group.
  func persist(_ facts: [Fact], _ attempts: [AttemptRow]) {
    let isFirst = waiting.withLock { waiting in
      waiting.facts += facts
      waiting.attempts += attempts
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if isFirst { queue.async { self.commit() } }
  }

  /// Runs other work of the disk between two groups.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }

  private func commit() {
    let group = waiting.withLock { waiting in
      defer { waiting = Waiting() }
      return waiting
    }
    do {
      let rows = group.facts.map { FactRow(job: $0.job, kind: $0.kind, outcome: $0.outcome.canonicalBytes) }
      let result = try store.commit(rows, attempts: group.attempts)
      if !group.facts.isEmpty { report(.persisted(group.facts.map(\.job))) }
      if !result.conflicts.isEmpty { report(.conflicted(result.conflicts.map(\.stored.job))) }
    } catch { report(.failed(error)) }
  }
}
