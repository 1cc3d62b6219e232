internal import Digests
internal import GRDB

/// What the attempts of a run add up to.
package struct AttemptSummary: Hashable, Sendable {
  /// The number of attempts by disposition (`computed`, `duplicate`, ...).
  package internal(set) var dispositions: [String: Int] = [:]
  /// Processor seconds by kind of job, whatever became of the attempt.
  package internal(set) var cpuSeconds: [String: Double] = [:]
  /// The number of rows whose check is wrong; they are in no sum.
  package internal(set) var damaged = 0
}

extension RunStore {
  /// About how many facts a run has, without a look at the database: for making room for them.
  package static func likelyFactCount(at path: String) -> Int {
    (try? Head.read(RunLayout(directory: path)))?.likelyCount ?? 0
  }

  /// The number of facts.
  ///
  /// - Complexity: O(n) in the number of facts, without reading their contents.
  package func factCount() throws(RunStoreError) -> Int {
    try database.read("count the facts of") { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM facts") ?? 0 }
  }

  /// The number of facts by kind of job.
  ///
  /// - Complexity: O(n) in the number of facts.
  package func factCounts() throws(RunStoreError) -> [String: Int] {
    try database.read("count the facts of") { db in
      var counts: [String: Int] = [:]
      let rows = try Row.fetchCursor(db, sql: "SELECT kind, count(*) FROM facts GROUP BY kind")
      while let row = try rows.next() {
        if let kind = String.fromDatabaseValue(row[0]) { counts[kind, default: 0] += row[1] }
      }
      return counts
    }
  }

  /// The attempts added up; rows with a wrong check are only counted.
  ///
  /// - Complexity: O(a) in the number of attempts.
  package func attemptSummary() throws(RunStoreError) -> AttemptSummary {
    var summary = AttemptSummary()
    try forEachAttempt { attempt in
      guard let attempt else {
        summary.damaged += 1
        return
      }
      summary.dispositions[attempt.disposition, default: 0] += 1
      summary.cpuSeconds[attempt.kind, default: 0] += attempt.cpuSeconds
    }
    return summary
  }

  /// Calls `body` for each attempt in the order in which they were committed, with nil for one whose check is wrong.
  ///
  /// - Complexity: O(a) in the number of attempts; memory for 1,024 of them.
  package func forEachAttempt(_ body: (AttemptRow?) -> Void) throws(RunStoreError) {
    var last = Int.min
    while true {
      let rows = try database.read("read the attempts of") { db in
        try Row.fetchAll(
          db,
          sql: "SELECT sequence, job, kind, worker, waited, started, finished, cpu, disposition, checksum "
            + "FROM attempts WHERE sequence > ? ORDER BY sequence LIMIT 1024",
          arguments: [last])
      }
      for row in rows { body(AttemptRow(row)) }
      guard let end = rows.last.flatMap({ Int.fromDatabaseValue($0[0]) }), rows.count == 1024 else { return }
      last = end
    }
  }
}

extension AttemptRow {
  /// A stored attempt; nil if a column has another type than ours or the check is wrong.
  fileprivate init?(_ row: Row) {
    guard let sequence = Int.fromDatabaseValue(row[0]),
      let job = (row[1] as DatabaseValue).bytes.flatMap({ Digest(bytes: $0) }),
      let kind = String.fromDatabaseValue(row[2]), let worker = String.fromDatabaseValue(row[3]),
      let waited = Double.fromDatabaseValue(row[4]), let started = Double.fromDatabaseValue(row[5]),
      let finished = Double.fromDatabaseValue(row[6]), let cpu = Double.fromDatabaseValue(row[7]),
      let disposition = String.fromDatabaseValue(row[8]), let checksum = Int64.fromDatabaseValue(row[9])
    else { return nil }
    self.init(
      job: job, kind: kind, worker: worker, secondsWaited: waited, started: started, finished: finished,
      cpuSeconds: cpu, disposition: disposition)
    guard check(sequence: sequence) == checksum else { return nil }
  }
}
