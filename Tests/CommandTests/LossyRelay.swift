import Messaging
import Scheduling
import Studies
import Synchronization
import Wire

/// Stands between one worker and its coordinator and hands messages on as they are, in both directions, but loses some
/// parcels of evaluations.
///
/// No connection breaks by it: as where nng drops a message for which a connection has no room. It lives as long as the
/// process, as its sockets do.
final class LossyRelay: Sendable {
  private let coordinator: WorkerSocket
  private let worker: CoordinatorSocket
  private let pipe = Mutex<PipeID?>(nil)
  private let counts = Mutex((parcels: 0, lost: 0))

  /// - Parameter loses: whether the n-th parcel with evaluations, counted from 1, is lost.
  init(from address: String, to target: String, loses: @escaping @Sendable (_ parcel: Int) -> Bool) throws {
    coordinator = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
    worker = try CoordinatorSocket(receiveLimit: WireCodec.receiveLimit)
    try worker.listen(try Address(address))
    try coordinator.dial(try Address(target))
    Task {
      for await case .message(let from, let bytes) in worker.events {
        pipe.withLock { $0 = from }
        try? await coordinator.send(bytes)
      }
    }
    Task {
      for await case .message(_, let bytes) in coordinator.events {
        if Self.hasEvaluations(bytes), isLost(by: loses) { continue }
        if let pipe = pipe.withLock({ $0 }) { try? await worker.send(bytes, to: pipe) }
      }
    }
  }

  private func isLost(by loses: (Int) -> Bool) -> Bool {
    counts.withLock { counts in
      counts.parcels += 1
      guard loses(counts.parcels) else { return false }
      counts.lost += 1
      return true
    }
  }

  /// How many parcels with evaluations came, and how many of them were lost.
  var figures: (parcels: Int, lost: Int) { counts.withLock { $0 } }

  /// Whether a message is such a parcel. Read by itself, one whose masks are told as differences cannot be read at all.
  private static func hasEvaluations(_ bytes: [UInt8]) -> Bool {
    do throws(WireError) {
      guard case .parcel(let jobs) = try WireCodec.coordinatorMessage(bytes).message else { return false }
      return jobs.contains { $0.kind == "evaluate" }
    } catch { return error.missesMask }
  }
}
