import Digests
import Models
import Pruning
import Search
import Studies
import Testing

private typealias Stage = ArchitectureTemplate.Stage

/// Studies whose genomes are sparsities of layers: at one size, and in a range of sizes.
func sparsityVariants() throws -> [Variant] {
  var exact = try smallStudy()
  exact.units.genome = .layerSparsities
  var range = exact
  (range.compression, range.objective) = (2...2.4, .smallest(.size, subjectTo: .accuracy, limit: 0.04))
  var cycles = try cycleVariants()[0].study
  cycles.units.genome = .layerSparsities
  return [("sparsities", exact), ("sparsities in a range", range), ("cycles of sparsities", cycles)].map {
    ($0, $1, FakeWorker($1))
  }
}

/// Two hidden layers of up to 8 neurons.
private func template() throws -> ArchitectureTemplate {
  try ArchitectureTemplate(
    name: "small", input: [6], classes: 3,
    stages: [
      Stage(.dense, widths: [1, 2, 3, 4, 6, 8], activations: [.relu, .tanh]),
      Stage(.dense, widths: [1, 2, 3, 4, 6, 8]),
    ])
}

private func architectureStudy(
  _ objective: Objective, size: Int? = nil, draws: Int = 1, searches: [SearchPlan]? = nil
) throws -> Study {
  var study = try smallStudy(objective: objective)
  let template = try template()
  study.network = try template.network(template.largest)
  study.architecture = CappedTemplate(template, size: size)
  study.compression = 1...1
  study.fitness = FitnessMode(
    retraining: .init(start: .scratch, recipe: study.training, draws: draws, finalDraws: draws + 1))
  if let searches { study.searches = searches }
  return study
}

/// Studies that search networks.
func architectureVariants() throws -> [Variant] {
  try [
    ("architectures", architectureStudy(.best(.accuracy), size: 60, draws: 2)),
    ("smallest architecture", architectureStudy(.smallest(.size, subjectTo: .accuracy, limit: 0.04))),
    ("front of architectures", architectureStudy(.pareto([.accuracy, .flops]))),
  ].map { ($0, $1, FakeWorker($1)) }
}

