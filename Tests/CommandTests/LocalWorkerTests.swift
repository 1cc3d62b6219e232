import Foundation
import Testing

/// The workers that a run starts by itself: whatever becomes of them, the run ends, and they with it.
@Suite struct LocalWorkerTests {
  /// A run of which a worker has joined; it would take minutes.
  private func start(_ place: Workplace, through prefix: [String] = []) throws -> Running {
    let study = try place.write("study.yaml", Studies.quick(generations: 20_000))
    let run = try Running(
      ["run", study, "--run-directory", place.file("run"), "--workers", "1"], through: prefix,
      errors: place.file("log"))
    try #require(run.joins(1), "\(run.logText)")
    return run
  }

  @Test func whoDiesAgainAndAgainIsNotStartedForEver() throws {
    let place = Workplace()
    let run = try start(place)
    for life in 1...6 {
      try #require(run.joins(life), "\(run.logText)")
      for child in run.children { kill(child, SIGKILL) }
    }
    #expect(run.wait() == 70, "\(run.logText)")
    #expect(run.logText.contains("local workers died 6 times; read \(place.file("run"))/logs"), "\(run.logText)")
  }

  @Test func whoIsSentAwayIsStartedAgain() throws {
    let place = Workplace()
    let run = try start(place)
    for child in run.children { kill(child, SIGTERM) }
    #expect(run.joins(2), "\(run.logText)")
    run.send(SIGTERM)
    #expect(run.wait() == 75, "\(run.logText)")
  }

  @Test func whoDoesNotGoIsKilled() throws {
    let place = Workplace()
    let run = try start(place)
    let child = try #require(run.children.first)
    kill(child, SIGSTOP)
    run.send(SIGTERM)
    #expect(run.wait() == 75, "\(run.logText)")
    // It is killed by then; to end, and to be waited for by the system's first process, takes a moment.
    let end = ContinuousClock.now + .seconds(30)
    while kill(child, 0) == 0, ContinuousClock.now < end { usleep(10_000) }
    #expect(kill(child, 0) != 0 && errno == ESRCH)
  }

  @Test func whatATerminalSendsReachesTheCoordinatorAlone() throws {
    let place = Workplace()
    let run = try start(place, through: ["setsid"])
    kill(-run.identifier, SIGINT)
    #expect(run.wait() == 75, "\(run.logText)")
    #expect(!run.logText.contains("a local worker died"), "\(run.logText)")
  }

  @Test func aWorkerWorksWithoutItsLog() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 3))
    let obstacle = place.file("run/logs/worker-1.log")
    let run = place.file("run")
    let first = try Program.run("run", study, "--run-directory", run, "--workers", "1")
    #expect(first.status == 0, "\(first.errors)")
    unlink(obstacle)
    try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
    let more = try Program.run("extend", run, "--generations", "6", "--workers", "1")
    #expect(more.status == 0, "\(more.errors)")
    #expect(more.errors.contains("a local worker is without its log"), "\(more.errors)")
    // Snapshots from before the extension state another budget.
    let found = try Program.run("verify", run)
    #expect(found.status == 0, "\(found.output)")
  }
}

extension Running {
  /// Waits until workers have joined so many times.
  fileprivate func joins(_ times: Int) -> Bool {
    waitForLog { $0.components(separatedBy: "worker joined").count > times }
  }
}
