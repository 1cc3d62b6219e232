import Digests
import Models
import Studies
import StudyFile
import Testing

/// The demo's study file.
let demo = """
  # The demo: LeNet-300-100 on the UCI digits, pruned ten-fold without retraining. About half a minute on two cores.
  study: digits-at-10x
  seed: 1
  dataset: { name: digits }
  network: { zoo: lenet-300-100, train: { epochs: 40 } }
  objective: { minimize: loss, at_compression: 10 }
  fitness: { retrain: none }
  search:
    algorithm: genetic
    population_size: 64
    generations: 50
  """

/// Everything that can be said of a known data set and a network of the zoo, one key a line.
let complete = """
  study: everything
  seed: 7
  dataset:
    name: mnist
    splits:
      search: 0.25
      validation: 5000
      test: 100
    normalize:
      mean: [0.1307]
      std: [0.3081]
  network:
    zoo: mlp-32-16
    train:
      epochs: 12
      batch_size: 100
      learning_rate: 0.05
      optimizer: sgd
      momentum: 0.5
      nesterov: true
      l1: 0.001
      l2: 0
      schedule:
        milestones: [4, 9]
        gamma: 0.5
      warmup_epochs: 2
      augment:
        crop_padding: 2
        flip: true
      epochs_per_segment: 4
      early_stopping:
        patience: 3
        minimum_delta: 0.01
  objective:
    maximize: accuracy
    at_compression: 8.5
  fitness:
    retrain: none
  prune:
    classifier: true
  baselines:
    gradient: true
    edge_popup:
      epochs: 3
      learning_rate: 0.2
  search:
    algorithm: genetic
    population_size: 100
    generations: 30
    elite_size: 0
    tournament_size: 2
    crossover_rate: 0.5
    crossover: uniform
    mutation_rate: 1
    mutation_amount: [0.001, 0.05]
    initial_population:
      magnitude: 0.5
      random: 0.2
      equal: 0.2
      exponential: 0.1
      noise: 2.5
    random_search: false
    scores: gradient
  numerics: portable
  """

/// Everything that can be said of data, a model and an optimizer of another kind.
let own = """
  study: my own
  dataset:
    x: x.npy
    y: y.npy
    test_x: test_x.npy
    test_y: test_y.npy
    classes: 7
    scale: 16
    channels_last: true
    normalize:
      mean: [0.5, -0.25]
      std: [1, 2e-1]
  network:
    zoo: mlp-32-16
    width_multiplier: 0.5
    safetensors: weights.safetensors
    train:
      optimizer: adamw
      beta1: 0.8
      beta2: 0.99
      epsilon: 1e-6
      schedule: cosine
      warmup_epochs: 5
      steps_per_segment: 500
  objective:
    minimize: loss
    at_compression: 2
  search: {}
  """

/// The least that a study file says.
let minimal = """
  study: least
  dataset: { name: digits }
  network: { zoo: mlp-16 }
  objective: { maximize: accuracy, at_compression: 2 }
  search: {}
  """

/// A digest of a text, where any will do.
func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

/// The study of a file that names a known data set and a network of the zoo.
func study(of document: StudyDocument) throws -> Study {
  guard case .known(let known) = document.subject.dataset else { preconditionFailure("files of one's own") }
  let network = try document.subject.zooNetwork(shape: known.shape, classes: known.classes)
  return try document.study(
    StudyInputs(dataset: digest(known.name), shape: known.shape, network: network, pretrained: nil))
}

/// A text with one line of it replaced, and the number of that line from 1.
func replacing(
  _ line: String, by other: String, in text: String = complete, sourceLocation: SourceLocation = #_sourceLocation
) throws -> (text: String, line: Int) {
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  let index = try #require(
    lines.firstIndex { $0.trimmingPrefix { $0 == " " } == line }, "\(line)", sourceLocation: sourceLocation)
  let indentation = lines[index].prefix { $0 == " " }
  lines[index] = indentation + other
  return (lines.joined(separator: "\n"), index + 1)
}

/// Reads a file that is wrong.
func failure(
  of text: String, sourceLocation: SourceLocation = #_sourceLocation
) -> StudyFileError? {
  #expect(throws: StudyFileError.self, sourceLocation: sourceLocation) { try StudyDocument(text: text, file: "x.yaml") }
}

/// A file with these keys, a line each, in place of those of ``minimal``.
func file(with groups: [String]) -> String {
  let names = Set(groups.map { $0.prefix { $0 != ":" } })
  let kept = minimal.split(separator: "\n").filter { !names.contains($0.prefix { $0 != ":" }) }
  return (kept.map(String.init) + groups).joined(separator: "\n")
}
