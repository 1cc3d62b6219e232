import StudyFile
import Testing

/// Every mistake is answered with its line, its key, what stands there and what was expected.
@Suite struct StudyFileErrorTests {
  /// A line of the complete file, what stands there instead, the key at fault, and parts of the message.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let line: String
    let other: String
    let key: String
    let parts: [String]

    init(_ line: String, _ other: String, _ key: String, _ parts: String...) {
      self.line = line
      self.other = other
      self.key = key
      self.parts = parts
    }

    var testDescription: String { other }
  }

  @Test(
    "A wrong line is named with its key",
    arguments: [
      Mistake(
        "elite_size: 0", "elite_sise: 0", "search.elite_sise", "unknown key", "elite_size", "population_size",
        " or tournament_size"),
      Mistake("seed: 7", "sede: 7", "sede", "unknown key", "dataset", "numerics", "seed"),
      Mistake("classifier: true", "clasifier: true", "prune.clasifier", "unknown key; expected classifier"),
      Mistake("noise: 2.5", "nois: 2.5", "search.initial_population.nois", "unknown key", "noise"),
      Mistake("seed: 7", "seed: 1.5", "seed", "whole number", "found 1.5"),
      Mistake("seed: 7", "seed: -1", "seed", "at least 0", "found -1"),
      Mistake("seed: 7", "seed: \"7\"", "seed", "whole number", "the text \"7\""),
      Mistake("seed: 7", "seed: 99999999999999999999", "seed", "whole number", "found 99999999999999999999"),
      Mistake("population_size: 100", "population_size: 1", "search.population_size", "from 2 to 100000", "found 1"),
      Mistake("population_size: 100", "population_size: many", "search.population_size", "whole number", "found many"),
      Mistake("population_size: 100", "population_size: [1]", "search.population_size", "whole number", "a list"),
      Mistake("generations: 30", "generations: 0", "search.generations", "from 1 to", "found 0"),
      Mistake("elite_size: 0", "elite_size: 101", "search.elite_size", "from 0 to 100", "found 101"),
      Mistake("at_compression: 8.5", "at_compression: 0.5", "objective.at_compression", "above 1", "found 0.5"),
      Mistake("at_compression: 8.5", "at_compression: .nan", "objective.at_compression", "above 1", "found .nan"),
      Mistake("at_compression: 8.5", "at_compression: inf", "objective.at_compression", "above 1", "found inf"),
      Mistake(
        "at_compression: 8.5", "at_compression: 4000", "objective.at_compression", "compression 4000",
        "of 25818 parameters 58", "ask for less compression"),
      Mistake("zoo: mlp-32-16", "zoo: resnet-18", "network.zoo", "resnet-18", "lenet-300-100", "mlp-WIDTH"),
      Mistake("zoo: mlp-32-16", "zoo: mlp-0", "network.zoo", "found 0"),
      Mistake("zoo: mlp-32-16", "zoo: mlp-+8", "network.zoo", "mlp-+8"),
      Mistake("name: mnist", "name: imagenet", "dataset.name", "expected digits or mnist", "found imagenet"),
      Mistake("search: 0.25", "search: 0", "dataset.splits.search", "fraction between 0 and 1", "found 0"),
      Mistake("validation: 5000", "validation: 0", "dataset.splits.validation", "number of samples", "found 0"),
      Mistake("test: 100", "test: 1.5", "dataset.splits.test", "number of samples", "found 1.5"),
      Mistake("test: 100", "test: -3", "dataset.splits.test", "number of samples", "found -3"),
      Mistake("test: 100", "test: 1e30", "dataset.splits.test", "number of samples", "found 1e30"),
      Mistake("momentum: 0", "momentum: 1", "network.train.momentum", "below 1", "found 1"),
      Mistake("learning_rate: 0.05", "learning_rate: 0", "network.train.learning_rate", "above 0", "found 0"),
      Mistake("l2: 0", "l2: -1", "network.train.l2", "at least 0", "found -1"),
      Mistake("epochs: 12", "epochs: 0", "network.train.epochs", "from 1 to", "found 0"),
      Mistake(
        "swap_fraction: [0.001, 0.05]", "swap_fraction: [0.05, 0.001]", "search.swap_fraction", "ascending", "a list"),
      Mistake("swap_fraction: [0.001, 0.05]", "swap_fraction: [0, 0.1]", "search.swap_fraction", "ascending"),
      Mistake("swap_fraction: [0.001, 0.05]", "swap_fraction: 0.1", "search.swap_fraction", "ascending", "found 0.1"),
      Mistake("crossover_rate: 0.5", "crossover_rate: 1.1", "search.crossover_rate", "from 0 to 1", "found 1.1"),
      Mistake("random_search: false", "random_search: no", "search.random_search", "true or false", "found no"),
      Mistake("algorithm: genetic", "algorithm: annealing", "search.algorithm", "expected genetic", "annealing"),
      Mistake("retrain: none", "retrain: rewind", "fitness.retrain", "expected none", "found rewind"),
      Mistake("maximize: accuracy", "maximize: size", "objective.maximize", "expected accuracy", "found size"),
      Mistake("numerics: portable", "numerics: fastest", "numerics", "expected portable", "found fastest"),
      Mistake("study: everything", "study: []", "study", "expected a text", "a list"),
    ])
  func wrongLine(mistake: Mistake) throws {
    let (text, line) = try replacing(mistake.line, by: mistake.other)
    let error = try #require(failure(of: text))
    #expect(error.line == line, "\(error)")
    #expect(error.key == mistake.key, "\(error)")
    for part in mistake.parts { #expect(error.problem.contains(part), "\(error) lacks \(part)") }
    #expect(error.description.hasPrefix("x.yaml:\(line): \(mistake.key): "))
    #expect(!error.description.contains("Optional"))
  }

  @Test("A missing key is named with an example", arguments: ["study", "dataset", "network", "objective", "search"])
  func missing(key: String) throws {
    let lines = minimal.split(separator: "\n").filter { !$0.hasPrefix(key) }
    let error = try #require(failure(of: lines.joined(separator: "\n")))
    #expect(error.key == key && error.line == 1, "\(error)")
    #expect(error.problem.hasPrefix("is missing; expected "), "\(error)")
  }

  @Test("A missing key inside a group is named with the group's line")
  func missingInside() throws {
    for (line, other, key) in [
      ("dataset: { name: digits }", "dataset: { splits: {} }", "dataset.name"),
      ("network: { zoo: mlp-16 }", "network: {}", "network.zoo"),
      (
        "objective: { maximize: accuracy, at_compression: 2 }", "objective: { maximize: accuracy }",
        "objective.at_compression"
      ),
    ] {
      let (text, number) = try replacing(line, by: other, in: minimal)
      let error = try #require(failure(of: text))
      #expect(error.key == key && error.line == number && error.problem.hasPrefix("is missing"), "\(error)")
    }
  }

  @Test("Both maximize and minimize, or neither")
  func objectives() throws {
    for other in ["{ maximize: accuracy, minimize: loss, at_compression: 2 }", "{ at_compression: 2 }"] {
      let (text, line) = try replacing(
        "objective: { maximize: accuracy, at_compression: 2 }", by: "objective: \(other)", in: minimal)
      let error = try #require(failure(of: text))
      #expect(error.line == line && error.key == "objective", "\(error)")
      #expect(error.problem.contains("maximize: accuracy or minimize: loss"), "\(error)")
    }
  }

  @Test("Shares of nothing are no population")
  func noShares() throws {
    let (text, line) = try replacing(
      "search: {}", by: "search: { initial_population: { random: 0 } }", in: minimal)
    let error = try #require(failure(of: text))
    #expect(error.line == line && error.key == "search.initial_population", "\(error)")
    #expect(error.problem.contains("add up to at least"), "\(error)")
  }

  @Test("A group that is no group", arguments: ["dataset: digits", "dataset: [digits]", "dataset: 5"])
  func noGroup(other: String) throws {
    let (text, line) = try replacing("dataset: { name: digits }", by: other, in: minimal)
    let error = try #require(failure(of: text))
    #expect(error.line == line && error.key == "dataset", "\(error)")
    #expect(error.problem.contains("expected keys and values"), "\(error)")
  }

  @Test("A key that stands twice is named where it stands first")
  func duplicates() throws {
    let error = try #require(failure(of: minimal + "\nstudy: again"))
    #expect(error.key == "study", "\(error)")
    #expect(error.problem.contains("twice"), "\(error)")
    #expect(error.line == 1, "\(error)")
    let line = try replacing("generations: 30", by: "generations: 30").line
    let inside = try #require(failure(of: try replacing("tournament_size: 2", by: "generations: 5").text))
    #expect(inside.key == "generations" && inside.line == line, "\(inside)")
  }

  @Test("What is not YAML is named with its line")
  func notYAML() throws {
    for (text, line) in [
      ("study: x\nsearch: { a: 1\n", 3), ("study: x\n\tsearch: 1\n", 2), ("study: 'x\n", 2), ("study: x\n- a\n", 2),
      ("study: *nothing\n", 1),
    ] {
      let error = try #require(failure(of: text))
      #expect(error.problem.contains("not YAML"), "\(error)")
      #expect(error.line == line, "\(error)")
    }
  }

  @Test("An empty file, or one of comments, is no study", arguments: ["", "\n\n", "# nothing\n", "---\n"])
  func empty(text: String) throws {
    let error = try #require(failure(of: text))
    #expect(error.description.hasPrefix("x.yaml"))
    #expect(error.problem.contains("empty") || error.problem.contains("expected keys and values"), "\(error)")
  }

  @Test("Any part of a file, and any byte of it replaced, is read or refused, never more")
  func mutations() {
    let bytes = Array(complete.utf8)
    for length in stride(from: 0, to: bytes.count, by: 3) {
      _ = try? StudyDocument(text: String(decoding: bytes[..<length], as: UTF8.self), file: "x.yaml")
    }
    for position in stride(from: 0, to: bytes.count, by: 2) {
      for replacement in "{-9:&*\"\0".utf8 {
        var other = bytes
        other[position] = replacement
        _ = try? StudyDocument(text: String(decoding: other, as: UTF8.self), file: "x.yaml")
      }
    }
  }
}
