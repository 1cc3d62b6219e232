import Foundation
import Testing

/// Hosts that are there and say nothing, or are gone for a while, each in its own way.
@Suite(.ownThread) struct SilentHostTests {
  /// The targets are 15 and 5 seconds; a machine that does other things gets more.
  private static let replaced = 30.0
  private static let back = 15.0

  @Test func othersDoTheWorkOfHostsThatFallSilentUntilTheyComeBack() throws {
    guard let site = try Site(hosts: 5, generations: 600) else { return }
    let hosts = site.lab.hosts
    let coordinator = try site.coordinator()

    // In the midst of the only job there is, so that nobody can be asked before it counts as lost.
    let swallowed = try site.worker(on: 1)
    #expect(coordinator.says("debug: leased"))
    let (hole, first) = (Date.now, Connection(of: swallowed))
    try hosts[1].drop()
    let link = site.farLink(delay: 0.1...0.2)
    let (cut, stopped) = (try site.worker(on: 2), try site.worker(on: 3))
    let far = try site.worker(on: 4, through: link)
    #expect(coordinator.says("worker lost; its jobs go to others"), "\(coordinator.logText)")
    for worker in [cut, stopped, far] { #expect(worker.says("welcomed")) }
    #expect(coordinator.commits(30))

    let (fault, second) = (Date.now, Connection(of: cut))
    try hosts[2].cut()
    stopped.send(SIGSTOP)
    #expect(first.isLost())
    // Before: who dials again at that moment is through before the command returns.
    let healed = Date.now
    try hosts[1].stopDropping()
    #expect(first.isBack())
    #expect(second.isLost())
    let joined = Date.now
    try hosts[2].join()
    #expect(second.isBack())
    // The length of this fault; the rest of it has gone by meanwhile.
    Thread.sleep(until: fault + 15)
    stopped.send(SIGCONT)
    let resumed = Date.now
    #expect(coordinator.commits(20))
    #expect(coordinator.isRunning, "the run ended before all were back")
    try site.expectTheSameEnd(of: coordinator)

    let story = Chronicle(coordinator.logText)
    for (name, worker, start, end) in [
      ("black hole", swallowed, hole, healed), ("cut", cut, fault, joined), ("stopped", stopped, fault, resumed),
    ] {
      let handed = story.handedOn(from: worker, since: start, until: end)
      let longest = handed.values.max() ?? .infinity
      print("\(name): \(handed.count) jobs at others within \(longest) s")
      #expect(longest < Self.replaced, "\(name)")
    }
    for (name, worker, start, end) in [("black hole", swallowed, hole, healed), ("cut", cut, fault, joined)] {
      let noticed = Chronicle(worker.logText).all("connection lost", after: start).first?.time.timeIntervalSince(start)
      let seconds = story.greeting(of: worker, after: end)?.timeIntervalSince(end) ?? .infinity
      print("\(name): noticed by the worker after \(noticed ?? .infinity) s, back \(seconds) s after the link")
      #expect(seconds < Self.back, "\(name)")
    }
    let attempts = try site.attempts()
    print("answers: \(site.workers.map { attempts[$0.identifier] ?? [:] })")
    // Or it was asked to check the other one's.
    let more = ["duplicate", "audit"].reduce(0) { $0 + (attempts[swallowed.identifier]?[$1] ?? 0) }
    #expect(more > 0, "its training came to its end, too")
    for worker in site.workers { #expect(attempts[worker.identifier] != nil) }
    // It went on after its stop with what it had begun, and that is counted and not taken twice.
    #expect(story.all("leased", after: resumed).contains { $0.fields["peer"] == story.peer(of: stopped) })
  }

  @Test func badLinksAreOnlySlow() throws {
    guard let site = try Site(hosts: 7, generations: 250) else { return }
    let hosts = site.lab.hosts
    let coordinator = try site.coordinator()
    try hosts[1].drop(percent: 20)
    try hosts[2].narrow(kilobits: 256)
    let link = site.farLink(delay: 0.05...0.25)
    let workers = try (1...5).map { try site.worker(on: $0) } + [try site.worker(on: 6, through: link)]
    for worker in workers { #expect(worker.says("welcomed"), "\(worker.logText)") }
    #expect(coordinator.commits(30), "\(coordinator.logText.suffix(2000))")

    let (mute, deaf, refused) = (workers[2], workers[3], workers[4])
    let fault = Date.now
    let (away, reset) = ([mute, deaf].map { Connection(of: $0) }, Connection(of: refused))
    try hosts[3].drop([.fromHost])
    try hosts[4].drop([.toHost])
    try hosts[5].reset()
    #expect(reset.isLost())
    let allowed = Date.now
    try hosts[5].stopResetting()
    #expect(reset.isBack())
    for connection in away { #expect(connection.isLost()) }
    let healed = Date.now
    for host in [3, 4] { try hosts[host].stopDropping() }
    for connection in away { #expect(connection.isBack()) }
    #expect(coordinator.isRunning, "the run ended before all were back")
    try site.expectTheSameEnd(of: coordinator)

    let story = Chronicle(coordinator.logText)
    for (name, worker, end) in [("from the worker", mute, healed), ("to the worker", deaf, healed)] {
      let handed = story.handedOn(from: worker, since: fault, until: end)
      print("\(name): \(handed.count) jobs at others within \(handed.values.max() ?? 0) s")
      #expect(handed.values.allSatisfy { $0 < Self.replaced }, "\(name): \(handed)")
    }
    for (name, worker, end) in [
      ("from the worker", mute, healed), ("to the worker", deaf, healed), ("reset", refused, allowed),
    ] {
      let seconds = story.greeting(of: worker, after: end)?.timeIntervalSince(end) ?? .infinity
      print("\(name): back \(seconds) s after the link")
      #expect(seconds < Self.back, "\(name)")
    }
    let attempts = try site.attempts()
    print("answers: \(workers.map { attempts[$0.identifier] ?? [:] })")
    for worker in workers { #expect(attempts[worker.identifier] != nil) }
  }
}
