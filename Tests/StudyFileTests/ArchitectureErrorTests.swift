import Foundation
import StudyFile
import Testing

/// Mistakes in the file of a search over networks.
@Suite struct ArchitectureErrorTests {
  /// Every key of a search over networks, one a line.
  static let architecture = """
    study: networks
    dataset: { name: digits }
    network:
      architecture:
        layers:
          - convolution:
              widths: [4, 8]
              kernels: [3, 5]
              padding: same
              pool: 2
              normalize: true
              skip: false
          - dense: { widths: [16, 64], activation: [relu, none] }
        global_average: false
      train:
        epochs: 3
    objective:
      maximize: accuracy
      at_most: { size: 5000 }
    fitness:
      draws: 2
    search:
      algorithm: genetic
    """

  @Test(
    "So is one of a search over networks",
    arguments: [
      Mistake(
        "widths: [4, 8]", "widths: [8, 4]", "network.architecture.layers.convolution.widths", "ascending", "[8, 4]"),
      Mistake("widths: [4, 8]", "widths: []", "network.architecture.layers.convolution.widths", "ascending"),
      Mistake(
        "widths: [4, 8]", "widths: [0, 8]", "network.architecture.layers.convolution.widths", "from 1", "found 0"),
      Mistake("widths: [4, 8]", "widths: 8", "network.architecture.layers.convolution.widths", "a list", "found 8"),
      Mistake("kernels: [3, 5]", "kernels: [2]", "network.architecture.layers.convolution.kernels", "odd", "[2]"),
      Mistake("padding: same", "padding: full", "network.architecture.layers.convolution.padding", "same or valid"),
      Mistake("pool: 2", "pool: 0", "network.architecture.layers.convolution.pool", "from 1", "found 0"),
      Mistake("pool: 2", "stride: 2", "network.architecture.layers.convolution.stride", "unknown key", "pool"),
      Mistake(
        "- dense: { widths: [16, 64], activation: [relu, none] }", "- dense: { activation: relu }",
        "network.architecture.layers.dense.widths", "is missing"),
      Mistake(
        "- dense: { widths: [16, 64], activation: [relu, none] }",
        "- dense: { widths: [16], activation: [relu, relu] }",
        "network.architecture.layers.dense.activation", "each function once"),
      Mistake(
        "- dense: { widths: [16, 64], activation: [relu, none] }", "- dense: { widths: [16], activation: gelu }",
        "network.architecture.layers.dense.activation", "leaky_relu", "gelu"),
      Mistake(
        "- dense: { widths: [16, 64], activation: [relu, none] }", "- dense: { widths: [16], kernels: [3] }",
        "network.architecture.layers.dense.kernels", "unknown key"),
      Mistake(
        "- dense: { widths: [16, 64], activation: [relu, none] }", "- pool: { widths: [16] }",
        "network.architecture.layers.pool", "unknown key", "convolution or dense"),
      Mistake("global_average: false", "depth: 3", "network.architecture.depth", "unknown key", "layers"),
      Mistake("epochs: 3", "epochs_per_segment: 3", "network.train.epochs_per_segment", "one job"),
      Mistake("epochs: 3", "early_stopping: { patience: 3 }", "network.train.early_stopping", "one job"),
      Mistake("at_most: { size: 5000 }", "at_compression: 5", "objective.at_compression", "is for masks", "at_most"),
      Mistake("at_most: { size: 5000 }", "at_most: {}", "objective.at_most", "size: or flops:"),
      Mistake("at_most: { size: 5000 }", "at_most: { size: 90 }", "objective.at_most", "smallest network has 1"),
      Mistake("at_most: { size: 5000 }", "at_most: { weights: 90 }", "objective.at_most.weights", "unknown key"),
      Mistake("at_most: { size: 5000 }", "subject_to: { accuracy: 0.9 }", "objective.subject_to", "is for minimize"),
      Mistake("maximize: accuracy", "minimize: size", "objective.subject_to", "is missing"),
      Mistake("draws: 2", "retrain: finetune", "fitness.retrain", "fresh weights", "scratch"),
      Mistake("draws: 2", "epochs: 2", "fitness.epochs", "unknown key"),
      Mistake("algorithm: genetic", "mutation: bit_flip", "search.mutation", "is for searches over masks"),
      Mistake("algorithm: genetic", "initial_population: all_equal", "search.initial_population", "over masks"),
    ].map { Mistake($0, in: architecture) })
  func architectures(mistake: Mistake) throws { try mistake.check() }

  @Test("Keys that are about masks or about one network do not go with a search over networks")
  func otherKinds() throws {
    for (group, key) in [
      ("prune: { classifier: true }", "prune"), ("cycles: { rounds: 2 }", "cycles"),
    ] {
      let error = try #require(failure(of: Self.architecture + "\n" + group))
      #expect(error.key == key && error.problem.contains("is for masks"), "\(error)")
    }
    let zoo = try replacing("architecture:", by: "zoo: lenet-5\n  architecture:", in: Self.architecture).text
    #expect(failure(of: zoo)?.key == "network.zoo")
    let nothing = try replacing("widths: [4, 8]", by: "widths: [4]", in: Self.architecture).text
      .replacingOccurrences(of: "[3, 5]", with: "[3]").replacingOccurrences(of: "[16, 64]", with: "[16]")
      .replacingOccurrences(of: "[relu, none]", with: "relu")
    let error = try #require(failure(of: nothing))
    #expect(error.key == "network.architecture.layers" && error.problem.contains("something to choose"), "\(error)")
    let pattern =
      minimal.replacingOccurrences(of: ", at_compression: 2", with: "")
      + "\nprune: { granularity: pattern, pattern: '2:4', genome: layer_sparsities }"
    #expect(failure(of: pattern)?.key == "prune.genome")
    for key in ["initial_population: all_equal", "mutation: bit_flip"] {
      let text = minimal.replacingOccurrences(of: "search: {}", with: "search: { \(key) }")
      #expect(throws: Never.self) { try StudyDocument(text: text, file: "x.yaml") }
      #expect(failure(of: text + "\nprune: { genome: layer_sparsities }")?.problem.contains("over masks") == true)
    }
  }
}
