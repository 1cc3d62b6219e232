import Foundation
import Testing

/// A coordinator on a host of its own that dies, or stands still.
@Suite(.ownThread) struct AbsentCoordinatorTests {
  @Test func workersAreBackSoonAfterADeathAndNoneIsLostByAStop() throws {
    // Without TLS, so that this way is walked, too.
    guard let site = try Site(hosts: 4, generations: 250, encrypted: false) else { return }
    let first = try site.coordinator("first")
    // All are far, so that the run takes its time, whoever is back first.
    let link = site.farLink(delay: 0.03...0.05)
    let workers = try (1...3).map { try site.worker(on: $0, through: link) }
    for worker in workers { #expect(worker.says("welcomed"), "\(worker.logText)") }
    #expect(first.commits(40))
    let connections = workers.map { Connection(of: $0) }
    first.kill9()
    let start = Date.now
    let second = try site.coordinator("second")
    for connection in connections { #expect(connection.isBack()) }
    #expect(second.commits(40))

    // A short stop of a worker on the way: nothing comes of it.
    workers[0].send(SIGSTOP)
    Thread.sleep(until: Date.now + 1)
    workers[0].send(SIGCONT)
    #expect(second.commits(40))

    second.send(SIGSTOP)
    Thread.sleep(until: Date.now + 20)
    let resumed = Date.now
    second.send(SIGCONT)
    #expect(second.commits(40))
    try site.expectTheSameEnd(of: second)

    let story = Chronicle(second.logText)
    var back = 0.0
    for worker in workers {
      let peer = try #require(story.peer(of: worker))
      let lease = try #require(story.all("debug: leased").first { $0.fields["peer"] == peer })
      back = max(back, lease.time.timeIntervalSince(start))
    }
    print("killed coordinator: all workers at work \(back) s after its new start")
    #expect(back < 15, "the target is 5 seconds")
    #expect(story.all("worker lost").isEmpty)
    #expect(story.all("worker is silent", after: resumed).isEmpty)
    #expect(story.all("worker joined").count == workers.count)
  }
}
