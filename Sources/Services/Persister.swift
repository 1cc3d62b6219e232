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
    /// With the seconds that the group took, from its first row.
    case persisted([Fact], seconds: Double)
    /// Answers to these jobs were not their facts; it is noted, and an opening of the run will ask again.
    case contradicted([Digest])
    /// A liar's facts are gone: these.
    case revoked([Digest])
    case failed(RunStoreError)
  }

  private struct Waiting {
    var facts: [Fact] = []
    var attempts: [Attempt] = []
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
  func persist(_ facts: [Fact], _ attempts: [Attempt]) {
    let isFirst = waiting.withLock { waiting in
      waiting.facts += facts
      waiting.attempts += attempts
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if isFirst { act { [self] store throws(RunStoreError) in try commit(to: store) } }
  }

  /// Notes the answers to a job that differ; none settle it.
  func noteDispute(of job: Digest, _ answers: [Testimony]) {
    let rows = answers.map { TestimonyRow(worker: $0.worker, outcome: $0.outcome.canonicalBytes) }
    act { store throws(RunStoreError) in try store.noteDispute(of: job, rows) }
  }

  /// Takes a liar's facts back; groups that were given before are there by then.
  func quarantine(_ worker: Digest, _ reason: String) {
    act { [report] store throws(RunStoreError) in report(.revoked(try store.quarantine(worker, reason: reason))) }
  }

  private func act(_ body: @escaping @Sendable (RunStore) throws(RunStoreError) -> Void) {
    queue.async { [self] in
      do throws(RunStoreError) { try body(store) } catch { report(.failed(error)) }
    }
  }

  /// Runs other work of the disk between two groups.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }

  private func commit(to store: RunStore) throws(RunStoreError) {
    let group = waiting.withLock { waiting in
      defer { waiting = Waiting() }
      return waiting
    }
    let rows = group.facts.map { FactRow(job: $0.job, kind: $0.kind, outcome: $0.outcome.canonicalBytes) }
    let echoes = group.attempts.compactMap(\.echoRow)
    let start = Clock.now
    let now = Double(start.nanoseconds) * 1e-9
    let result = try store.commit(rows, attempts: group.attempts.map { $0.row(at: now) }, echoes: echoes)
    if !group.facts.isEmpty { report(.persisted(group.facts, seconds: Clock.now.seconds(since: start))) }
    var contradicted: [Digest] = []
    for conflict in result.conflicts {
      let offer = group.attempts.last { attempt in
        attempt.job == conflict.offered.job && attempt.echoRow.map { $0 == conflict.offered } ?? true
      }
      // What was to be a fact is one for the planner by now, and has to go.
      if let offer, try store.contradict(conflict, by: offer.worker, always: offer.echo == nil) {
        contradicted.append(offer.job)
      }
    }
    if !contradicted.isEmpty { report(.contradicted(contradicted)) }
  }
}

extension Attempt {
  /// What is compared with the fact.
  fileprivate var echoRow: FactRow? { echo.map { FactRow(job: job, kind: kind, outcome: $0.canonicalBytes) } }

  /// As it is stored; the seconds are those of this process's clock.
  fileprivate func row(at now: Double) -> AttemptRow {
    AttemptRow(
      job: job, kind: kind, worker: RunStore.attemptName(name, worker), secondsWaited: 0,
      started: now - cost.wallSeconds, finished: now, cpuSeconds: cost.cpuSeconds, disposition: disposition.rawValue)
  }
}
