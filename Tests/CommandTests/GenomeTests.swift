import Foundation
import RunStore
import Testing

/// Searches over networks and over sparsities, with real training, workers and kills.
@Suite(.serialized) struct GenomeTests {
  private func digest(_ run: String) throws -> String { try Program.run("history", run, "--digest").output }

  /// Points of four noisy corners, labelled by exclusive or; the class in the last column.
  private func exclusiveOr() -> String {
    var state: UInt64 = 1
    func noise() -> Double {
      // A linear congruential generator is random enough for noise (Knuth's MMIX constants).
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 24) * 0.5 - 0.25
    }
    let lines = (0..<400).map { index in
      let (a, b) = (index & 1, index >> 1 & 1)
      return "\(Double(a) + noise()),\(Double(b) + noise()),\(a ^ b)"
    }
    return lines.joined(separator: "\n") + "\n"
  }

  @Test func theSmallestNetworkThatSolvesExclusiveOrIsTheOneThatAnEnumerationFinds() throws {
    let place = Workplace()
    let data = try place.write("xor.csv", exclusiveOr())
    func study(_ search: String) -> String {
      """
      study: xor
      seed: 3
      dataset: { x: "\(data)" }
      network:
        architecture: { layers: [{ dense: { widths: [1, 2, 3, 4, 6, 8], activation: [tanh, relu] } }] }
        train: { epochs: 30, batch_size: 20, optimizer: adam, learning_rate: 0.03 }
      objective: { minimize: size, subject_to: { accuracy: 0.99 } }
      search: \(search)
      """
    }
    // All twelve networks come up among so many draws.
    let all = try place.write("all.yaml", study("{ algorithm: random, evaluations: 150 }"))
    let searched = try place.write(
      "search.yaml",
      study("{ algorithm: genetic, population_size: 4, elite_size: 2, generations: 8, random_search: false }"))
    for (file, name) in [(all, "all"), (searched, "search")] {
      let result = try Program.run("run", file, "--run-directory", place.file(name), "--workers", "2")
      #expect(result.status == 0, "\(result.errors)")
    }
    func best(_ run: String, _ search: String) throws -> String {
      let lines = try Program.run("status", place.file(run)).output.split(separator: "\n")
      let line = try #require(lines.first { $0.hasPrefix("architecture") && $0.contains(search) }, "\(lines)")
      return String(line.split(separator: " ").last!)
    }
    let words = try Program.run("history", place.file("all")).output.split(separator: "\n").map {
      String($0.split(separator: " ").last!)
    }
    #expect(Set(words).count == 12)
    let expected = try best("all", "RandomSearch")
    #expect(try best("search", "GeneticAlgorithm") == expected)
    // One unit draws one line, which parts no exclusive or; a few are enough, and eight are not the fewest.
    #expect(!expected.hasPrefix("1.width=1,") && !expected.hasPrefix("1.width=8,"), "\(expected)")
    let status = try Program.run("status", place.file("all")).output
    #expect(!status.contains("infeasible"), "\(status)")
    let verified = try Program.run("verify", place.file("all"), "--sample", "20")
    #expect(verified.status == 0 && verified.output.contains("20 of 20"), "\(verified.output)")
  }

  static let networks = """
    study: networks
    seed: 2
    dataset: { name: digits }
    network:
      architecture:
        layers:
          - { convolution: { widths: [2, 4], kernels: [1, 3], pool: 2, normalize: true } }
          - { dense: { widths: [8, 16, 32], activation: [relu, tanh] } }
      train: { epochs: 2, learning_rate: 0.05 }
    objective: { maximize: accuracy, at_most: { size: 1500 } }
    fitness: { draws: 2, final_draws: 2 }
    search:
      - { algorithm: steady_state, population_size: 8, lag: 4, evaluations: 60 }
      - { algorithm: annealing, chains: 4 }
    """

  static let sparsities = """
    study: sparsities
    seed: 2
    dataset: { name: digits }
    network: { zoo: mlp-32-16, train: { epochs: 4, learning_rate: 0.1 } }
    objective: { minimize: loss, at_compression: 4 }
    prune: { genome: layer_sparsities, classifier: true }
    fitness: { retrain: finetune, epochs: 2 }
    search:
      - { algorithm: genetic, population_size: 8, elite_size: 4, evaluations: 64 }
      - { algorithm: one_plus_lambda, lambda: 4 }
    """

  @Test(arguments: [networks, sparsities])
  func historyIsTheSameForOneWorkerAndThreeAndAfterKillsOfWorkerAndCoordinator(text: String) throws {
    let place = Workplace()
    let study = try place.write("study.yaml", text)
    for workers in [1, 3] {
      let result = try Program.run(
        "run", study, "--run-directory", place.file("run\(workers)"), "--workers", "\(workers)")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("Largest: 1.width=4,") == (text == Self.networks), "\(result.output)")
    }
    let expected = try digest(place.file("run1"))
    #expect(try digest(place.file("run3")) == expected)

    let (run, address) = (place.file("killed"), "ipc://\(place.file("socket/c"))")
    func coordinator(_ life: Int) throws -> Running {
      try Running(
        ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
        errors: place.file("coordinator\(life).log"))
    }
    func commits(_ log: String) -> Int { log.components(separatedBy: " debug: committed ").count - 1 }
    let first = try coordinator(1)
    let victim = try Running(["worker", address], errors: place.file("w1.log"))
    #expect(first.waitForLog { commits($0) >= 3 }, "\(first.logText)")
    victim.kill9()
    let heir = try Running(["worker", address], errors: place.file("w2.log"))
    #expect(first.waitForLog { commits($0) >= 8 }, "\(first.logText)")
    first.kill9()
    #expect(!first.logText.contains("search phase"), "the run ended before its coordinator was killed")
    let second = try coordinator(2)
    #expect(second.wait() == 0, "\(second.logText.suffix(2000))")
    #expect(heir.wait() == 0, "\(heir.logText.suffix(2000))")
    #expect(try digest(run) == expected)
    #expect(try Program.run("verify", run).status == 0)
  }
}
