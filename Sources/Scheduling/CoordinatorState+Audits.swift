package import Digests
package import Studies

/// What a worker answered to a job.
package struct Testimony: Hashable, Sendable {
  package let worker: Digest
  package let outcome: Outcome

  package init(worker: Digest, outcome: Outcome) {
    self.worker = worker
    self.outcome = outcome
  }
}

/// What workers answered to a job whose fact is being checked; the first answer is the fact.
struct Audit: Hashable, Sendable {
  var answers: [Testimony]
  /// Whether it was said that nobody is left to decide.
  var isReported = false

  var isDisputed: Bool { answers.contains { $0.outcome != answers[0].outcome } }

  func hasHeard(_ worker: Digest) -> Bool { answers.contains { $0.worker == worker } }

  /// What two workers say; nil until then.
  var verdict: Outcome? {
    answers.indices.first { index in answers[..<index].contains { $0.outcome == answers[index].outcome } }
      .map { answers[$0].outcome }
  }
}

/// Facts are checked: some are computed again by another worker, and where two answers differ a third one decides.
///
/// Of the facts of one kind that a worker gives while another could check them the first is chosen, and then one in each
/// ``Timing/auditInterval``, at a place that the worker cannot know. Everything that a liar gave is taken back, for what
/// was not checked may be wrong too. Two liars that agree pass for honest ones.
///
/// Answers that differ are a dispute, which is on the disk until two workers agree: a stop, a crash or the end of the
/// study do not forget it.
extension CoordinatorState {
  /// What a worker is told that was found to lie.
  static let distrusted = "two workers refuted an answer of this one; check its machine's memory and build"

  /// Different answers after which a job is held to have no outcome; fewer may be several lives of one liar.
  private static let mostAnswers = 6

  /// Opens an audit for a fact that was chosen, or that somebody contradicted already.
  mutating func audit(
    _ record: Record, _ fact: Fact, by author: Digest, _ effects: inout [CoordinatorEffect]
  ) {
    guard !quarantined.contains(author) else { return }
    // What it said of the job before counts once, unless it said something else: then others have to decide.
    let others = record.dissent.filter {
      ($0.worker != author || $0.outcome != fact.outcome) && !quarantined.contains($0.worker)
    }
    let audit = Audit(answers: [Testimony(worker: author, outcome: fact.outcome)] + others)
    note(fact.job, audit, &effects)
    var check = Record(job: record.job, order: nextOrder)
    check.audit = audit
    guard !isFinished, audit.isDisputed || isChosen(check, fact, by: author) else { return }
    nextOrder += 1
    records[fact.job] = check
    audits.insert(fact.job)
    queue.insert(check.entry(fact.job))
    judge(fact.job, &effects)
  }

  /// Whether a fact is one of those that are checked; counts it.
  ///
  /// By kind: a liar that trains gives few facts of that kind, and each has cost much.
  private mutating func isChosen(_ check: Record, _ fact: Fact, by author: Digest) -> Bool {
    guard timing.auditInterval > 0, openAudits < timing.auditsAtOnce,
      workers.values.contains(where: { canCheck(check, $0) })
    else { return false }
    let number = given[author, default: [:]][fact.kind, default: 0]
    given[author, default: [:]][fact.kind] = number + 1
    // It would end the study.
    if case .diverged = fact.outcome { return true }
    guard number > 0 else { return true }
    let (row, place) = (number - 1).quotientAndRemainder(dividingBy: timing.auditInterval)
    var bytes = CanonicalBytes(kind: "audit-place", version: 1)
    bytes.append(auditKey)
    bytes.append(author)
    bytes.append(fact.kind)
    bytes.append(row)
    return place == Int(bytes.digest.firstWord % UInt64(timing.auditInterval))
  }

  /// Notes that the answers to a job differ, or, where they did, that they do no more.
  private mutating func note(_ job: Digest, _ audit: Audit, _ effects: inout [CoordinatorEffect]) {
    guard audit.isDisputed else {
      settle(job, &effects)
      return
    }
    disputes[job] = audit.answers
    effects.append(.dispute(job, audit.answers))
  }

  mutating func settle(_ job: Digest, _ effects: inout [CoordinatorEffect]) {
    if disputes.removeValue(forKey: job) != nil { effects.append(.dispute(job, [])) }
  }

  /// Facts of this life to which answers differ; the other disputes are about jobs that nobody has asked for again.
  package var undecided: Int { disputes.keys.count { done.contains($0) } }

  /// Facts that are being checked.
  package var auditCount: Int { audits.count }

  /// Those of them that nobody has contradicted.
  private var openAudits: Int { audits.count - disputes.keys.count { audits.contains($0) } }

  /// Facts that are being checked and can be: some worker has the job, or could have it.
  package var auditsUnderWay: Int { audits.count { isUnderWay($0) } }

  /// Whether one of them is, to which answers differ.
  package var isDeciding: Bool { audits.contains { disputes[$0] != nil && isUnderWay($0) } }

  private func isUnderWay(_ audit: Digest) -> Bool {
    let record = records[audit]!
    return !record.live.isEmpty || workers.values.contains { canCheck(record, $0) }
  }

