import Foundation
import Models
import Studies
import StudyFile
import Testing

/// Every mistake is answered with its line, its key, what stands there and what was expected.
@Suite struct StudyFileErrorTests {
  @Test(
    "A wrong line is named with its key",
    arguments: [
      Mistake(
        "elite_size: 0", "elite_sise: 0", "search.elite_sise", "unknown key", "elite_size", "population_size",
        " or tournament_size"),
      Mistake("seed: 7", "sede: 7", "sede", "unknown key", "dataset", "numerics", "seed"),
      Mistake("classifier: true", "clasifier: true", "prune.clasifier", "unknown key; expected budget, classifier, "),
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
        "of 25818 kept_weights 58", "ask for less compression"),
      Mistake("zoo: mlp-32-16", "zoo: resnet-17", "network.zoo", "resnet-17", "lenet-300-100", "mlp-WIDTH"),
      Mistake("zoo: mlp-32-16", "zoo: mlp-0", "network.zoo", "0"),
      Mistake("zoo: mlp-32-16", "zoo: mlp-70000", "network.zoo", "a dimension is from 1 to 65536"),
      Mistake("zoo: mlp-32-16", "zoo: mlp-+8", "network.zoo", "mlp-+8"),
      Mistake(
        "name: mnist", "name: imagenet", "dataset.name", "expected digits, mnist, ", " or cifar100", "found imagenet"),
      Mistake("search: 0.25", "search: 0", "dataset.splits.search", "fraction between 0 and 1", "found 0"),
      Mistake("validation: 5000", "validation: 0", "dataset.splits.validation", "number of samples", "found 0"),
      Mistake("test: 100", "test: 1.5", "dataset.splits.test", "number of samples", "found 1.5"),
      Mistake("test: 100", "test: -3", "dataset.splits.test", "number of samples", "found -3"),
      Mistake("test: 100", "test: 1e30", "dataset.splits.test", "number of samples", "found 1e30"),
      Mistake("momentum: 0.5", "momentum: 1", "network.train.momentum", "below 1", "found 1"),
      Mistake("learning_rate: 0.05", "learning_rate: 0", "network.train.learning_rate", "above 0", "found 0"),
      Mistake("l2: 0", "l2: -1", "network.train.l2", "at least 0", "found -1"),
      Mistake("epochs: 12", "epochs: -1", "network.train.epochs", "from 0 to", "found -1"),
      Mistake("gradient: true", "gradient: 1", "baselines.gradient", "true or false", "found 1"),
      Mistake("gradient: true", "gradients: true", "baselines.gradients", "unknown key", "edge_popup or gradient"),
      Mistake("epochs: 3", "epochs: 0", "baselines.edge_popup.epochs", "from 1 to", "found 0"),
      Mistake("epochs: 3", "patience: 3", "baselines.edge_popup.patience", "unknown key"),
      Mistake("scores: gradient", "scores: grad", "search.scores", "magnitude, gradient or activation", "found grad"),
      Mistake(
        "mutation_amount: [0.001, 0.05]", "mutation_amount: [0.05, 0.001]", "search.mutation_amount", "ascending",
        "a list"),
      Mistake("mutation_amount: [0.001, 0.05]", "mutation_amount: [0, 0.1]", "search.mutation_amount", "ascending"),
      Mistake(
        "mutation_amount: [0.001, 0.05]", "mutation_amount: 0.1", "search.mutation_amount", "ascending", "found 0.1"),
      Mistake("crossover: uniform", "crossover: triple", "search.crossover", "one_point", "found triple"),
      Mistake("crossover: uniform", "crossover: { uniform: 0 }", "search.crossover", "share above 0"),
      Mistake("crossover: uniform", "crossover: { uniform: -1 }", "search.crossover.uniform", "at least 0"),
      Mistake("crossover: uniform", "selection: lottery", "search.selection", "tournament", "found lottery"),
      Mistake("crossover: uniform", "evaluations: 5", "search.evaluations", "either generations or evaluations"),
      Mistake("crossover_rate: 0.5", "crossover_rate: 1.1", "search.crossover_rate", "from 0 to 1", "found 1.1"),
      Mistake("random_search: false", "random_search: no", "search.random_search", "true or false", "found no"),
      Mistake("algorithm: genetic", "algorithm: quantum", "search.algorithm", "expected genetic", "found quantum"),
      Mistake("retrain: none", "retrain: again", "fitness.retrain", "expected none", "found again"),
      Mistake("retrain: none", "retrain: rewind", "fitness.rewinding_steps", "is missing"),
      Mistake("crossover: uniform", "name: Dense", "search.name", "name no baseline", "found Dense"),
      Mistake("crossover: uniform", "name: a b", "search.name", "letters", "found a b"),
      Mistake("retrain: none", "draws: 3", "fitness.draws", "unknown key"),
      Mistake("maximize: accuracy", "maximize: size", "objective.maximize", "expected accuracy", "found size"),
      Mistake("numerics: portable", "numerics: fastest", "numerics", "expected portable", "found fastest"),
      Mistake("study: everything", "study: []", "study", "expected a text", "a list"),

      Mistake("optimizer: sgd", "optimizer: rmsprop", "network.train.optimizer", "sgd, adam or adamw", "found rmsprop"),
      Mistake("momentum: 0.5", "beta1: 0.5", "network.train.beta1", "unknown key", "momentum"),
      Mistake("momentum: 0.5", "momentum: -0.1", "network.train.momentum", "from 0 up to below 1", "found -0.1"),
      Mistake("nesterov: true", "nesterov: 1", "network.train.nesterov", "true or false", "found 1"),
      Mistake("nesterov: true", "nesterov: [true]", "network.train.nesterov", "true or false", "a list"),
      Mistake("l1: 0.001", "l1: -0.001", "network.train.l1", "at least 0", "found -0.001"),
      Mistake("l1: 0.001", "l1: .inf", "network.train.l1", "at least 0", "found .inf"),
      Mistake("batch_size: 100", "batch_size: 65537", "network.train.batch_size", "from 1 to 65536", "found 65537"),
      Mistake("milestones: [4, 9]", "milestones: 4", "network.train.schedule.milestones", "list of epochs", "found 4"),
      Mistake(
        "milestones: [4, 9]", "milestones: [0, 9]", "network.train.schedule.milestones", "epochs", "found 0 in it"),
      Mistake("milestones: [4, 9]", "milestones: [4.5]", "network.train.schedule.milestones", "epochs", "found 4.5"),
      Mistake("milestones: [4, 9]", "milestones: [1e99]", "network.train.schedule.milestones", "epochs", "found 1e99"),
      Mistake("milestones: [4, 9]", "milestones: [[4]]", "network.train.schedule.milestones", "epochs", "a list in it"),
      Mistake("gamma: 0.5", "gamma: 0", "network.train.schedule.gamma", "above 0", "found 0"),
      Mistake("gamma: 0.5", "factor: 0.5", "network.train.schedule.factor", "unknown key", "gamma"),
      Mistake("warmup_epochs: 2", "warmup_epochs: -1", "network.train.warmup_epochs", "from 0 to", "found -1"),
      Mistake("crop_padding: 2", "crop_padding: 65", "network.train.augment.crop_padding", "from 0 to 64", "found 65"),
      Mistake("flip: true", "flip: half", "network.train.augment.flip", "true or false", "found half"),
      Mistake("flip: true", "rotate: 5", "network.train.augment.rotate", "unknown key", "crop_padding or flip"),
      Mistake(
        "epochs_per_segment: 4", "epochs_per_segment: 0", "network.train.epochs_per_segment", "from 1 to", "found 0"),
      Mistake("patience: 3", "patience: 0", "network.train.early_stopping.patience", "from 1 to", "found 0"),
      Mistake("patience: 3", "patients: 3", "network.train.early_stopping.patients", "unknown key", "patience"),
      Mistake(
        "minimum_delta: 0.01", "minimum_delta: -1", "network.train.early_stopping.minimum_delta", "at least 0",
        "found -1"),
      Mistake("mean: [0.1307]", "mean: 0.1307", "dataset.normalize.mean", "a list of numbers", "found 0.1307"),
      Mistake("mean: [0.1307]", "mean: [a]", "dataset.normalize.mean", "a list of numbers", "found a in it"),
      Mistake("mean: [0.1307]", "mean: [.nan]", "dataset.normalize.mean", "a list of numbers", "found .nan in it"),
      Mistake("std: [0.3081]", "std: [0]", "dataset.normalize.std", "numbers above 0", "found 0 in it"),
      Mistake("std: [0.3081]", "deviation: [1]", "dataset.normalize.deviation", "unknown key", "mean or std"),
      Mistake("zoo: mlp-32-16", "width_multiplier: 2", "network.zoo", "is missing", "zoo:", "onnx: FILE"),

      Mistake("beta1: 0.8", "beta1: 1", "network.train.beta1", "below 1", "found 1", in: own),
      Mistake("beta2: 0.99", "beta2: -0.1", "network.train.beta2", "from 0", "found -0.1", in: own),
      Mistake("epsilon: 1e-6", "epsilon: 0", "network.train.epsilon", "above 0", "found 0", in: own),
      Mistake("beta1: 0.8", "momentum: 0.8", "network.train.momentum", "unknown key", "beta1", in: own),
      Mistake("beta1: 0.8", "nesterov: true", "network.train.nesterov", "unknown key", in: own),
      Mistake(
        "schedule: cosine", "schedule: linear", "network.train.schedule", "constant, cosine, { cosine: EPOCHS }",
        "milestones", "found linear", in: own),
      Mistake("schedule: cosine", "schedule: [1, 2]", "network.train.schedule", "keys and values", "a list", in: own),
      Mistake("schedule: cosine", "schedule: {}", "network.train.schedule", "either cosine", in: own),
      Mistake("schedule: cosine", "schedule: { gamma: 0.1 }", "network.train.schedule", "either cosine", in: own),
      Mistake(
        "schedule: cosine", "schedule: { cosine: 5, gamma: 0.1 }", "network.train.schedule", "either cosine", in: own),
      Mistake(
        "schedule: cosine", "schedule: { cosine: 5, milestones: [5] }", "network.train.schedule", "either cosine",
        in: own),
      Mistake(
        "schedule: cosine", "schedule: { cosine: 0 }", "network.train.schedule.cosine", "from 1 to", "found 0", in: own),
      Mistake(
        "schedule: cosine", "schedule: { milestones: [9, 4] }", "network.train.schedule", "ascending", "found [9, 4]",
        in: own),
      Mistake("schedule: cosine", "schedule: { milestones: [] }", "network.train.schedule", "ascending", in: own),
      Mistake(
        "schedule: cosine", "early_stopping: {}", "network.train.early_stopping.patience", "is missing", "segments",
        in: own),
      Mistake("schedule: cosine", "augment: true", "network.train.augment", "keys and values", "found true", in: own),
      Mistake(
        "steps_per_segment: 500", "steps_per_segment: 0", "network.train.steps_per_segment", "from 1 to", "found 0",
        in: own),
      Mistake("classes: 7", "classes: 1", "dataset.classes", "from 2 to 256", "found 1", in: own),
      Mistake("classes: 7", "classes: 257", "dataset.classes", "from 2 to 256", "found 257", in: own),
      Mistake("classes: 7", "name: digits", "dataset.name", "either a name or x:", in: own),
      Mistake("classes: 7", "label: last", "dataset.label", "unknown key", "test_y", in: own),
      Mistake("scale: 16", "scale: 0", "dataset.scale", "from 1 to 65536", "found 0", in: own),
      Mistake("scale: 16", "scale: 0.5", "dataset.scale", "whole number", "found 0.5", in: own),
      Mistake("channels_last: true", "channels_last: yes", "dataset.channels_last", "true or false", in: own),
      Mistake("y: y.npy", "y: [y.npy]", "dataset.y", "expected a text", "a list", in: own),
      Mistake("test_x: test_x.npy", "test_x: {}", "dataset.test_x", "expected a text", "a group", in: own),
      Mistake(
        "width_multiplier: 0.5", "width_multiplier: 0", "network.width_multiplier", "above 0", "found 0", in: own),
      Mistake("width_multiplier: 0.5", "width_multiplier: 17", "network.width_multiplier", "at most 16", in: own),
      Mistake("width_multiplier: 0.5", "onnx: model.onnx", "network.onnx", "either onnx: or safetensors:", in: own),
      Mistake("safetensors: weights.safetensors", "onnx: model.onnx", "network.onnx", "either zoo: or onnx:", in: own),
      Mistake("safetensors: weights.safetensors", "pickle: model.pt", "network.pickle", "unknown key", in: own),
      Mistake("safetensors: weights.safetensors", "safetensors: []", "network.safetensors", "a text", in: own),
    ])
  func wrongLine(mistake: Mistake) throws { try mistake.check() }

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

  @Test("Keys that need another one beside them are named with their line")
  func beside() throws {
    let tests = try replacing("test_x: test_x.npy", by: "# none", in: own).text
    var error = try #require(failure(of: tests))
    #expect(error.key == "dataset.test_y" && error.line == 6 && error.problem.contains("test_x:"), "\(error)")

    var (text, line) = try replacing("zoo: mlp-32-16", by: "# none", in: own)
    error = try #require(failure(of: text))
    #expect(error.key == "network.width_multiplier" && error.line == line + 1, "\(error)")
    #expect(error.problem.contains("zoo"), "\(error)")

    text = try replacing("momentum: 0.5", by: "momentum: 0").text
    line = try replacing("nesterov: true", by: "nesterov: true").line
    error = try #require(failure(of: text))
    #expect(error.key == "network.train.nesterov" && error.line == line, "\(error)")
    #expect(error.problem.contains("momentum above 0"), "\(error)")

    (text, line) = try replacing("schedule: cosine", by: "epochs_per_segment: 1", in: own)
    error = try #require(failure(of: text))
    #expect(error.key == "network.train.steps_per_segment" && error.line == line + 2, "\(error)")
    #expect(error.problem.contains("either epochs_per_segment or steps_per_segment"), "\(error)")

    (text, line) = try replacing("x: x.npy", by: "name: digits", in: own)
    error = try #require(failure(of: text))
    #expect(error.key == "dataset.y" && error.line == line + 1 && error.problem.contains("unknown key"), "\(error)")

    for key in ["mean", "std"] {
      let other = key == "mean" ? "std: [0.3081]" : "mean: [0.1307]"
      let gone = key == "mean" ? "mean: [0.1307]" : "std: [0.3081]"
      error = try #require(failure(of: try replacing(gone, by: "# none").text))
      line = try replacing(other, by: other).line
      #expect(error.key == "dataset.normalize.\(key)" && error.problem.contains("one number a channel"), "\(error)")
      #expect(error.line == line, "\(error)")
    }
  }

  @Test("What shows only with data and model at hand is named with its line too")
  func late() throws {
    let document = try StudyDocument(text: own, file: "x.yaml")
    func line(_ text: String) throws -> Int { try replacing(text, by: text, in: own).line }
    func images(_ channels: Int) throws -> LabelledData {
      try LabelledData(
        shape: [channels, 1, 2], classes: 7, scale: 16, pixels: Array(repeating: 8, count: 2 * channels), labels: [3])
    }
    #expect(try document.subject.normalized(images(2)).inputs(of: 0) == [0, 0, 3.75, 3.75])
    for channels in [1, 3] {
      let error = #expect(throws: StudyFileError.self) { try document.subject.normalized(try images(channels)) }
      #expect(try error?.key == "dataset.normalize" && error?.line == line("normalize:"), "\(channels) channels")
      #expect(error?.problem.contains("\(channels) channels") == true)
    }
    let model = document.subject.modelError("no such layer")
    #expect(try model.key == "network.safetensors" && model.line == line("safetensors: weights.safetensors"))
    #expect(model.problem == "no such layer")

    let small = try NetworkDescription(name: "small", widths: [2, 2, 7])
    let error = #expect(throws: StudyFileError.self) {
      try document.study(StudyInputs(dataset: digest("own"), shape: [2], network: small, pretrained: nil))
    }
    #expect(try error?.key == "objective.at_compression" && error?.line == line("at_compression: 2"))
    let wide = #expect(throws: StudyFileError.self) { try document.subject.zooNetwork(shape: [1 << 17], classes: 7) }
    #expect(try wide?.key == "network.zoo" && wide?.line == line("zoo: mlp-32-16"))
  }

  @Test("Rewinding to the last step or beyond is refused once the samples are counted")
  func rewinding() throws {
    // 1000 samples in batches of 64 make 16 steps; 20 epochs of them 320.
    for (step, isFine) in [(319, true), (320, false), (1000, false)] {
      let text = file(with: ["fitness: { retrain: rewind, rewinding_steps: \(step) }"])
      let document = try StudyDocument(text: text, file: "x.yaml")
      let study = try StudyFileTests.study(of: document)
      guard !isFine else {
        try document.check(study, trainSamples: 1000)
        continue
      }
      let error = #expect(throws: StudyFileError.self) { try document.check(study, trainSamples: 1000) }
      #expect(error?.key == "fitness.rewinding_steps" && error?.line == 6)
      #expect(error?.problem.contains("training has 320 steps") == true, "\(String(describing: error))")
    }
  }

  @Test("Both maximize and minimize, or neither")
  func objectives() throws {
    for other in ["{ maximize: accuracy, minimize: loss, at_compression: 2 }", "{ at_compression: 2 }"] {
      let (text, line) = try replacing(
        "objective: { maximize: accuracy, at_compression: 2 }", by: "objective: \(other)", in: minimal)
      let error = try #require(failure(of: text))
      #expect(error.line == line && error.key == "objective", "\(error)")
      #expect(error.problem.contains("one of maximize: accuracy, minimize: loss"), "\(error)")
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
    for text in [complete, own] { mutate(text) }
  }

  private func mutate(_ text: String) {
    let bytes = Array(text.utf8)
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
