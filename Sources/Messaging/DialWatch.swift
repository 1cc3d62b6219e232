/// Whether nng still dials, judged by a socket's count of attempts, for a worker that has no connection.
package struct DialWatch: Sendable {
  private let limit: Int
  private var attempts: UInt64?
  /// In ticks rather than seconds: a process that was stopped for a while has not dialled meanwhile either.
  private var ticksWithoutAttempt = 0

  package init(ticksPerSecond: Int) {
    // An attempt ends, and the next one follows, within twelve seconds.
    limit = 15 * ticksPerSecond
  }

  /// Takes the count of a tick; true once for each time that it has stood still for longer than an attempt can take.
  package mutating func hasStopped(attempts: UInt64) -> Bool {
    ticksWithoutAttempt = attempts == self.attempts ? ticksWithoutAttempt + 1 : 0
    self.attempts = attempts
    guard ticksWithoutAttempt >= limit else { return false }
    ticksWithoutAttempt = 0
    return true
  }
}
