package import Digests
package import Studies

/// Everything that can happen to the coordinator.
package enum CoordinatorEvent: Sendable {
  /// The planner wants these jobs done; none has a fact yet.
  case submitted([Job])
  /// A peer said something. Blob requests and chunks are served by straight code and never come here.
  case received(WorkerMessage, from: PeerID)
  case disconnected(PeerID)
  /// These outcomes are durable.
  case persisted([Digest])
  /// A blob that an outcome names is durable.
  case blobStored(Digest)
  /// A blob could not be fetched from that peer.
  case blobFailed(Digest, from: PeerID)
  /// Time passed.
  case tick
  /// The planner has finished: send the workers home.
  case finished
}

/// Why a result is counted the way it is.
package enum Disposition: String, Hashable, Sendable, CaseIterable {
  /// The first answer: it becomes the fact.
  case computed
  /// An answer of a backup copy that came first or second.
  case backup
  /// An answer whose job already has a fact.
  case duplicate
  /// The first answer, from a lease that was given up.
  case late
  /// An answer that was asked for to check a fact.
  case audit
}

/// A finished attempt, on its way to the disk.
package struct Attempt: Hashable, Sendable {
  package let job: Digest
  package let kind: String
  package let worker: Digest
  /// For people.
  package let name: String
  package let cost: Cost
  package let disposition: Disposition
  /// What a duplicate says, where this state does not know the fact any more: whoever stores it compares the two, and
  /// begins anew with a dispute where they differ.
  package let echo: Outcome?
}

/// An outcome on its way to the disk.
package struct Fact: Hashable, Sendable {
  package let job: Digest
  package let kind: String
  package let outcome: Outcome

  package init(job: Digest, kind: String, outcome: Outcome) {
    self.job = job
    self.kind = kind
    self.outcome = outcome
  }
}

/// Everything that the coordinator can want done. Their order is part of the contract: persist before acknowledge.
package enum CoordinatorEffect: Sendable {
  case send(CoordinatorMessage, to: PeerID)
  /// Make these durable, then say `persisted` with the facts' jobs; attempts may be without a fact.
  case persist([Fact], [Attempt])
  /// Fetch these blobs from the peer and check that they are what was promised, each ending in one `blobStored` or
  /// `blobFailed`.
  case fetch([PromisedBlob], from: PeerID)
  /// Hand durable outcomes to the planner.
  case deliver([Fact])
  /// Note durably that these answers to a job differ, in place of what was noted before; nothing if the job is settled.
  case dispute(Digest, [Testimony])
  /// Keep this worker out for good and take back, durably, every fact that it gave. If there was one, this state and the
  /// planner have learnt what is not so: the coordinator begins anew with what the disk holds then.
  case distrust(Digest, reason: String)
  /// A job that cannot be done: the study stops with this reason.
  case giveUp(Digest, reason: String)
  /// For people.
  case note(Note)
}

/// What is worth a log line.
package enum Note: Hashable, Sendable {
  case joined(worker: String, lanes: Int)
  case left(worker: String)
  case suspected(worker: String)
  case lost(worker: String, jobs: Int)
  case rejected(reason: String)
  case failed(job: Digest, worker: String, reason: String)
  case disagreed(job: Digest, worker: String)
  /// The answers to a job differ, and nobody is left to ask.
  case undecided(job: Digest)
  case quarantined(worker: String, reason: String)
  case backedUp(job: Digest)
}
