import Models
import Pruning
import Search
import Studies
import Testing

/// One change to each field of a recipe, no two of them alike.
let recipeChanges: [@Sendable (inout TrainingRecipe) -> Void] = [
  { $0.epochs = 8 }, { $0.batchSize += 1 }, { $0.learningRate = 0.02.nextUp },
  { $0.optimizer = .sgd(momentum: 0, nesterov: false) }, { $0.optimizer = .sgd(momentum: 0.9, nesterov: true) },
  { $0.optimizer = .adam(.init()) }, { $0.optimizer = .adam(.init(beta1: 0.8)) },
  { $0.optimizer = .adam(.init(beta2: 0.8)) }, { $0.optimizer = .adam(.init(epsilon: 0.8)) },
  { $0.optimizer = .adamW(.init()) }, { $0.l1 = 0.1 }, { $0.l2 = 0 }, { $0.schedule = .cosine(horizon: 7) },
  { $0.schedule = .cosine(horizon: 8) }, { $0.schedule = .milestones([7], gamma: 0.1) },
  { $0.schedule = .milestones([7], gamma: 0.2) }, { $0.schedule = .milestones([7, 8], gamma: 0.1) },
  { $0.warmupEpochs = 1 }, { $0.augmentation.cropPadding = 1 }, { $0.augmentation.flip = true },
]

/// The identity of a study: all that decides its history, and nothing else.
@Suite struct StudyTests {
  @Test("Every field but the name changes the digest")
  func digests() throws {
    let study = try smallStudy()
    var changes: [(inout Study) -> Void] = [
      { $0.seed = 2 }, { $0.dataset = "mnist" }, { $0.splits.search = .fraction(0.3) },
      { $0.splits.validation = .count(5) }, { $0.splits.test = .fraction(0.3) },
      { $0.segment = .epochs(4) }, { $0.segment = .steps(3) }, { $0.segment = .steps(4) },
      { $0.earlyStopping = EarlyStopping(patience: 1) }, { $0.earlyStopping = EarlyStopping(patience: 2) },
      { $0.earlyStopping = EarlyStopping(patience: 1, minimumDelta: 0.1) },
      { $0.normalization = LabelledData.Normalization(mean: [0.5], deviation: [1]) },
      { $0.normalization = LabelledData.Normalization(mean: [0.5], deviation: [2]) },
      { $0.normalization = LabelledData.Normalization(mean: [1], deviation: [1]) },
      { $0.normalization = LabelledData.Normalization(mean: [0.5, 0.5], deviation: [1, 1]) },
      { $0.pretrained = Pretrained(parameters: digest("weights"), state: digest("state")) },
      { $0.pretrained = Pretrained(parameters: digest("other weights"), state: digest("state")) },
      { $0.scope.prunesClassifier = true },
      { $0.objective = .loss }, { $0.compression = 3 }, { $0.randomSearch = false },
      { $0.numerics = NumericsClass("another") }, { $0.genetic.populationSize = 9 }, { $0.genetic.eliteSize = 2 },
      { $0.genetic.tournamentSize = 4 }, { $0.genetic.crossoverRate = 0.5 }, { $0.genetic.neuronCrossover = 0.5 },
      { $0.genetic.mutationRate = 0.5 }, { $0.genetic.swapFraction = 0.1...0.4 },
      { $0.genetic.swapFraction = 0.2...0.5 }, { $0.genetic.initial.magnitude = 0.8 },
      { $0.genetic.initial.random = 0.2 }, { $0.genetic.initial.equal = 0.2 },
      { $0.genetic.initial.exponential = 0.2 }, { $0.genetic.initial.noise = 0.6 },
    ]
    changes += recipeChanges.map { change in { change(&$0.training) } }
    let wider = try NetworkDescription(name: "small", widths: [6, 7, 4, 3])
    changes.append { $0.network = wider }
    var images = NetworkBuilder(input: [1, 2, 3])
    images.flatten()
    for (index, width) in [6, 4, 3].enumerated() {
      if index > 0 { images.relu() }
      images.dense(width)
    }
    let flattened = try images.network(name: "small")
    changes.append { $0.network = flattened }
    var digests = [study.digest]
    for change in changes {
      var changed = study
      change(&changed)
      digests.append(changed.digest)
    }
    #expect(Set(digests).count == 1 + changes.count)

    var renamed = study
    renamed.name = "another"
    renamed.network = try NetworkDescription(name: "renamed", widths: [6, 6, 4, 3])
    #expect(renamed.digest == study.digest)
  }
}
