import Models
import Search
import Studies
import StudyFile
import Testing

/// What a correct study file means.
@Suite struct StudyDocumentTests {
  private func read(_ text: String) throws -> StudyDocument { try StudyDocument(text: text, file: "x.yaml") }

  /// The knobs of a study's first search, which is a genetic algorithm.
  private func genetic(_ study: Study) -> GeneticSettings {
    guard case .genetic(let settings) = study.searches[0].settings else { preconditionFailure("another algorithm") }
    return settings
  }

  @Test("The demo's file")
  func demoFile() throws {
    let document = try read(demo)
    let study = try study(of: document)
    #expect(document.trials == 50 * 64)
    #expect(study.name == "digits-at-10x" && study.seed == 1 && study.dataset == digest("digits"))
    #expect(study.network == (try NetworkDescription(name: "lenet-300-100", widths: [64, 300, 100, 10])))
    #expect(study.training.epochs == 40)
    #expect(study.objective == .best(.loss) && study.compression == 10...10)
    #expect(
      study.searches == [
        SearchPlan(Strategy("GeneticAlgorithm"), .genetic(GeneticSettings(populationSize: 64))),
        SearchPlan(Strategy("RandomSearch"), .random(RandomSettings(generationSize: 64))),
      ])
    #expect(
      !study.scope.prunesClassifier && study.numerics == .portable && study.fitness == FitnessMode()
        && study.cycles == nil)
  }

  @Test("A file that says everything")
  func completeFile() throws {
    let document = try read(complete)
    #expect(document.trials == 30 * 100)
    #expect(
      try study(of: document)
        == Study(
          name: "everything", seed: 7, dataset: digest("mnist"),
          splits: SplitSizes(search: .fraction(0.25), validation: .count(5000), test: .count(100)),
          normalization: LabelledData.Normalization(mean: [0.1307], deviation: [0.3081]),
          network: try NetworkDescription(name: "mlp-32-16", widths: [784, 32, 16, 10]),
          training: TrainingRecipe(
            epochs: 12, batchSize: 100, learningRate: 0.05, optimizer: .sgd(momentum: 0.5, nesterov: true), l1: 0.001,
            l2: 0, schedule: .milestones([4, 9], gamma: 0.5), warmupEpochs: 2,
            augmentation: TrainingRecipe.Augmentation(cropPadding: 2, flip: true)),
          segment: .epochs(4), earlyStopping: EarlyStopping(patience: 3, minimumDelta: 0.01),
          scope: PruningScope(prunesClassifier: true), objective: .best(.accuracy), compression: 8.5...8.5,
          searches: [
            SearchPlan(
              Strategy("GeneticAlgorithm"),
              .genetic(
                GeneticSettings(
                  populationSize: 100, eliteSize: 0,
                  breeding: Breeding(
                    selection: .tournament(size: 2), crossoverRate: 0.5, crossovers: [Share(.uniform, 1)],
                    mutationRate: 1, mutationAmount: 0.001...0.05),
                  initial: InitialPopulation(magnitude: 0.5, random: 0.2, equal: 0.2, exponential: 0.1, noise: 2.5))),
              scores: .gradient)
          ],
          baselines: Baselines(
            gradient: true, edgePopup: TrainingRecipe(epochs: 3, learningRate: 0.2, schedule: .cosine(horizon: 3))),
          numerics: .portable))
  }

  @Test("Defaults are filled in: saying them all is the same study")
  func defaults() throws {
    let short = try read(minimal)
    let least = try study(of: short)
    #expect(least.splits == SplitSizes() && least.training == TrainingRecipe())
    #expect(least.segment == .epochs(5) && least.earlyStopping == nil && least.normalization == nil)
    #expect(genetic(least) == GeneticSettings() && least.seed == 1 && short.trials == 50 * 64)
    let long = try read(
      """
      study: another name
      seed: 1
      dataset: { name: digits, splits: { search: 0.2, validation: 0.1, test: 0.2 } }
      network:
        zoo: mlp-16
        width_multiplier: 1
        train:
          epochs: 20
          batch_size: 64
          learning_rate: 0.02
          optimizer: sgd
          momentum: 0.9
          nesterov: false
          l1: 0
          l2: 0.0001
          schedule: constant
          warmup_epochs: 0
          augment: { crop_padding: 0, flip: false }
          epochs_per_segment: 5
      objective: { maximize: accuracy, at_compression: 2 }
      fitness: { retrain: none }
      prune: { classifier: false }
      search:
        algorithm: genetic
        population_size: 64
        generations: 50
        elite_size: 16
        tournament_size: 3
        crossover_rate: 0.7
        selection: tournament
        crossover: { uniform: 0.7, neuron: 0.3 }
        mutation: magnitude
        hall_of_fame_size: 10
        mutation_rate: 0.9
        mutation_amount: [0.0005, 0.02]
        initial_population: { magnitude: 0.9, random: 0.1, equal: 0, exponential: 0, noise: 0.5 }
        random_search: true
      numerics: portable
      """)
    #expect(try study(of: long).digest == least.digest)
    #expect(long.trials == short.trials)
  }

  @Test("Layout, order, quotes and comments do not matter")
  func formats() throws {
    let other = """
      # another look
      search: { generations: 50, "population_size": 64, algorithm: 'genetic' }
      fitness: {retrain: none}

      objective:
          at_compression: 1e1   # ten
          minimize: "loss"
      network:
        train:
          epochs: 40
        zoo: lenet-300-100
      dataset: {name: digits}
      study: "digits-at-10x"
      seed:
      """
    #expect(try study(of: read(other)).digest == study(of: read(demo)).digest)
    #expect(try study(of: read(other)) == study(of: read(demo)))
  }

  @Test("The budget is no part of the study's identity; the seed is")
  func budget() throws {
    let longer = try read(try replacing("generations: 50", by: "generations: 5000", in: demo).text)
    #expect(longer.trials == 5000 * 64)
    #expect(try study(of: longer).digest == study(of: read(demo)).digest)
    let other = try read(try replacing("seed: 1", by: "seed: 2", in: demo).text)
    #expect(try study(of: other).digest != study(of: read(demo)).digest)
  }

  @Test("An elite is never larger than a small population")
  func smallPopulation() throws {
    let small = try read(try replacing("population_size: 64", by: "population_size: 4", in: demo).text)
    let genetic = genetic(try study(of: small))
    #expect(genetic.populationSize == 4 && genetic.eliteSize == 4)
  }

  @Test(
    "Populations of one kind have names",
    arguments: zip(
      ["magnitude", "all_equal", "all_random", "magnitude_exponential"],
      [[0, 10, 0, 0], [10, 0, 0, 0], [0, 0, 0, 10], [0, 0, 10, 0]]))
  func populations(name: String, counts: [Int]) throws {
    let document = try read(
      try replacing("search: {}", by: "search: { initial_population: \(name) }", in: minimal).text)
    #expect(genetic(try study(of: document)).initial.counts(size: 10) == counts)
  }

  @Test("What retraining does not say it has from the training: its optimizer, and a tenth of its rate")
  func inherited() throws {
    let network = "network: { zoo: mlp-16, train: { optimizer: adam, learning_rate: 0.005, schedule: cosine } }"
    let text = try replacing("network: { zoo: mlp-16 }", by: network, in: minimal).text
    let tuned = try study(of: read(text + "\nfitness: { retrain: finetune }"))
    let retraining = try #require(tuned.fitness.retraining)
    #expect(retraining.recipe.optimizer == tuned.training.optimizer && retraining.start == .finetune)
    #expect(retraining.recipe.learningRate == 0.0005 && retraining.recipe.schedule == .constant)
    let cycles = try #require(
      try study(of: read(text + "\ncycles: { rounds: 3, train: { epochs: 4 } }")).cycles)
    #expect(cycles.recipe.optimizer == tuned.training.optimizer && cycles.recipe.learningRate == 0.005)
    #expect(cycles.recipe.epochs == 4 && cycles.recipe.schedule == .cosine(horizon: 4))
  }

  @Test("Random search is not added beside one that is named")
  func namedRandom() throws {
    let rivals = "search: [{ algorithm: genetic }, { algorithm: random }]"
    let searches = try study(of: read(try replacing("search: {}", by: rivals, in: minimal).text)).searches
    #expect(searches.map(\.strategy.rawValue) == ["GeneticAlgorithm", "RandomSearch"])
  }

  @Test("Few images and early weights do not go together; nor does a model's file and its early weights")
  func impossibleRetraining() throws {
    for fitness in [
      "{ retrain: rewind, rewinding_steps: 5, samples_per_class: 1 }",
      "{ retrain: rewind, rewinding_steps: 5, images: search }",
    ] {
      #expect(throws: StudyFileError.self) { try read(minimal + "\nfitness: \(fitness)") }
    }
    let file = try replacing("network: { zoo: mlp-16 }", by: "network: { onnx: m.onnx }", in: minimal).text
    #expect(throws: StudyFileError.self) { try read(file + "\nfitness: { retrain: scratch }") }
  }

  @Test("Shares that are not named are none")
  func shares() throws {
    let document = try read(
      try replacing("search: {}", by: "search: { initial_population: { equal: 0.3, random: 0.7 } }", in: minimal).text)
    #expect(genetic(try study(of: document)).initial.counts(size: 100) == [30, 0, 0, 70])
  }
}
