/// The times that leases live by, in seconds.
package struct Timing: Hashable, Sendable {
  package var heartbeat = 2.0
  /// Silence after which a worker gets no more work.
  package var suspect = 5.0
  /// Silence after which its jobs go to others.
  package var lost = 12.0
  /// How long a broken connection may stay without a new hello before its jobs go to others.
  package var reconnect = 1.0
  /// The work that a lane is given at once, so that no lane waits for a message.
  package var parcel = 0.1
  /// Jobs that one lane computes at once, at most.
  package var together = 16
  /// About what a result and the next job need between worker and coordinator.
  package var messageTrip = 0.002
  /// A gap between two events of the coordinator that means that it was itself stalled: leases are then re-armed.
  package var stall = 4.0
  /// A job out for this many times the mean of its kind is a straggler.
  package var straggler = 4.0
  /// What stands for the mean of a kind that nobody has finished a job of.
  package var unknownJob = 15.0
  /// A job that is out for less is no straggler, however short jobs of its kind are.
  package var backup = 0.5
  /// Deaths of workers on one job that make it a poison job.
  package var poisonDeaths = 3
  /// Of so many facts of one kind that a worker gives in turn one is checked by another worker, beside the very first; 0
  /// for none.
  package var auditInterval = 50
  /// Facts that may wait to be checked; beyond them none is chosen.
  package var auditsAtOnce = 64

  package init() {}
}
