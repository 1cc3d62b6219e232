package import Digests

/// One fact as it is stored: the outcome of one job, opaque here.
package struct FactRow: Hashable, Sendable {
  /// The identity of the job.
  package let job: Digest
  /// The kind of the job, for counting.
  package let kind: String
  /// The canonical bytes of the outcome, about 100.
  package let outcome: [UInt8]

  /// A fact from its parts; a NUL in `kind` becomes U+FFFD, because SQLite would end the text there.
  package init(job: Digest, kind: String, outcome: [UInt8]) {
    self.job = job
    self.kind = kind.storable
    self.outcome = outcome
  }

  /// What the row's check and the running hash of `HEAD` are taken over.
  func canonicalBytes(sequence: Int) -> [UInt8] {
    var bytes = CanonicalBytes(kind: "fact-row", version: 1)
    bytes.append(sequence)
    bytes.append(job)
    bytes.append(kind)
    bytes.append(raw: outcome)
    return bytes.bytes
  }
}

/// One attempt at a job: who did it, when and at what cost. It enters no outcome and no history.
package struct AttemptRow: Hashable, Sendable {
  /// The identity of the job.
  package let job: Digest
  /// The kind of the job, so that failed attempts are counted under it too.
  package let kind: String
  /// The worker's name.
  package let worker: String
  /// Seconds between the job's proposal and its start.
  package let secondsWaited: Double
  /// Seconds on the coordinator's clock when it started.
  package let started: Double
  /// Seconds on the coordinator's clock when it ended.
  package let finished: Double
  /// Processor seconds that it cost.
  package let cpuSeconds: Double
  /// What became of it: `computed`, `duplicate`, `late`, `audit`, `backup`, `failed`.
  package let disposition: String

  /// An attempt from its parts.
  ///
  /// Much of it was reported by a peer, so nothing traps: a time that is no number is kept as 0.
  package init(
    job: Digest, kind: String, worker: String, secondsWaited: Double, started: Double, finished: Double,
    cpuSeconds: Double, disposition: String
  ) {
    self.job = job
    self.kind = kind.storable
    self.worker = worker.storable
    self.secondsWaited = secondsWaited.storable
    self.started = started.storable
    self.finished = finished.storable
    self.cpuSeconds = cpuSeconds.storable
    self.disposition = disposition.storable
  }

  func check(sequence: Int) -> Int64 {
    var bytes = CanonicalBytes(kind: "attempt-row", version: 1)
    bytes.append(sequence)
    bytes.append(job)
    bytes.append(kind)
    bytes.append(worker)
    for seconds in [secondsWaited, started, finished, cpuSeconds] { bytes.append(seconds) }
    bytes.append(disposition)
    return bytes.bytes.rowCheck
  }
}

/// A fact that was taken back, with the reason.
package struct RevokedRow: Hashable, Sendable {
  /// The row as it was.
  package let fact: FactRow
  /// Why it is no fact any more.
  package let reason: String
}

/// One addition to what a study may spend, such as 50 more generations.
package struct BudgetRow: Hashable, Sendable {
  /// What is limited, for example `generations`.
  package let key: String
  /// The new limit.
  package let value: Int

  /// A budget row from its parts.
  package init(key: String, value: Int) {
    self.key = key.storable
    self.value = value
  }

  func check(sequence: Int) -> Int64 {
    var bytes = CanonicalBytes(kind: "budget-row", version: 1)
    bytes.append(sequence)
    bytes.append(key)
    bytes.append(value)
    return bytes.bytes.rowCheck
  }
}

extension [UInt8] {
  /// The first 64 bits of SHA-256 over a row's canonical bytes, as SQLite keeps integers.
  var rowCheck: Int64 { Int64(bitPattern: Digest(of: self).firstWord) }
}

extension String {
  private var hasNull: Bool { utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? utf8.contains(0) }

  /// The text as SQLite gives it back.
  var storable: String { hasNull ? String(map { $0 == "\0" ? "\u{FFFD}" : $0 }) : self }
}

extension Double {
  /// The number as SQLite gives it back: it turns NaN to NULL and −0 to 0.
  var storable: Double { isFinite && self != 0 ? self : 0 }
}
