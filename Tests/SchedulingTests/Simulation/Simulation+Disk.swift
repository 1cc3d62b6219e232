import Digests
import Scheduling
import Studies

/// What outlives the coordinator.
struct Disk {
  var facts: [Digest: (outcome: Outcome, author: Digest)] = [:]
  /// Workers whose facts were taken back.
  var quarantined: Set<Digest> = []
  /// Jobs to which answers differ.
  var disputes: [Digest: [Testimony]] = [:]
  /// All answers to jobs whose disputes nobody has settled, whatever became of the notes.
  var unsettled: [Digest: Set<Testimony>] = [:]

  /// One transaction.
  enum Write {
    case facts([Fact], by: [Digest: Digest])
    /// An answer to a job that has a fact.
    case echo(Digest, Testimony)
    case dispute(Digest, [Testimony])
    case quarantine(Digest)
  }

  /// What became of a write.
  enum Effect {
    case persisted([Digest])
    /// What the coordinator knows is not so: another one begins with what is here.
    case beginAnew
    case none
  }

  mutating func store(_ write: Write, _ bug: Sabotage.Bug?) -> Effect {
    switch write {
    case .facts(let new, let authors):
      // The first fact of a job stays.
      for fact in new where facts[fact.job] == nil { facts[fact.job] = (fact.outcome, authors[fact.job]!) }
      return .persisted(new.map(\.job))
    case .echo(let job, let echo):
      guard let fact = facts[job], fact.outcome != echo.outcome, disputes[job] == nil,
        !disputes.values.contains(where: { $0.contains { $0.worker == echo.worker } })
      else { return .none }
      dispute(job, [Testimony(worker: fact.author, outcome: fact.outcome), echo], bug)
      return .beginAnew
    case .dispute(let job, let answers):
      dispute(job, answers, bug)
      return .none
    case .quarantine(let worker):
      quarantined.insert(worker)
      guard bug != .keepLies else { return .none }
      let jobs = facts.filter { $0.value.author == worker }.map(\.key)
      for job in jobs { facts[job] = nil }
      return jobs.isEmpty ? .none : .beginAnew
    }
  }

  private mutating func dispute(_ job: Digest, _ answers: [Testimony], _ bug: Sabotage.Bug?) {
    if answers.isEmpty { unsettled[job] = nil } else { unsettled[job, default: []].formUnion(answers) }
    if bug != .forgetDisputes { disputes[job] = answers.isEmpty ? nil : answers }
  }

  /// What an opening does: facts that are disputed are to be computed again.
  mutating func open() {
    for (job, answers) in disputes {
      let honest = answers.filter { !quarantined.contains($0.worker) }
      let fact = facts[job]?.outcome
      let isSettled = fact.map { fact in honest.allSatisfy { $0.outcome == fact } } ?? honest.isEmpty
      disputes[job] = isSettled ? nil : honest
      if !isSettled { facts[job] = nil }
    }
  }
}
