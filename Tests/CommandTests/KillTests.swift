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
      #expect(coordinator.isRunning, "the run ended before worker \(number + 1) was killed")
      victim.kill9()
    }
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    #expect(workers[2].wait() == 0, "\(workers[2].logText.suffix(2000))")
    #expect(try digest(place.file("killed")) == expected)
    #expect(try Program.run("verify", place.file("killed")).status == 0)
  }

  @Test func tenRunsWithAKilledCoordinatorEndWithOneHistoryAndRecomputeNothing() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(seed: 2, generations: 40))
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "2")
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try digest(place.file("whole"))
    let total = try facts(of: place.file("whole")).count

    for number in 1...10 {
      // From soon after the first commit to where a fifth is left, which a quick machine does before the test has looked.
      let kill = 1 + total * 4 / 5 * (number - 1) / 9
      let run = place.file("run\(number)")
      let crew = try Crew(place, "run\(number)")
      let first = try crew.coordinator(study, run, "first")
      // With something in flight.
      #expect(
        first.kill9 { committed($0) >= kill && leased($0) > committed($0) },
        "run \(number): \(first.logText.suffix(1000))")
      let recorded = try facts(of: run)
      #expect(recorded.count > 1 && recorded.count < total, "run \(number): \(recorded.count) of \(total) facts")
      let before = try crew.journalLines()

      let second = try crew.coordinator(study, run, "second")
      #expect(second.wait() == 0, "run \(number): \(second.logText.suffix(1000))")
      crew.sendHome()
      let checked = audited(first.logText).union(audited(second.logText))
      for (old, all) in zip(before, try crew.journalLines()) {
        // Audits are facts that are computed again on purpose.
        let again = all.dropFirst(old.count).filter { recorded.contains($0) && !checked.contains($0.prefix(12)) }
        #expect(again.isEmpty, "run \(number): \(again.count) recorded facts were computed again")
      }
      #expect(try digest(run) == expected, "run \(number)")
    }
    #expect(try Program.run("verify", place.file("run5")).output.contains("50 of 50 sampled masks"))
  }

  @Test func oneRunWhoseCoordinatorDiesAgainAndAgainEndsWithTheSameHistory() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(seed: 3, generations: 80))
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "2")
    #expect(whole.status == 0, "\(whole.errors)")
    let run = place.file("killed")
    let crew = try Crew(place, "killed")
    for life in 1...8 {
      let coordinator = try crew.coordinator(study, run, "life\(life)")
      #expect(coordinator.waitForLog { committed($0) >= 100 }, "life \(life): \(coordinator.logText.suffix(1000))")
      coordinator.kill9()
      #expect(!coordinator.logText.contains("search phase"), "life \(life) came to the end of the study")
    }
    #expect(try crew.coordinator(study, run, "last").wait() == 0)
    crew.sendHome()
    #expect(try digest(run) == digest(place.file("whole")))
    // Every fact but the split, which the coordinator cuts itself, was computed by one of these workers.
    #expect(try facts(of: run, but: "split").isSubset(of: Set(crew.journalLines().joined())))
  }

  @Test func scoresOfUntrainedWeightsGiveOneHistoryForAnyWorkersAndAcrossAKilledCoordinator() throws {
    let place = Workplace()
    let text = Studies.quick(generations: 30, extra: ", scores: activation")
      .replacingOccurrences(of: "epochs: 6", with: "epochs: 0")
    let study = try place.write("study.yaml", text + "\nbaselines: { edge_popup: { epochs: 3 } }")
    for workers in [1, 3] {
      let result = try Program.run(
        "run", study, "--run-directory", place.file("run\(workers)"), "--workers", "\(workers)")
      #expect(result.status == 0, "\(result.errors)")
      for name in ["LayerMagGrad", "GlobalMagGrad", "EdgePopup", "GeneticAlgorithm"] {
        #expect(result.output.contains(name), "\(result.output)")
      }
    }
    let expected = try digest(place.file("run1"))
    #expect(try digest(place.file("run3")) == expected)

    let crew = try Crew(place, "killed")
    let run = place.file("killed")
    let first = try crew.coordinator(study, run, "first")
    // The scores, and some of what follows.
    #expect(first.waitForLog { committed($0) >= 20 }, "\(first.logText.suffix(1000))")
    first.kill9()
    #expect(try crew.coordinator(study, run, "second").wait() == 0)
    crew.sendHome()
    #expect(try digest(run) == expected)
    #expect(try Program.run("verify", run).status == 0)
  }

  private func facts(of run: String, but kind: String? = nil) throws -> Set<String> {
    var jobs: Set<String> = []
    try RunStore.open(at: run, mode: .reading).forEachFact { if $0.kind != kind { jobs.insert($0.job.hex) } }
    return jobs
  }
}

/// Two workers with journals, and coordinators at the address that they dial.
private struct Crew {
  let workers: [Running]
  private let place: Workplace
  private let name: String
  private let journals: [String]
  private var address: String { "ipc://\(place.file("s-\(name)/c"))" }

  init(_ place: Workplace, _ name: String) throws {
    self.place = place
    self.name = name
    journals = (1...2).map { place.file("\(name)-journal\($0)") }
    for journal in journals { _ = FileManager.default.createFile(atPath: journal, contents: nil) }
    workers = try journals.map { journal in
      try Running(
        ["worker", "ipc://\(place.file("s-\(name)/c"))", "--journal", journal], errors: journal + ".log")
    }
  }

  func coordinator(_ study: String, _ run: String, _ life: String) throws -> Running {
    try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
      errors: place.file("\(name)-\(life).log"))
  }

  /// Ends the workers: one that had not dialled again when the run ended waits for another coordinator.
  func sendHome() {
    for worker in workers {
      #expect(worker.leaves(), "\(worker.logText.suffix(1000))")
    }
  }

  /// The digests of the jobs that each worker computed, in order.
  func journalLines() throws -> [[String]] {
    try journals.map { journal in
      try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n").map { String($0.prefix(64)) }
    }
  }
}

/// The sum of the numbers behind `key=` in the lines of one kind.
private func sum(_ kind: String, _ key: String, _ log: String) -> Int {
  log.split(separator: "\n").filter { $0.contains(" debug: \(kind) ") }.reduce(0) { total, line in
    guard let field = line.split(separator: " ").first(where: { $0.hasPrefix("\(key)=") }) else { return total }
    return total + (Int(field.dropFirst(key.count + 1)) ?? 0)
  }
}

/// The short digests of the jobs that were given out to check their facts.
private func audited(_ log: String) -> Set<Substring> {
  let lists = log.split(separator: " ").filter { $0.hasPrefix("checked=") }
  return Set(lists.flatMap { $0.dropFirst("checked=".count).split(separator: ",") })
}

func committed(_ log: String) -> Int { sum("committed", "facts", log) }

private func leased(_ log: String) -> Int { sum("leased", "jobs", log) }
