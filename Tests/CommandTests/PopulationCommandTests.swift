import Digests
import Foundation
import RunStore
import Testing

/// Populations through the command: the same history for any number of workers and across kills.
@Suite(.serialized) struct PopulationCommandTests {
  private static let study = """
    study: population
    seed: 3
    dataset: { name: digits }
    network: { zoo: mlp-32, train: { epochs: 4, learning_rate: 0.1, epochs_per_segment: 2 } }
    objective: { minimize: loss, at_compression: 5 }
    population:
      size: 8
      rounds: 6
      interval: { epochs: 1 }
      learning_rates: [0.1, 0.05, 3]
      compression_step: 1.1
      control: true
    search: { algorithm: genetic, population_size: 8, generations: 2, elite_size: 2 }
    """

  private func history(_ run: String) throws -> String {
    let result = try Program.run("history", run)
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  @Test func historyIsTheSameForOneWorkerFourWorkersAndAKilledCoordinator() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study)
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

    for (number, trials) in [40, 60, 75, 90].enumerated() {
      let run = place.file("killed\(number)")
      let first = try Running(
        ["run", study, "--run-directory", run, "--workers", "2", "--log-level", "debug"],
        errors: place.file("killed\(number).log"))
      let isThere = first.waitForLog { $0.components(separatedBy: " debug: committed ").count - 1 >= trials / 2 }
      first.kill9()
      if isThere, let facts = try? facts(of: run) { #expect(facts > 1) }
      let second = try Program.run("resume", run, "--workers", "3")
      #expect(second.status == 0, "\(second.errors)")
      #expect(try history(run) == expected, "killed at \(trials)")
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
      "study.yaml", Self.study.replacingOccurrences(of: "rounds: 6", with: "rounds: 1"))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    let refused = try Program.run("extend", run, "--generations", "9")
    #expect(refused.status != 0 && refused.errors.contains("population"), "\(refused.errors)")
  }
}
