import Digests
import Foundation
import RunStore
import Testing

/// One history for any number of workers, whoever is killed.
@Suite(.serialized) struct KillTests {
  private func digest(_ run: String) throws -> String {
    let result = try Program.run("history", run, "--digest")
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  @Test func historyIsTheSameForOneWorkerThreeWorkersAndTwoOfThemKilled() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 120))
    for workers in [1, 3] {
      let result = try Program.run(
        "run", study, "--run-directory", place.file("run\(workers)"), "--workers", "\(workers)")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("GeneticAlgorithm"))
    }
    let expected = try digest(place.file("run1"))
    #expect(try digest(place.file("run3")) == expected)

    let address = "ipc://\(place.file("socket/c"))"
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", place.file("killed"), "--log-level", "debug"],
      errors: place.file("coordinator.log"))
    #expect(coordinator.waitForLog { $0.contains("listening") })
    let workers = try (1...3).map {
      try Running(["worker", address], errors: place.file("worker\($0).log"))
    }
    for (number, victim) in workers.prefix(2).enumerated() {
      let wanted = 600 * (number + 1)
      #expect(coordinator.waitForLog { committed($0) >= wanted }, "\(coordinator.logText.suffix(500))")
      #expect(coordinator.process.isRunning, "the run ended before worker \(number + 1) was killed")
      victim.kill9()
    }
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    #expect(workers[2].wait() == 0, "\(workers[2].logText.suffix(2000))")
    #expect(try digest(place.file("killed")) == expected)
    #expect(try Program.run("verify", place.file("killed")).status == 0)
  }

  @Test func tenCoordinatorKillsLoseNothingAndRecomputeNothing() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(seed: 2, generations: 160))
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "2")
    #expect(whole.status == 0, "\(whole.errors)")

    let run = place.file("killed")
    let address = "ipc://\(place.file("socket/c"))"
    let journals = (1...2).map { place.file("journal\($0)") }
    let workers = try (0..<2).map {
      try Running(["worker", address, "--journal", journals[$0]], errors: place.file("worker\($0).log"))
    }
    for life in 1...10 {
      let coordinator = try Running(
        ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
        errors: place.file("coordinator\(life).log"))
      // Work in flight: more leased than committed, some already committed in this life, and the study not at its end.
      let inFlight = coordinator.waitForLog { committed($0) >= 150 && leased($0) > committed($0) }
      coordinator.kill9()
      #expect(inFlight, "life \(life): \(coordinator.logText.suffix(1000))")
      #expect(leased(coordinator.logText) > committed(coordinator.logText), "life \(life): nothing was in flight")
      #expect(!coordinator.logText.contains("search phase"), "life \(life) came to the end of the study")
      let recorded = try facts(of: run)
      let before = try journals.map { try lines($0).count }
      let next = try Running(
        ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
        errors: place.file("between\(life).log"))
      #expect(next.waitForLog { committed($0) >= 50 }, "life \(life): \(next.logText.suffix(1000))")
      next.kill9()
      for (journal, count) in zip(journals, before) {
        let again = try lines(journal).dropFirst(count).filter { recorded.contains($0) }
        #expect(again.isEmpty, "life \(life): \(again.count) recorded facts were computed again")
      }
    }
    let last = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run], errors: place.file("last.log"))
    #expect(last.wait() == 0, "\(last.logText.suffix(2000))")
    for worker in workers { #expect(worker.wait() == 0) }
    #expect(try digest(run) == digest(place.file("whole")))

    // Every fact but the split, which the coordinator cuts itself, was computed by one of these workers.
    let computed = Set(try journals.flatMap { try lines($0) })
    #expect(try facts(of: run, but: "split").isSubset(of: computed))
  }

  private func facts(of run: String, but kind: String? = nil) throws -> Set<String> {
    var jobs: Set<String> = []
    try RunStore.open(at: run, mode: .reading).forEachFact { if $0.kind != kind { jobs.insert($0.job.hex) } }
    return jobs
  }

  private func lines(_ journal: String) throws -> [String] {
    try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n").map { String($0.prefix(64)) }
  }
}

/// The sum of the numbers behind `key=` in the lines of one kind.
private func sum(_ kind: String, _ key: String, _ log: String) -> Int {
  log.split(separator: "\n").filter { $0.contains(" debug: \(kind) ") }.reduce(0) { total, line in
    guard let field = line.split(separator: " ").first(where: { $0.hasPrefix("\(key)=") }) else { return total }
    return total + (Int(field.dropFirst(key.count + 1)) ?? 0)
  }
}

private func committed(_ log: String) -> Int { sum("committed", "facts", log) }

private func leased(_ log: String) -> Int { sum("leased", "jobs", log) }
