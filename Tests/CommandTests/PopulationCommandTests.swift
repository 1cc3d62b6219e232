import Digests
import Foundation
import RunStore
import Testing

/// Populations through the command: the same history for any number of workers and across kills.
@Suite(.serialized) struct PopulationCommandTests {
  private func history(_ run: String) throws -> String {
    let result = try Program.run("history", run)
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  @Test func historyIsTheSameForOneWorkerFourWorkersAndAKilledCoordinator() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.population)
    for workers in [1, 4] {
      let result = try Program.run(
        "run", study, "--run-directory", place.file("run\(workers)"), "--workers", "\(workers)")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("Population") && result.output.contains("NoExchange"), "\(result.output)")
    }
    let expected = try history(place.file("run1"))
    #expect(try history(place.file("run4")) == expected)
    let verified = try Program.run("verify", place.file("run1"))
    #expect(verified.status == 0 && verified.output.contains("have their stored fitness"), "\(verified.output)")

    // A rate that is far too high is gone by the end: members at it fell behind or diverged, and were replaced.
    let rates = expected.split(separator: "\n").compactMap { line -> Double? in
      line.hasPrefix("Population 5:") ? line.split(separator: "=").last.flatMap { Double($0) } : nil
    }
    #expect(rates.count == 8 && rates.allSatisfy { $0 < 1 }, "\(rates)")

    // In the searches, and in rounds of the population; one worker dies with the coordinator.
    let total = try facts(of: place.file("run1"))
    for (number, kill) in [total / 3, 2 * total / 3].enumerated() {
      let (run, address) = (place.file("killed\(number)"), "ipc://\(place.file("s\(number)/c"))")
      func coordinator(_ life: Int) throws -> Running {
        try Running(
          ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
          errors: place.file("coordinator\(number)-\(life).log"))
      }
      let first = try coordinator(1)
      let workers = try (1...2).map {
        try Running(["worker", address], errors: place.file("worker\(number)-\($0).log"))
      }
      #expect(first.waitForLog { committed($0) >= kill }, "\(first.logText.suffix(1000))")
      first.kill9()
      workers[0].kill9()
      let left = try facts(of: run)
      #expect(left < total, "killed at \(kill): \(left) of \(total) facts")
      let second = try coordinator(2)
      #expect(second.wait() == 0, "killed at \(kill): \(second.logText.suffix(1000))")
      #expect(try history(run) == expected, "killed at \(kill)")
      // A worker that had not dialled again when the run ended waits for another coordinator.
      #expect(workers[1].leaves(), "\(workers[1].logText.suffix(1000))")
    }
  }

  private func facts(of run: String) throws -> Int {
    var count = 0
    try RunStore.open(at: run, mode: .reading).forEachFact { _ in count += 1 }
    return count
  }

  @Test func aPopulationIsNotExtended() throws {
    let place = Workplace()
    let study = try place.write(
      "study.yaml", Studies.population.replacingOccurrences(of: "rounds: 6", with: "rounds: 1"))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    let refused = try Program.run("extend", run, "--generations", "9")
    #expect(refused.status != 0 && refused.errors.contains("population"), "\(refused.errors)")
  }
}
