package import Digests
internal import Foundation
internal import GRDB
internal import Synchronization

/// What one worker answered to a job to which answers differ.
package struct TestimonyRow: Hashable, Sendable {
  package let worker: Digest
  /// The canonical bytes of the outcome.
  package let outcome: [UInt8]

  package init(worker: Digest, outcome: [UInt8]) {
    self.worker = worker
    self.outcome = outcome
  }
}

/// Jobs to which workers gave different answers, until others decide.
///
/// They are kept as texts under keys of the store, a line for each answer, because there is hardly ever one.
extension RunStore {
  private static let prefix = "sentei.dispute."
  private static let contradictions = "sentei.contradictions"
  /// Contradictions by others than those who were asked that a run follows in all its lives: each makes the coordinator
  /// begin anew, and whoever has a key could bring them for ever under new ids.
  private static let mostContradictions = 8

  /// Notes the answers to a job in place of what was noted before; none settle it.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func noteDispute(of job: Digest, _ answers: [TestimonyRow]) throws(RunStoreError) {
    try writing("note different answers in") { () throws(RunStoreError) in
      try database.write("note different answers in") { db in try Self.noteDispute(of: job, answers, in: db) }
    }
  }

  private static func noteDispute(of job: Digest, _ answers: [TestimonyRow], in db: Database) throws {
    guard !answers.isEmpty else {
      try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [prefix + job.hex])
      return
    }
    let lines = answers.map { "\($0.worker.hex) \(Data($0.outcome).base64EncodedString())" }
    try MetaTable.set(prefix + job.hex, lines.joined(separator: "\n"), in: db)
  }

  /// Every job to which answers differ.
  ///
  /// - Throws: ``RunStoreError``
  package func disputes() throws(RunStoreError) -> [Digest: [TestimonyRow]] {
    try database.read("read the different answers of") { db in try Self.disputes(in: db) }
  }

  static func disputes(in db: Database) throws -> [Digest: [TestimonyRow]] {
    var disputes: [Digest: [TestimonyRow]] = [:]
    for (key, text) in try MetaTable.all(prefix, in: db) {
      guard let job = Digest(hex: String(key.dropFirst(prefix.count))) else { continue }
      disputes[job] = text.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 2, let worker = Digest(hex: words[0]), let outcome = Data(base64Encoded: words[1]) else {
          return nil
        }
        return TestimonyRow(worker: worker, outcome: Array(outcome))
      }
    }
    return disputes
  }

  /// Notes that somebody's answer differs from the fact of a job.
  ///
  /// - Parameter always: also if that worker is in a dispute already, or there were eight: one who contradicts everything
  ///   is else worth one question.
  /// - Returns: whether it was noted.
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func contradict(_ conflict: FactConflict, by worker: Digest, always: Bool) throws(RunStoreError) -> Bool {
    try writing("note different answers in") { () throws(RunStoreError) in
      try database.write("note different answers in") { db in
        let known = try Self.disputes(in: db)
        let isKnown = known.values.contains { $0.contains { $0.worker == worker } }
        let count = try MetaTable.get(Self.contradictions, in: db).flatMap { Int($0) } ?? 0
        guard known[conflict.stored.job] == nil, always || !isKnown && count < Self.mostContradictions else {
          return false
        }
        if !always { try MetaTable.set(Self.contradictions, "\(count + 1)", in: db) }
        var answers = [TestimonyRow(worker: worker, outcome: conflict.offered.outcome)]
        if let author = try Self.author(of: conflict.stored.job, in: db) {
          answers.insert(TestimonyRow(worker: author, outcome: conflict.stored.outcome), at: 0)
        }
        try Self.noteDispute(of: conflict.stored.job, answers, in: db)
        return true
      }
    }
  }

  /// Takes back the facts to which answers differ, so that they are computed again, and with them every snapshot; to be
  /// called at an opening, behind ``endQuarantines()``, before facts or snapshots are read.
  ///
  /// A dispute that is left with one answer, because the others were a liar's, and with that one as its fact is settled.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func reopenDisputes() throws(RunStoreError) {
    let liars = try quarantined()
    var doubted: [Digest] = []
    for (job, answers) in try disputes() {
      let honest = answers.filter { !liars.contains($0.worker) }
      let fact = try fact(for: job)
      let isSettled = fact.map { fact in honest.allSatisfy { $0.outcome == fact.outcome } } ?? honest.isEmpty
      try noteDispute(of: job, isSettled ? [] : honest)
      if !isSettled, fact != nil { doubted.append(job) }
    }
    guard !doubted.isEmpty else { return }
    // First: a snapshot may rest on what is taken back.
    try removeSnapshots(after: -1)
    for job in doubted { _ = try revoke(job, reason: "workers answered differently") }
  }

  /// Jobs whose facts nobody should rest on: answers to them differ, or a crash kept them from being taken back.
  static func doubted(in db: Database) throws -> Set<Digest> {
    var jobs = Set(try disputes(in: db).keys)
    for worker in try openQuarantines(in: db) { jobs.formUnion(try Self.jobs(of: worker, in: db)) }
    return jobs
  }
}
