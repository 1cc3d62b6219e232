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
      { $0.seed = 2 }, { $0.dataset = digest("mnist") }, { $0.splits.search = .fraction(0.3) },
      { $0.splits.validation = .count(5) }, { $0.splits.test = .fraction(0.3) },
      { $0.segment = .epochs(4) }, { $0.segment = .steps(3) }, { $0.segment = .steps(4) },
      { $0.earlyStopping = EarlyStopping(patience: 1) }, { $0.earlyStopping = EarlyStopping(patience: 2) },
      { $0.earlyStopping = EarlyStopping(patience: 1, minimumDelta: 0.1) },
      { $0.normalization = LabelledData.Normalization(mean: [0.5], deviation: [1]) },
      { $0.normalization = LabelledData.Normalization(mean: [0.5], deviation: [2]) },
      { $0.normalization = LabelledData.Normalization(mean: [1], deviation: [1]) },
      { $0.normalization = LabelledData.Normalization(mean: [0.5, 0.5], deviation: [1, 1]) },
      { $0.pretrained = digest("weights") }, { $0.pretrained = digest("other weights") },
      { $0.scope.prunesClassifier = true }, { $0.compression = 3...3 }, { $0.compression = 2...3 },
      { $0.compression = 1.5...2 }, { $0.numerics = NumericsClass("another") },
      // Without random search, in the other order, and under other names.
      { $0.searches.removeLast() }, { $0.searches.removeFirst() }, { $0.searches.swapAt(0, 1) },
      { $0.searches.append(SearchPlan(Strategy("Third"), $0.searches[1].settings)) },
      { $0.searches[0] = SearchPlan(Strategy("Renamed"), $0.searches[0].settings) },
      { $0.searches[1] = SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 9))) },
      { $0.searches[0] = SearchPlan(.genetic, $0.searches[0].settings, scores: .gradient) },
      { $0.searches[0] = SearchPlan(.genetic, $0.searches[0].settings, scores: .activation) },
      { $0.baselines.gradient = true }, { $0.baselines.edgePopup = TrainingRecipe() },
      { $0.baselines.edgePopup = TrainingRecipe(epochs: 1) },
      { $0.searches[1] = SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 8, noise: 0.6))) },
      { $0.searches[1] = SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 8, archiveSize: 2))) },
      { $0.trialsOfRound = 16 }, { $0.trialsOfRound = 17 },
    ]
    let objectives: [Objective] = [
      .best(.loss), .best(.size), .best(.flops), .smallest(.size, subjectTo: .accuracy, limit: 0.9),
      .smallest(.size, subjectTo: .accuracy, limit: 0.9.nextUp), .smallest(.flops, subjectTo: .accuracy, limit: 0.9),
      .smallest(.size, subjectTo: .loss, limit: 0.9), .pareto([.accuracy]), .pareto([.accuracy, .size]),
      .pareto([.size, .accuracy]),
    ]
    changes += objectives.map { objective in { $0.objective = objective } }
    let geneticChanges: [@Sendable (inout GeneticSettings) -> Void] = [
      { $0.populationSize = 9 }, { $0.eliteSize = 2 }, { $0.breeding.selection = .tournament(size: 4) },
      { $0.breeding.selection = .roulette }, { $0.breeding.selection = .rank(pressure: 1.5) },
      { $0.breeding.selection = .truncation(fraction: 0.5) }, { $0.breeding.successRule = SuccessRule() },
      { $0.hallOfFameSize = 3 }, { $0.initial.spread = true }, { $0.breeding.crossoverRate = 0.5 },
      { $0.breeding.crossovers = [Share(.uniform, 0.7)] },
      { $0.breeding.crossovers = [Share(.uniform, 0.7), Share(.neuron, 0.4)] },
      { $0.breeding.crossovers = [Share(.neuron, 0.3), Share(.uniform, 0.7)] }, { $0.breeding.mutationRate = 0.5 },
      { $0.breeding.mutations = [Share(.bitFlip, 1)] }, { $0.breeding.mutationAmount = 0.02...0.3 },
      { $0.breeding.mutationAmount = 0.01...0.4 },
      { $0.initial.magnitude = 0.8 }, { $0.initial.random = 0.2 }, { $0.initial.equal = 0.2 },
      { $0.initial.exponential = 0.2 }, { $0.initial.noise = 0.6 },
    ]
    changes += geneticChanges.map { change in
      { study in
        var settings = smallGenetic
        change(&settings)
        study.searches[0] = SearchPlan(.genetic, .genetic(settings))
      }
    }
    let recipes =
      [TrainingRecipe()]
      + recipeChanges.map { change in
        var recipe = TrainingRecipe()
        change(&recipe)
        return recipe
      }
    let modes: [FitnessMode.Retraining] =
      recipes.map { .init(start: .finetune, recipe: $0) } + [
        .init(start: .rewind(step: 1), recipe: TrainingRecipe()),
        .init(start: .rewind(step: 2), recipe: TrainingRecipe()), .init(start: .scratch, recipe: TrainingRecipe()),
        .init(start: .finetune, recipe: TrainingRecipe(), usesSearchSlice: true),
        .init(start: .finetune, recipe: TrainingRecipe(), samplesPerClass: 1),
        .init(start: .finetune, recipe: TrainingRecipe(), samplesPerClass: 2),
        .init(start: .finetune, recipe: TrainingRecipe(), draws: 2),
        .init(start: .finetune, recipe: TrainingRecipe(), finalDraws: 2),
      ]
    changes += modes.map { mode in { $0.fitness = FitnessMode(retraining: mode) } }
    let cycles =
      recipes.map { Cycles(rounds: 2, compressionStep: 1.5, recipe: $0) } + [
        Cycles(rounds: 3, compressionStep: 1.5, recipe: TrainingRecipe()),
        Cycles(rounds: 2, compressionStep: 1, recipe: TrainingRecipe()),
        Cycles(rounds: 2, compressionStep: 1.5, recipe: TrainingRecipe(), leastAccuracy: 0.5),
        Cycles(rounds: 2, compressionStep: 1.5, recipe: TrainingRecipe(), leastAccuracy: 0),
      ]
    changes += cycles.map { cycles in { $0.cycles = cycles } }
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
