import Foundation
import Testing

/// Faults that last a minute; `SENTEI_LONG=1` runs them.
@Suite(.ownThread, .enabled(if: ProcessInfo.processInfo.environment["SENTEI_LONG"] == "1"))
struct LongFaultTests {
  @Test func aWorkerThatStandsStillForAMinuteComesBack() throws {
    guard let site = try Site(hosts: 3, generations: 600) else { return }
    let coordinator = try site.coordinator()
    let far = try site.worker(on: 1, through: site.farLink(delay: 0.2...0.3))
    let stopped = try site.worker(on: 2)
    for worker in [far, stopped] { #expect(worker.says("welcomed")) }
    #expect(coordinator.commits(20))
    let fault = Date.now
    stopped.send(SIGSTOP)
    Thread.sleep(until: fault + 60)
    let resumed = Date.now
    stopped.send(SIGCONT)
    #expect(coordinator.commits(10))
    #expect(coordinator.isRunning, "the run ended before it was back")
    try site.expectTheSameEnd(of: coordinator)

    let story = Chronicle(coordinator.logText)
    let handed = story.handedOn(from: stopped, since: fault, until: resumed)
    print("stopped for 60 s: \(handed.count) jobs at others within \(handed.values.max() ?? 0) s")
    #expect(!handed.isEmpty && handed.values.allSatisfy { $0 < 30 })
    let peer = story.peer(of: stopped)
    let lease = story.all("debug: leased", after: resumed).first { $0.fields["peer"] == peer }
    let seconds = try #require(lease?.time.timeIntervalSince(resumed))
    print("at work again \(seconds) s after its end, answers: \(try site.attempts()[stopped.identifier] ?? [:])")
    #expect(seconds < 15)
  }

  /// Without the tunnel the system decides when a connection is dead; nothing is lost by that, but time.
  @Test func aBlackHoleOfAMinuteOnPlainTCPCostsTimeAlone() throws {
    guard let site = try Site(hosts: 3, generations: 600, encrypted: false) else { return }
    let coordinator = try site.coordinator()
    let far = try site.worker(on: 1, through: site.farLink(delay: 0.2...0.3))
    let swallowed = try site.worker(on: 2)
    for worker in [far, swallowed] { #expect(worker.says("welcomed")) }
    #expect(coordinator.commits(20))
    let fault = Date.now
    try site.lab.hosts[2].drop()
    Thread.sleep(until: fault + 60)
    try site.lab.hosts[2].stopDropping()
    let healed = Date.now
    let peer = try #require(Chronicle(coordinator.logText).peer(of: swallowed))
    let leases = coordinator.count(of: "peer=\(peer)")
    #expect(coordinator.says("peer=\(peer)", moreThan: leases), "it is at work again")
    try site.expectTheSameEnd(of: coordinator)

    let story = Chronicle(coordinator.logText)
    let handed = story.handedOn(from: swallowed, since: fault, until: healed)
    print("plain TCP: \(handed.count) jobs at others within \(handed.values.max() ?? 0) s")
    #expect(!handed.isEmpty && handed.values.allSatisfy { $0 < 30 })
    let lease = story.all("debug: leased", after: healed).first { $0.fields["peer"] == peer }
    print("at work again \(lease?.time.timeIntervalSince(healed) ?? .infinity) s after the link")
  }
}
