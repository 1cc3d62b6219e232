import Foundation
import Synchronization
import Testing

/// A worker that is ten or a hundred times slower than the others.
@Suite(.serialized) struct StragglerTests {
  /// Lets a process run for a share of the time, until it is let go.
  private final class Brake: Sendable {
    private let isOn = Mutex(true)
    private let end = DispatchSemaphore(value: 0)

    init(_ process: pid_t, slowness: UInt32) {
      Thread.detachNewThread { [self] in
        while isOn.withLock({ $0 }) {
          kill(process, SIGSTOP)
          usleep(10_000 * (slowness - 1))
          kill(process, SIGCONT)
          usleep(10_000)
        }
        end.signal()
      }
    }

    func release() {
      isOn.withLock { $0 = false }
      end.wait()
    }
  }

  /// Seconds from the first lease to the end of a study with two workers, and with a third one that is slow.
  private func makespan(_ place: Workplace, _ study: String, slowness: UInt32?) throws -> (
    seconds: Double, backups: Int
  ) {
    let name = "slow\(slowness ?? 1)"
    let cluster = try Cluster(place, name, study: study)
    // First those that work: a process that starts slowly is no matter of the coordinator's.
    for _ in 1...2 { try cluster.addWorker() }
    let slow = try slowness.map { _ in try cluster.addWorker() }
    usleep(500_000)
    let brake = slowness.map { Brake(slow!.process.identifier, slowness: $0) }
    try cluster.startCoordinator()
    let coordinator = try #require(cluster.coordinator)
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(1000))")
    brake?.release()
    var (first, last, backups) = (Double.infinity, 0.0, 0)
    for line in cluster.lines() {
      switch line.kind {
      case .leased: first = min(first, line.time)
      case .committed: last = line.time
      case .backedUp: backups += 1
      case .listening, .joined, .gone: break
      }
    }
    for worker in cluster.workers { #expect(cluster.sendHome(worker), "\(worker.process.logText.suffix(1000))") }
    return (last - first, backups)
  }

  @Test func aTenfoldSlowerWorkerHoldsNobodyUp() throws { try compare(slowness: 10) }

  @Test(.enabled(if: ChurnTests.isLong)) func aHundredfoldSlowerWorkerHoldsNobodyUp() throws {
    try compare(slowness: 100)
  }

  private func compare(slowness: UInt32) throws {
    let place = Workplace()
    let study = try place.write("study.yaml", ChurnTests.study(generations: ChurnTests.isLong ? 60 : 20))
    let without = try makespan(place, study, slowness: nil)
    let with = try makespan(place, study, slowness: slowness)
    let ratio = with.seconds / without.seconds
    print(
      "straggler \(slowness) times slower: \(with.seconds) s, without it \(without.seconds) s, ratio \(ratio);",
      "\(with.backups) backups, without it \(without.backups)")
    // The target is 1.3; a machine that does other things too disturbs either run.
    #expect(ratio < 3.9)
    #expect(
      try Cluster.history(place.file("slow\(slowness)")) == Cluster.history(place.file("slow1")))
  }
}
