import Models
import Studies
import StudyFile
import Testing

/// Groups that are right by themselves and wrong beside each other, or beside the data.
@Suite struct ClashTests {
  /// Groups that do not go together; the last one is at fault.
  struct Clash: Sendable, CustomTestStringConvertible {
    let groups: [String]
    let key: String
    let parts: [String]

    init(_ groups: String..., key: String, _ parts: String...) {
      (self.groups, self.key, self.parts) = (groups, key, parts)
    }

    var testDescription: String { groups.last! }
  }

  private static let pareto = "objective: { pareto: [accuracy, size], compression: [2, 5] }"
  private static let anySize = "objective: { minimize: size, subject_to: { accuracy: 0.9 }, compression: [2, 5] }"
  private static let two = "prune: { granularity: pattern, pattern: \"2:4\" }"

  @Test(
    "Groups that do not go together are named by the key that is to be changed",
    arguments: [
      Clash("search: { algorithm: nsga2 }", key: "search.algorithm", "nsga2", "pareto: [...]"),
      Clash(anySize, "search: { algorithm: nsga2 }", key: "search.algorithm", "nsga2", "one best mask"),
      Clash(pareto, "search: { algorithm: genetic }", key: "search.algorithm", "genetic", "takes nsga2, or random"),
      Clash(pareto, "search: { generations: 3 }", key: "search.algorithm", "takes nsga2, or random"),
      Clash(
        pareto, "search: [{ algorithm: nsga2 }, { algorithm: annealing }]", key: "search.algorithm", "annealing"),
      Clash(
        pareto, "search: { algorithm: nsga2 }", "cycles: { rounds: 2 }", key: "cycles.rounds", "one best mask"),
      Clash(
        "objective: { minimize: loss }", "prune: { granularity: pattern, pattern: \"2:4\", budget: multiply_adds }",
        key: "prune.budget", "N:M"),
      Clash(
        "objective: { minimize: loss }",
        "prune: { granularity: pattern, pattern: \"2:4\", min_density_per_layer: 0.1 }",
        key: "prune.min_density_per_layer", "N:M"),
      Clash(
        "objective: { minimize: loss }", "prune: { granularity: pattern, pattern: \"2:4\", min_kept_per_layer: 2 }",
        key: "prune.min_kept_per_layer", "N:M"),
      Clash(
        "objective: { minimize: loss }", two, "cycles: { rounds: 2, compression_step: 1.5 }",
        key: "cycles.compression_step", "N:M is of one size"),
      Clash("prune: { exclude: [dense9] }", key: "prune.exclude", "dense9", "there are "),
      Clash("prune: { exclude: [dense1] }", key: "prune.exclude", "nothing left to prune"),
      Clash(
        "prune: { min_density_per_layer: 0.9 }", key: "prune.min_density_per_layer", "the layers keep 922 at least"),
      Clash("prune: { min_kept_per_layer: 900 }", key: "prune.min_kept_per_layer", "the layers keep 900 at least"),
      Clash(anySize, "prune: { granularity: neurons }", key: "prune.granularity", "a range of sizes"),
      Clash(anySize, "prune: { budget: multiply_adds }", key: "prune.budget", "a range of sizes"),
      Clash(
        "search: { algorithm: one_plus_lambda, lambda: 8, shares: [0.2, 1], survivors: [4], evaluations: 11 }",
        key: "search.evaluations", "takes 12 evaluations", "the budget is 11"),
      Clash(
        "search: [{ evaluations: 11 }, { algorithm: one_plus_lambda, lambda: 8, shares: [0.2, 1], survivors: [4] }]",
        key: "search.shares", "takes 12 evaluations", "the budget is 11"),
      Clash(
        "search: [{}, { algorithm: random, mutation_noise: 1 }]", key: "search.mutation_noise", "random search draws"),
      Clash(
        "population: { rounds: 2, learning_rates: [0.1], train: { learning_rate: 0.2 } }",
        key: "population.learning_rates", "train.learning_rate"),
      Clash("population: { rounds: 2, exploit: 0, explore: {} }", key: "population.explore", "expected no explore"),
      Clash(
        "population: { rounds: 2, explore: { mutation: none, mutation_amount: 0.1 } }",
        key: "population.explore.mutation_amount", "another mutation than none"),
    ])
  func clashes(clash: Clash) throws {
    let text = file(with: clash.groups)
    let error = try #require(failure(of: text))
    #expect(error.key == clash.key, "\(error)")
    #expect(error.line == text.split(separator: "\n").count, "\(error)")
    for part in clash.parts { #expect(error.problem.contains(part), "\(error) lacks \(part)") }
  }

  @Test("Their neighbours are read")
  func noClash() throws {
    for groups in [
      [Self.pareto, "search: [{ algorithm: nsga2 }, { algorithm: random }]"],
      [Self.pareto, "search: { algorithm: random }"],
      ["objective: { minimize: loss }", Self.two, "cycles: { rounds: 2, compression_step: 1 }"],
      ["prune: { min_density_per_layer: 0.4 }"], ["prune: { min_kept_per_layer: 400 }"],
      ["search: { algorithm: one_plus_lambda, lambda: 8, shares: [0.2, 1], survivors: [4], evaluations: 12 }"],
      ["search: { algorithm: one_plus_lambda, lambda: 8, evaluations: 1 }"],
    ] {
      #expect(throws: Never.self, "\(groups)") { try StudyDocument(text: file(with: groups), file: "x.yaml") }
    }
  }

  @Test("Flat samples are neither cut nor mirrored, wherever a recipe asks for it")
  func flatSamples() throws {
    let network = try NetworkDescription(name: "flat", widths: [64, 16, 10])
    for (group, key) in [
      ("network: { zoo: mlp-16, train: { augment: { flip: true } } }", "network.train.augment"),
      ("cycles: { rounds: 2, train: { augment: { flip: true } } }", "cycles.train.augment"),
      ("fitness: { retrain: finetune, augment: { crop_padding: 1 } }", "fitness.augment"),
      ("baselines: { edge_popup: { augment: { flip: true } } }", "baselines.edge_popup.augment"),
    ] {
      let text = file(with: [group])
      let document = try StudyDocument(text: text, file: "x.yaml")
      func study(_ shape: [Int]) throws {
        _ = try document.study(
          StudyInputs(dataset: digest("flat"), shape: shape, network: network, pretrained: nil))
      }
      try study([1, 8, 8])
      let error = #expect(throws: StudyFileError.self) { try study([64]) }
      #expect(error?.key == key && error?.line == text.split(separator: "\n").count, "\(String(describing: error))")
      #expect(error?.problem.contains("is for images; the samples have the shape [64]") == true)
    }
  }
}
