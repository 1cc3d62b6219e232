internal import Logging
internal import Synchronization

/// Warnings that others can cause: at most one of a kind each ten seconds, with the number of those left out.
final class Throttle: Sendable {
  private struct Kind {
    var next: ContinuousClock.Instant
    var omitted = 0
  }

  private let log: Logger
  private let kinds = Mutex<[String: Kind]>([:])

  init(_ log: Logger) {
    self.log = log
  }

  /// - Parameters:
  ///   - message: the kind; one of a few that the program has.
  ///   - peer: who caused it.
  func warn(_ message: String, _ peer: String, _ reason: String) {
    let now = ContinuousClock.now
    let omitted = kinds.withLock { kinds -> Int? in
      var kind = kinds[message] ?? Kind(next: now)
      defer { kinds[message] = kind }
      guard now >= kind.next else {
        kind.omitted += 1
        return nil
      }
      defer { kind = Kind(next: now + .seconds(10)) }
      return kind.omitted
    }
    guard let omitted else { return }
    var metadata: Logger.Metadata = ["peer": "\(peer)", "reason": "\(reason)"]
    if omitted > 0 { metadata["more"] = "\(omitted)" }
    log.warning("\(message)", metadata: metadata)
  }
}