/// Genomes that are no masks: what jobs and histories they become.
@Suite struct GenomeTests {
  @Test("Sparsities become masks of the exact size; the first founders are the magnitude baselines")
  func sparsities() throws {
    let (_, study, worker) = try sparsityVariants()[0]
    let drive = try Drive.whole(study, generations: 4, worker)
    #expect(drive.records.allSatisfy { $0.evaluation.mask?.population ?? 17 == 17 })
    func record(_ strategy: Strategy, _ index: Int = 0) throws -> TrialRecord {
      try #require(
        drive.records.first { $0.strategy == strategy && $0.trial.place.id == TrialID(generation: 0, index: index) })
    }
    #expect(try record(.genetic).evaluation.mask == record(.layerMagnitude).evaluation.mask)
    #expect(try record(.genetic, 1).evaluation.mask == record(.globalMagnitude).evaluation.mask)
    #expect(try record(.genetic).isRepeat && record(.genetic, 1).isRepeat)
    // Two layers and 17 units: the best of each layer, so the count of one says it all.
    let masks = Set(drive.records.dropFirst(2).compactMap(\.evaluation.maskDigest))
    #expect(masks.count <= 17 && drive.run.evaluations == masks.count + 2)
    #expect(drive.run.cacheHits > 30)
    let best = drive.records.filter { $0.strategy == .genetic }.max { $0.trial.fitness! < $1.trial.fitness! }
    let contestant = try #require(drive.run.planner.contestants.first { $0.strategy == .genetic })
    #expect(contestant.metrics == SizeMetrics(drive.run.planner.layout, mask: contestant.mask))
    #expect(drive.records.contains { $0.evaluation.mask == contestant.mask })
    #expect(best != nil && contestant.architecture == nil)
  }

  @Test("In a range of sizes one gene more says which")
  func range() throws {
    let (_, study, worker) = try sparsityVariants()[1]
    let drive = try Drive.whole(study, generations: 6, worker)
    let sizes = Set(drive.records.dropFirst(4).compactMap { $0.evaluation.mask?.population })
    let baseline = try #require(drive.records[3].evaluation.mask?.population)
    #expect(sizes.min() == baseline && sizes.count > 3, "\(sizes.sorted())")
  }

  @Test("Each architecture is trained from fresh weights and judged once a draw; there is nothing to train before")
  func architectures() throws {
    let (_, study, worker) = try architectureVariants()[0]
    let drive = try Drive.whole(study, generations: 3, worker)
    #expect(drive.segments.isEmpty && drive.snapshots.isEmpty && drive.isFinished)
    #expect(drive.run.planner.isTrained && drive.run.planner.currentParameters == nil)
    let capped = try #require(study.architecture)
    for evaluation in drive.evaluations {
      #expect(evaluation.parameters == nil && evaluation.mask == nil && evaluation.slice == sampleSplits.search)
      #expect(Job.evaluate(evaluation).inputs == [digest("search"), digest("train")])
      let retraining = try #require(evaluation.retraining)
      #expect(retraining.recipe == study.training && retraining.firstStep == 0 && (0..<2).contains(retraining.draw))
      #expect(retraining.slice == sampleSplits.train && retraining.seed == study.seed)
    }
    #expect(drive.records.prefix(2).map(\.strategy) == [.largest, .smallest])
    for record in drive.records {
      let architecture = try #require(record.trial.place.architecture)
      #expect(record.line.contains(architecture.digest.hex) && record.line.hasSuffix(" \(architecture.words)"))
      let size = ParameterLayout(record.evaluation.network).trainableCount
      #expect(size <= 60 || record.strategy == .largest, "\(architecture.words)")
      if case .exact(_, let count, _) = record.trial.score { #expect(count == 100, "the mean of two draws") }
    }
    let contestants = drive.run.planner.contestants
    #expect(contestants.map(\.strategy) == [.largest, .smallest, .genetic, .randomSearch])
    let largest = try capped.template.cost(capped.template.largest)
    for contestant in contestants {
      #expect(contestant.metrics.size == largest.size && contestant.metrics.flops == largest.flops)
      #expect(contestant.jobs.count == 3 && contestant.mask == nil && contestant.architecture != nil)
      for case .test(let job) in contestant.jobs {
        #expect(job.parameters == nil && job.slice == sampleSplits.test && (2..<5).contains(job.retraining!.draw))
        #expect(ParameterLayout(job.network).trainableCount == contestant.metrics.sizeNonzero)
      }
    }
    let best = drive.run.planner.bestArchitectures
    #expect(best.map(\.architecture) == contestants.dropFirst(2).map(\.architecture))
  }

  /// Right where the first hidden layer has 3 neurons and the second 2 at least, else by chance.
  private func solve(_ study: Study, trials: Int) throws -> Drive {
    var drive = Drive(try SearchStudy(study, dataset: digest("dataset"), trials: trials), FakeWorker(study))
    try drive.advance()
    while !drive.isFinished {
      if case .evaluate(let job) = drive.outstanding[0] {
        let widths = job.network.nodes.compactMap { if case .dense(let width, _) = $0.layer { width } else { nil } }
        let isSolved = widths[0] >= 3 && widths[1] >= 2
        drive.answer(
          0, with: .evaluated(.exact(correct: isSolved ? job.sampleCount : 15, count: job.sampleCount, loss: 1)))
      } else {
        drive.answer(0)
      }
      try drive.advance()
    }
    return drive
  }

  @Test("Every algorithm finds the smallest network that solves a task, as an enumeration of all does")
  func smallest() throws {
    let amount = 0.1...0.5
    let settings: [(Objective, AlgorithmSettings)] =
      [
        .genetic(GeneticSettings(populationSize: 16, eliteSize: 8, breeding: Breeding(mutationAmount: amount))),
        .steadyState(SteadyStateSettings(populationSize: 16, breeding: Breeding(mutationAmount: amount), lag: 8)),
        .islands(
          IslandSettings(
            genetic: GeneticSettings(populationSize: 8, eliteSize: 4, breeding: Breeding(mutationAmount: amount)),
            islands: 2)),
        .annealing(AnnealingSettings(chains: 4)), .tempering(TemperingSettings(temperatures: 4)),
        .onePlusLambda(OnePlusLambdaSettings(lambda: 8)), .random(RandomSettings(generationSize: 16)),
      ].map { (.smallest(.size, subjectTo: .accuracy, limit: 0.9), $0) } + [
        (.pareto([.accuracy, .size]), .pareto(ParetoSettings(populationSize: 16)))
      ]
    let template = try template()
    var solutions: [(size: Int, words: String)] = []
    for first in 0..<6 {
      for second in 0..<6 where first >= 2 && second >= 1 {
        let choices = [first, 0, second]
        solutions.append((try template.cost(choices).size, template.words(choices)))
      }
    }
    let least = try #require(solutions.min { $0.size < $1.size })
    #expect(least.words == "1.width=3,1.activation=relu,2.width=2")
    for (objective, settings) in settings {
      let study = try architectureStudy(objective, searches: [SearchPlan(Strategy("Search"), settings)])
      let drive = try solve(study, trials: 640)
      let contestant = try #require(
        drive.run.planner.contestants.first { $0.account == Strategy("Search") })
      #expect(contestant.metrics.sizeNonzero == least.size, "\(settings): \(contestant.architecture?.words ?? "-")")
      let words = try #require(contestant.architecture?.words)
      #expect(words.hasPrefix("1.width=3,") && words.hasSuffix(",2.width=2"), "\(settings): \(words)")
      // The function costs nothing and decides nothing, so each network is two jobs at most.
      #expect(drive.run.evaluations <= 72)
    }
  }

  @Test("What the genomes are changes a study's identity")
  func digests() throws {
    let plain = try architectureStudy(.best(.accuracy))
    var digests = [try smallStudy().digest, try sparsityVariants()[0].study.digest, plain.digest]
    digests.append(try architectureStudy(.best(.accuracy), size: 60).digest)
    let stages: [[Stage]] = [
      [Stage(.dense, widths: [1, 2])], [Stage(.dense, widths: [1, 3])],
      [Stage(.dense, widths: [1, 2], activations: [.tanh])], [Stage(.dense, widths: [1, 2], activations: [nil])],
      [Stage(.dense, widths: [1, 2], isNormalized: true)], [Stage(.dense, widths: [1, 2], maySkip: true)],
      [Stage(.dense, widths: [1]), Stage(.dense, widths: [1, 2])],
    ]
    for stages in stages {
      var other = plain
      other.architecture = CappedTemplate(
        try ArchitectureTemplate(name: "other", input: [6], classes: 3, stages: stages), size: nil)
      digests.append(other.digest)
    }
    for (kernels, isPadded, pool) in [([1], true, 1), ([1, 3], true, 1), ([1], false, 1), ([1], true, 2)] {
      for averages in [false, true] {
        var other = plain
        let stage = Stage(.convolution(kernels: kernels, isPadded: isPadded, pool: pool), widths: [1, 2])
        other.architecture = CappedTemplate(
          try ArchitectureTemplate(name: "other", input: [1, 6, 6], classes: 3, stages: [stage], averages: averages))
        digests.append(other.digest)
      }
    }
    #expect(Set(digests).count == digests.count)
  }
}
