import Foundation
import Testing

/// Coordinators and workers that are asked to stop.
@Suite struct DrainTests {
  /// A training that takes minutes, the longest that is allowed, for a worker to be in the midst of.
  private static let long = Studies.quick(generations: 2)
    .replacingOccurrences(of: "epochs: 6,", with: "epochs: 100000,")
    .replacingOccurrences(of: "epochs_per_segment: 2", with: "epochs_per_segment: 100000")

  /// A run's coordinator and how to reach it.
  private struct Post {
    let place = Workplace()
    let study: String
    let trust: [String]
    private let listen: String
    var run: String { place.file("run") }

    init(_ text: String, encrypted: Bool = false) throws {
      study = try place.write("study.yaml", text)
      trust = encrypted ? ["--certificates", place.file("certificates")] : []
      listen = encrypted ? "tls://127.0.0.1:0" : "ipc://\(place.file("socket/c"))"
      if encrypted { #expect(try Program.run("certs", "create", place.file("certificates")).status == 0) }
    }

    /// A coordinator that listens, and its address.
    func coordinator(_ life: String = "coordinator") throws -> (process: Running, address: String) {
      let coordinator = try Running(
        ["coordinator", study, "--listen", listen, "--run-directory", run, "--log-level", "debug"] + trust,
        errors: place.file("\(life).log"))
      #expect(coordinator.says("listening"), "\(coordinator.logText)")
      let line = try #require(Chronicle(coordinator.logText).all("listening").first)
      return (coordinator, try #require(line.fields["address"]))
    }

    func worker(_ address: String, _ name: String, _ more: String...) throws -> Running {
      try Running(["worker", address] + trust + more, errors: place.file("\(name).log"))
    }

    /// Looks whether the run ended as an undisturbed one.
    func expectTheSameHistory() throws {
      let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
      #expect(whole.status == 0, "\(whole.errors)")
      let digests = try [run, place.file("whole")].map { try Program.run("history", $0, "--digest").output }
      #expect(digests[0] == digests[1] && digests[0].count == 65)
      #expect(try Program.run("verify", run).status == 0)
    }
  }

  @Test(arguments: [false, true]) func workersThatAreToldToGoGiveBackWhatTheyHold(encrypted: Bool) throws {
    let post = try Post(Studies.quick(seed: 7, generations: 120), encrypted: encrypted)
    let (coordinator, address) = try post.coordinator()
    let workers = try (1...3).map { try post.worker(address, "worker\($0)") }
    for worker in workers { #expect(worker.says("welcomed"), "\(worker.logText)") }
    for (worker, signal) in zip(workers, [SIGTERM, SIGINT]) {
      #expect(coordinator.commits(20))
      let told = Date.now
      worker.send(signal)
      #expect(worker.wait() == 75, "\(worker.logText)")
      let seconds = Chronicle(coordinator.logText).handedOn(from: worker, since: told).values.max() ?? 0
      print("drain by \(signal): its jobs at others within \(seconds) s")
      #expect(seconds < 2)
    }
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    #expect(workers[2].leaves(), "\(workers[2].logText)")
    #expect(coordinator.count(of: "worker left") >= 2, "\(coordinator.logText.suffix(2000))")
    #expect(coordinator.count(of: "worker lost") == 0)
    try post.expectTheSameHistory()
  }

  @Test(arguments: [false, true]) func whoIsToldTwiceGoesInTheMiddleOfAJob(encrypted: Bool) throws {
    let post = try Post(Self.long, encrypted: encrypted)
    let (coordinator, address) = try post.coordinator()
    let first = try post.worker(address, "first")
    #expect(coordinator.says("debug: leased"))
    let second = try post.worker(address, "second")
    #expect(second.says("welcomed"))
    first.send(SIGTERM)
    #expect(first.says("leaving after the jobs in hand"))
    let told = Date.now
    first.send(SIGTERM)
    #expect(first.wait() == 75, "\(first.logText)")
    let gone = Date.now.timeIntervalSince(told)
    #expect(coordinator.waitForLog { !Chronicle($0).handedOn(from: first, since: told).isEmpty })
    let handed = Chronicle(coordinator.logText).handedOn(from: first, since: told)
    print("told twice: gone after \(gone) s, its job elsewhere after \(handed.values.max() ?? -1) s")
    #expect(handed.count == 1 && handed.values.allSatisfy { $0 < 4 })
    #expect(gone < 5)

    // And a coordinator: everything is on disk all the time.
    coordinator.send(SIGTERM)
    coordinator.send(SIGINT)
    #expect(coordinator.wait() == 75)
    second.send(SIGTERM)
    #expect(second.says("leaving after the jobs in hand"))
    second.send(SIGINT)
    #expect(second.wait() == 75)
  }

  @Test(arguments: [SIGTERM, SIGINT]) func allAtOnceStopAndTheRunGoesOnLater(signal: Int32) throws {
    let post = try Post(Studies.quick(seed: 8, generations: 60))
    let (first, address) = try post.coordinator("first")
    let workers = try (1...2).map { try post.worker(address, "worker\($0)") }
    for worker in workers { #expect(worker.says("welcomed"), "\(worker.logText)") }
    #expect(first.commits(20))
    for process in [first] + workers { process.send(signal) }
    #expect(first.wait() == 75, "\(first.logText.suffix(1000))")
    #expect(first.logText.contains("`sentei resume"))
    for worker in workers { #expect(worker.wait() == 75, "\(worker.logText)") }

    let (second, again) = try post.coordinator("second")
    let fresh = try post.worker(again, "fresh")
    #expect(second.wait() == 0, "\(second.logText.suffix(1000))")
    #expect(fresh.leaves(), "\(fresh.logText)")
    try post.expectTheSameHistory()
  }

  @Test func aWorkerDoesNotWaitForEver() throws {
    let place = Workplace()
    let worker = try Running(
      ["worker", "ipc://\(place.file("socket/c"))", "--wait", "1"], errors: place.file("worker.log"))
    #expect(worker.wait() == 69)
    #expect(worker.logText.contains("for 1 s"), "\(worker.logText)")
    #expect(try Program.run("worker", "ipc:///tmp/x/y", "--wait", "-1").status == 64)
  }
}
