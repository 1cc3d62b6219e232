import Foundation
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

  @Test("A search over networks, with all keys and with the least")
  func architectures() throws {
    typealias Stage = ArchitectureTemplate.Stage
    func study(_ text: String) throws -> Study {
      let document = try read(text)
      let network = try #require(try document.subject.ownNetwork(shape: [1, 8, 8], classes: 10))
      return try document.study(
        StudyInputs(dataset: digest("digits"), shape: [1, 8, 8], network: network, pretrained: nil))
    }
    let whole = try study(ArchitectureErrorTests.architecture)
    let template = try ArchitectureTemplate(
      name: "architecture", input: [1, 8, 8], classes: 10,
      stages: [
        Stage(.convolution(kernels: [3, 5], isPadded: true, pool: 2), widths: [4, 8], isNormalized: true),
        Stage(.dense, widths: [16, 64], activations: [.relu, nil]),
      ])
    #expect(whole.architecture == CappedTemplate(template, size: 5000))
    #expect(whole.network.digest == (try template.network(template.largest).digest))
    #expect(whole.objective == .best(.accuracy) && whole.compression == 1...1 && whole.cycles == nil)
    let mode = try #require(whole.fitness.retraining)
    #expect(mode == .init(start: .scratch, recipe: whole.training, draws: 2, finalDraws: 2))
    #expect(whole.training.epochs == 3 && whole.searches.count == 2)

    let head =
      "study: a\ndataset: { name: digits }\nsearch: { algorithm: random }\nnetwork:\n  architecture: { layers: [{ dense: { widths: [2, 4] } }] }"
    for (text, objective) in [
      ("{ maximize: accuracy }", Objective.best(.accuracy)), ("{ minimize: loss }", .best(.loss)),
      ("{ minimize: flops, subject_to: { loss: 0.5 } }", .smallest(.flops, subjectTo: .loss, limit: 0.5)),
      ("{ pareto: [accuracy, size] }", .pareto([.accuracy, .size])),
    ] {
      let least = try study(head + "\nobjective: \(text)")
      #expect(least.objective == objective && least.training == TrainingRecipe())
      #expect(least.architecture?.size == nil && least.architecture?.flops == nil)
      #expect(least.architecture?.template.cardinalities == [2])
      #expect(least.fitness.retraining == .init(start: .scratch, recipe: TrainingRecipe()))
    }
    let limited = try study(head + "\nobjective: { pareto: [accuracy, size], at_most: { size: 500, flops: 490 } }")
    #expect(limited.architecture?.size == 500 && limited.architecture?.flops == 490)
  }

  @Test("Retraining inside the search, or at its end alone")
  func insideSearch() throws {
    for (key, expected) in [("", true), (", inside_search: true", true), (", inside_search: false", false)] {
      let text = minimal + "\nfitness: { retrain: finetune, epochs: 2\(key) }"
      #expect(try study(of: read(text)).fitness.retraining?.isInside == expected)
    }
  }

  @Test("Genomes of sparsities")
  func sparsities() throws {
    #expect(try study(of: read(minimal)).units.genome == .masks)
    #expect(try study(of: read(minimal + "\nprune: { genome: masks }")).digest == study(of: read(minimal)).digest)
    for granularity in ["weights", "neurons", "blocks, block: [2, 2]"] {
      let text = minimal + "\nprune: { granularity: \(granularity), genome: layer_sparsities }"
      #expect(try study(of: read(text)).units.genome == .layerSparsities)
    }
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

  @Test("The budget of cycles is: a round depends on how long the one before searched")
  func budgetOfCycles() throws {
    let text = demo + "\ncycles: { rounds: 2 }"
    let longer = try replacing("generations: 50", by: "generations: 51", in: text).text
    let same = try replacing("generations: 50", by: "evaluations: 3200", in: text).text
    let study = try StudyFileTests.study(of: read(text))
    #expect(study.trialsOfRound == 3200)
    #expect(try StudyFileTests.study(of: read(longer)).digest != study.digest)
    #expect(try StudyFileTests.study(of: read(same)).digest == study.digest)
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

  @Test("A population has its defaults, and its recipe from the training: a whole cosine ends with the last round")
  func populationDefaults() throws {
    let network = "network: { zoo: mlp-16, train: { epochs: 7, learning_rate: 0.3, schedule: cosine } }"
    let text = try replacing("network: { zoo: mlp-16 }", by: network, in: minimal).text
    let least = try #require(try study(of: read(text + "\npopulation: { rounds: 5 }")).population)
    var recipe = TrainingRecipe(epochs: 5, learningRate: 0.3, schedule: .cosine(horizon: 5))
    #expect(least == PopulationCycles(rounds: 5, recipe: recipe))
    #expect(least.size == 8 && least.exploit == 0.25 && least.learningRates == [0.3] && !least.control)
    let all = """

      population:
        size: 6
        rounds: 3
        interval: { epochs: 2 }
        train: { schedule: cosine, warmup_epochs: 1 }
        learning_rates: [0.1, 1]
        exploit: 0.5
        explore:
          mutation: bit_flip
          mutation_amount: [0.1, 0.2]
          learning_rate_factors: [0.5]
        compression_step: 1.5
        control: true
      """
    (recipe.epochs, recipe.warmupEpochs, recipe.schedule) = (6, 1, .cosine(horizon: 5))
    #expect(
      try study(of: read(text + all)).population
        == PopulationCycles(
          size: 6, rounds: 3, interval: .epochs(2), recipe: recipe, learningRates: [0.1, 1], exploit: 0.5,
          explore: .init(mutation: .bitFlip, mutationAmount: 0.1...0.2, learningRateFactors: [0.5]),
          compressionStep: 1.5,
          control: true))
    let still = text + "\npopulation: { rounds: 5, explore: { mutation: none } }"
    #expect(try study(of: read(still)).population?.explore.mutation == nil)
  }

  @Test(
    "What a population cannot be is refused with its key",
    arguments: [
      ("{ size: 4 }", "population.rounds"), ("{ rounds: 2, size: 1 }", "population.size"),
      ("{ rounds: 0 }", "population.rounds"), ("{ rounds: 2, exploit: 0.6 }", "population.exploit"),
      ("{ rounds: 2, interval: {} }", "population.interval"),
      ("{ rounds: 2, interval: { steps: 1, epochs: 1 } }", "population.interval"),
      ("{ rounds: 2, interval: { steps: 50001 } }", "population.interval.steps"),
      ("{ rounds: 2, train: { epochs: 3 } }", "population.train.epochs"),
      ("{ rounds: 2, interval: { steps: 3 }, train: { schedule: cosine } }", "population.train.schedule"),
      ("{ rounds: 2, learning_rates: [] }", "population.learning_rates"),
      ("{ rounds: 2, learning_rates: [0] }", "population.learning_rates"),
      ("{ rounds: 2, explore: { mutation: swap } }", "population.explore.mutation"),
      ("{ rounds: 2, explore: { learning_rate_factors: [] } }", "population.explore.learning_rate_factors"),
      ("{ rounds: 2, compression_step: 0.9 }", "population.compression_step"),
      ("{ rounds: 9, compression_step: 2 }", "population.compression_step"),
      ("{ rounds: 2, elite: 1 }", "population.elite"), ("{ rounds: 2 }\ncycles: { rounds: 2 }", "population"),
    ])
  func impossiblePopulations(text: String, key: String) throws {
    let error = #expect(throws: StudyFileError.self) { try read(minimal + "\npopulation: \(text)") }
    #expect(error?.key == key && error?.line == 6, "\(String(describing: error))")
  }

  @Test("A range of sizes and N:M do not shrink by a step, and a front has no best member")
  func populationsOfOtherSizes() throws {
    for (objective, prune, population, key) in [
      ("{ pareto: [accuracy, size], compression: [2, 4] }", "{}", "{ rounds: 2 }", "population"),
      (
        "{ minimize: size, subject_to: { accuracy: 0.9 }, compression: [2, 4] }", "{}",
        "{ rounds: 2, compression_step: 1.1 }", "population.compression_step"
      ),
      (
        "{ minimize: loss }", "{ granularity: pattern, pattern: \"2:4\" }", "{ rounds: 2, compression_step: 1.1 }",
        "population.compression_step"
      ),
    ] {
      let text = try replacing(
        "objective: { maximize: accuracy, at_compression: 2 }", by: "objective: \(objective)", in: minimal
      ).text.replacingOccurrences(of: "search: {}", with: "search: { algorithm: nsga2 }")
      let error = #expect(throws: StudyFileError.self) {
        try read(text + "\nprune: \(prune)\npopulation: \(population)")
      }
      #expect(error?.key == key, "\(String(describing: error))")
    }
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
