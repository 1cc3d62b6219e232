import Foundation
import RunStore
import Testing

/// Facts of one run that count in another: nothing is computed twice, and the history is that of a run by itself.
@Suite struct ReuseTests {
  private static func study(_ more: String = "") -> String {
    """
    study: reuse
    seed: 3
    dataset: { name: digits }
    network: { zoo: mlp-32, train: { epochs: 4, learning_rate: 0.1, epochs_per_segment: 1 } }
    objective: { minimize: loss, at_compression: 5 }
    search:
      - { algorithm: genetic, population_size: 16, generations: 12, elite_size: 4 }
    \(more)
    """
  }

  private func digest(_ run: String) throws -> String { try Program.run("history", run, "--digest").output }

  private func attempts(_ run: String) throws -> AttemptSummary {
    try RunStore.open(at: run, mode: .reading).attemptSummary()
  }

  @Test func anotherSearchOnTheSameNetworkComputesOnlyWhatIsItsOwn() throws {
    let place = Workplace()
    let genetic = try place.write("a.yaml", Self.study())
    let both = try place.write("b.yaml", Self.study("  - { algorithm: annealing, chains: 4 }"))
    let (first, alone, reusing) = (place.file("first"), place.file("alone"), place.file("reusing"))
    for (study, run) in [(genetic, first), (both, alone)] {
      let result = try Program.run("run", study, "--run-directory", run, "--workers", "1")
      #expect(result.status == 0, "\(result.errors)")
    }
    let result = try Program.run("run", both, "--run-directory", reusing, "--workers", "1", "--reuse", first)
    #expect(result.status == 0, "\(result.errors)")

    // All of the first run's facts but its split, which each coordinator cuts itself, are those of the second too.
    let taken = try RunStore.open(at: first, mode: .reading).factCounts().filter { $0.key != "split" }
    let counts = try attempts(reusing)
    #expect(counts.dispositions["reused"] == taken.values.reduce(0, +), "\(counts) \(taken)")
    #expect(result.errors.contains("facts=\(taken.values.reduce(0, +))"), "\(result.errors)")
    #expect(counts.cpuSeconds["train"] == 0, "\(counts)")
    #expect(try Program.run("status", reusing).output.contains("reused"))

    // The run is complete in itself.
    try FileManager.default.removeItem(atPath: first)
    #expect(try digest(reusing) == digest(alone))
    let verified = try Program.run("verify", reusing)
    #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
    let again = try Program.run("run", both, "--run-directory", reusing, "--workers", "1")
    #expect(again.status == 0 && again.output.contains("SimulatedAnnealing"), "\(again.errors)")
  }

  @Test func aStoppedRunIsGoneOnFromInAnother() throws {
    let place = Workplace()
    let study = try place.write("a.yaml", Self.study())
    let (whole, stopped, reusing) = (place.file("whole"), place.file("stopped"), place.file("reusing"))
    #expect(try Program.run("run", study, "--run-directory", whole, "--workers", "1").status == 0)
    let victim = try Running(
      ["run", study, "--run-directory", stopped, "--workers", "1", "--log-level", "debug"], errors: place.file("log"))
    #expect(victim.waitForLog { $0.components(separatedBy: " debug: committed ").count > 3 }, "\(victim.logText)")
    victim.kill9()
    let result = try Program.run("run", study, "--run-directory", reusing, "--workers", "1", "--reuse", stopped)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try attempts(reusing).dispositions["reused", default: 0] > 0)
    #expect(try digest(reusing) == digest(whole))
  }

  /// A state that the other run has no more is noticed before a worker waits for it, and nothing is lost.
  @Test func aLostStateIsSaidAndTrainingBeginsAgain() throws {
    let place = Workplace()
    let study = try place.write("a.yaml", Self.study())
    let (whole, stopped, reusing) = (place.file("whole"), place.file("stopped"), place.file("reusing"))
    #expect(try Program.run("run", study, "--run-directory", whole, "--workers", "1").status == 0)
    let longer = try place.write(
      "b.yaml", Self.study().replacingOccurrences(of: "generations: 12", with: "generations: 13"))
    #expect(try Program.run("run", longer, "--run-directory", stopped, "--workers", "1").status == 0)
    // The last training fact goes, and with it the only link to the weights; the state before it was superseded.
    let store = try RunStore.open(at: stopped, mode: .writing)
    var trained: [FactRow] = []
    _ = try store.forEachFact { if $0.kind == "train" { trained.append($0) } }
    #expect(trained.count == 4)
    #expect(try store.revoke(trained[3].job, reason: "for this test"))
    try store.close()

    let refused = try Program.run("run", study, "--run-directory", reusing, "--workers", "1", "--reuse", stopped)
    #expect(refused.status != 0 && refused.errors.contains("resume this run without --reuse"), "\(refused.errors)")
    let resumed = try Program.run("resume", reusing, "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try digest(reusing) == digest(whole))
  }

  @Test func whatIsNoRunIsRefusedBeforeADirectoryIsMade() throws {
    let place = Workplace()
    let study = try place.write("a.yaml", Self.study())
    let refused = try Program.run(
      "run", study, "--run-directory", place.file("run"), "--workers", "1", "--reuse", place.file("none"))
    #expect(refused.status != 0 && refused.errors.contains(place.file("none")), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: place.file("run")))
  }
}