  /// Whether the fact of a job is being checked.
  package func isAuditing(_ job: Digest) -> Bool { records[job]?.audit != nil }

  /// Whether an audit may still ask for a blob.
  package func isNeededForAudit(_ blob: Digest) -> Bool {
    audits.contains { records[$0]!.job.inputs.contains(blob) }
  }

  private func canCheck(_ record: Record, _ worker: Worker) -> Bool {
    worker.peer != nil && !worker.isLeaving && record.suits(worker.hello)
  }

  /// Takes an answer to a job that has a fact. Nobody makes itself a checker: who was not asked has no voice.
  mutating func hear(
    _ result: JobResult, _ outcome: Outcome, wasAsked: Bool, from worker: Digest,
    _ effects: inout [CoordinatorEffect]
  ) {
    let job = result.job
    guard var audit = records[job]!.audit, wasAsked, !audit.hasHeard(worker) else {
      count(.duplicate)
      effects.append(.persist([], [attempt(result, worker, .duplicate)]))
      return
    }
    count(.audit)
    effects.append(.persist([], [attempt(result, worker, .audit)]))
    if outcome != audit.answers[0].outcome {
      effects.append(.note(.disagreed(job: job, worker: workers[worker]!.hello.name)))
    }
    audit.answers.append(Testimony(worker: worker, outcome: outcome))
    records[job]!.audit = audit
    note(job, audit, &effects)
    judge(job, &effects)
  }

  /// Ends an audit whose answers decide it; else another worker is asked, if one answer is not enough.
  private mutating func judge(_ job: Digest, _ effects: inout [CoordinatorEffect]) {
    guard let audit = records[job]?.audit else { return }
    if let verdict = audit.verdict {
      drop(job, &effects)
      for answer in audit.answers where answer.outcome != verdict { distrust(answer.worker, job, &effects) }
      // Last: a crash in between leaves the dispute, never a liar whom nobody looks for any more.
      settle(job, &effects)
    } else if audit.answers.count >= Self.mostAnswers {
      drop(job, &effects)
      effects.append(
        .giveUp(
          job, reason: "job \(job): \(audit.answers.count) workers gave as many answers; it has no one outcome"))
    } else {
      requeueIfOrphaned(job)
    }
  }

  /// Ends an audit; a dispute stays on the disk until it is settled.
  mutating func drop(_ job: Digest, _ effects: inout [CoordinatorEffect]) {
    guard let record = records.removeValue(forKey: job) else { return }
    audits.remove(job)
    queue.remove(record.entry(job))
    for lease in record.leases {
      workers[lease.worker]?.held.remove(job)
      attention.workers.insert(lease.worker)
      if let peer = workers[lease.worker]?.peer { effects.append(.send(.cancel([job]), to: peer)) }
    }
  }

  /// Sends a worker away for good, and has its facts taken back.
  private mutating func distrust(_ id: Digest, _ job: Digest, _ effects: inout [CoordinatorEffect]) {
    guard quarantined.insert(id).inserted else { return }
    let name = workers[id]?.hello.name ?? id.short
    let reason = "two workers refuted its answer to job \(job)"
    effects.append(.note(.quarantined(worker: name, reason: reason)))
    if let worker = forget(id) {
      for held in worker.held.sorted() { release(held, by: id) }
      if let peer = worker.peer {
        peers[peer] = nil
        let no = Rejection(code: .quarantined, reason: Self.distrusted, retryable: false)
        effects.append(.send(.reject(no), to: peer))
      }
    }
    for job in records.keys.sorted() { forget(id, of: job, &effects) }
    effects.append(.distrust(id, reason: reason))
  }

  /// Removes what a liar left at a job: stale leases, an upload, dissent, its voice in audits.
  private mutating func forget(_ id: Digest, of job: Digest, _ effects: inout [CoordinatorEffect]) {
    records[job]!.leases.removeAll { $0.worker == id }
    records[job]!.dissent.removeAll { $0.worker == id }
    if case .fetching(_, from: id, _, _, _) = records[job]!.stage {
      records[job]!.stage = .open
      records[job]!.waiting = []
    }
    if let audit = records[job]!.audit {
      if audit.answers[0].worker == id {
        // The fact itself goes.
        drop(job, &effects)
        return
      }
      records[job]!.audit!.answers.removeAll { $0.worker == id }
      note(job, records[job]!.audit!, &effects)
    }
    requeueIfOrphaned(job)
  }

  /// Gives up audits that nobody is left for, unless answers differ: those wait for another worker.
  mutating func tickAudits(_ effects: inout [CoordinatorEffect]) {
    for job in audits.sorted() {
      let record = records[job]!
      guard let audit = record.audit, record.live.isEmpty,
        !workers.values.contains(where: { canCheck(record, $0) })
      else { continue }
      if !audit.isDisputed {
        drop(job, &effects)
      } else if !audit.isReported {
        records[job]!.audit!.isReported = true
        effects.append(.note(.undecided(job: job)))
      }
    }
  }
}
