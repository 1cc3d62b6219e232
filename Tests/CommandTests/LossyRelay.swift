import Messaging
import Scheduling
import Studies
import Synchronization
import Wire

/// Stands between one worker and its coordinator and hands messages on as they are, in both directions, but loses every
/// eighth parcel of evaluations until the worker has said hello again behind one as often as is wanted.
///
/// No connection breaks by it: as where nng drops a message for which a connection has no room. Which parcels miss what a
/// lost one told depends on the moment, so it counts the hellos and not the losses. It lives as long as the process, as its
/// sockets do.
final class LossyRelay: Sendable {
  private let coordinator: WorkerSocket
  private let worker: CoordinatorSocket
  private let pipe = Mutex<PipeID?>(nil)
  private let counts = Mutex(Counts())

  private struct Counts {
    var parcels = 0
    var lost = 0
    /// Hellos behind a loss, each before the next one that is counted.
    var hellos = 0
    var hasLoss = false
  }

  init(from address: String, to target: String, untilHellos wanted: Int) throws {
    coordinator = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
    worker = try CoordinatorSocket(receiveLimit: WireCodec.receiveLimit)
    try worker.listen(try Address(address))
    try coordinator.dial(try Address(target))
    Task {
      for await case .message(let from, let bytes) in worker.events {
        pipe.withLock { $0 = from }
        if Self.isHello(bytes) { noteHello() }
        try? await coordinator.send(bytes)
      }
    }
    Task {
      for await case .message(_, let bytes) in coordinator.events {
        if Self.hasEvaluations(bytes), isLost(untilHellos: wanted) { continue }
        if let pipe = pipe.withLock({ $0 }) { try? await worker.send(bytes, to: pipe) }
      }
    }
  }

  private func noteHello() {
    counts.withLock { counts in
      if counts.hasLoss { counts.hellos += 1 }
      counts.hasLoss = false
    }
  }

  private func isLost(untilHellos wanted: Int) -> Bool {
    counts.withLock { counts in
      counts.parcels += 1
      guard counts.parcels % 8 == 0, counts.hellos < wanted else { return false }
      counts.lost += 1
      counts.hasLoss = true
      return true
    }
  }

  /// How many parcels with evaluations were lost, and behind how many of them the worker said hello again.
  var figures: (lost: Int, hellos: Int) { counts.withLock { ($0.lost, $0.hellos) } }

  private static func isHello(_ bytes: [UInt8]) -> Bool {
    if case .hello? = try? WireCodec.workerMessage(bytes).message { true } else { false }
  }

  /// Whether a message is such a parcel. Read by itself, one whose masks are told as differences cannot be read at all.
  private static func hasEvaluations(_ bytes: [UInt8]) -> Bool {
    do throws(WireError) {
      guard case .parcel(let jobs) = try WireCodec.coordinatorMessage(bytes).message else { return false }
      return jobs.contains { $0.kind == "evaluate" }
    } catch { return error.missesMask }
  }
}
