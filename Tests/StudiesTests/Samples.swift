import Digests
import Models
import Pruning
import Randomness
import Search
import Studies

/// A digest of a text, where any will do.
func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

/// Something that a test needs and does not find.
struct Missing: Error {
  let what: String
}

extension TestScore {
  /// A score whose first five are the first.
  init(firstFive score: Score) {
    guard case .exact(let correct, _, _) = score else {
      self.init(score, top5: 0)
      return
    }
    self.init(score, top5: correct)
  }
}

extension Strategy {
  static let genetic = Strategy("GeneticAlgorithm")
  static let randomSearch = Strategy("RandomSearch")
}

let smallGenetic = GeneticSettings(
  populationSize: 8, eliteSize: 3, breeding: Breeding(mutationAmount: 0.01...0.3))

/// A study small enough to run hundreds of times: 60 prunable weights of which 17 stay, three segments of training.
func smallStudy(
  seed: UInt64 = 1, objective: Objective = .best(.accuracy), randomSearch: Bool = true,
  genetic: GeneticSettings = smallGenetic
) throws -> Study {
  let random = SearchPlan(.randomSearch, .random(RandomSettings(generationSize: genetic.populationSize)))
  return Study(
    name: "small", seed: seed, dataset: digest("digits"), splits: SplitSizes(),
    network: try NetworkDescription(name: "small", widths: [6, 6, 4, 3]), training: TrainingRecipe(epochs: 7),
    segment: .epochs(3), scope: PruningScope(), objective: objective, compression: 2...2,
    searches: [SearchPlan(.genetic, .genetic(genetic))] + (randomSearch ? [random] : []))
}

let sampleSplits = Splits(
  train: Slice(digest: digest("train"), count: 70), search: Slice(digest: digest("search"), count: 50),
  validation: Slice(digest: digest("validation"), count: 10), test: Slice(digest: digest("test"), count: 20))

/// A study with a name and the worker that gives it what it waits for.
typealias Variant = (name: String, study: Study, worker: FakeWorker)

/// The ways to train that a study can take: the plain one, in segments that end within epochs, stopped early,
/// fine-tuned, and not trained at all.
func trainingVariants() throws -> [Variant] {
  let pretrained = FakeWorker.pretrained(try smallStudy())
  let plain = try smallStudy()
  var steps = plain
  (steps.training.epochs, steps.training.batchSize, steps.segment) = (2, 20, .steps(3))
  var stopped = steps
  (stopped.segment, stopped.earlyStopping) = (.steps(1), EarlyStopping(patience: 2))
  var fineTuned = stopped
  fineTuned.pretrained = pretrained
  var untrained = plain
  (untrained.training.epochs, untrained.pretrained) = (0, pretrained)
  var fresh = plain
  fresh.training.epochs = 0
  // The second judgement is the best, the one before it no number.
  let scores = [Score.nonfinite] + [2, 2.5, 2, 0.5].map { Score.exact(correct: 3, count: 10, loss: $0) }
  return [
    ("plain", plain, FakeWorker(plain)), ("steps", steps, FakeWorker(steps)),
    ("stopped", stopped, FakeWorker(stopped, judgements: scores)),
    ("fine-tuned", fineTuned, FakeWorker(fineTuned, judgements: scores)),
    ("untrained", untrained, FakeWorker(untrained)), ("fresh", fresh, FakeWorker(fresh)),
  ]
}

/// Rivals whose generations are of other sizes than the first one's, two and three of them, and sizes in a range.
func rivalVariants() throws -> [Variant] {
  let other = GeneticSettings(populationSize: 6, eliteSize: 6, breeding: smallGenetic.breeding)
  var two = try smallStudy(randomSearch: false)
  two.searches.append(SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 20))))
  var three = two
  three.searches.insert(SearchPlan(Strategy("Other"), .genetic(other)), at: 1)
  var slowest = three
  slowest.searches.swapAt(0, 2)
  var range = two
  // Half a generation larger, it runs ahead of the first one at the end of a budget too.
  range.searches[1] = SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 12)))
  (range.compression, range.objective) = (2...2.4, .smallest(.size, subjectTo: .accuracy, limit: 0.04))
  return [
    ("two rivals", two), ("three rivals", three), ("large first", slowest), ("range", range),
    ("front", try paretoStudy()),
  ].map {
    ($0, $1, FakeWorker($1))
  }
}

/// NSGA-II beside random search, with more sizes than a table has lines.
func paretoStudy() throws -> Study {
  var study = try smallStudy(objective: .pareto([.accuracy, .loss, .size]))
  study.compression = 1.2...3
  let settings = ParetoSettings(populationSize: 8, mutationAmount: 0.05...0.3, archiveSize: 40)
  study.searches = [
    SearchPlan(Strategy("NSGA-II"), .pareto(settings)),
    SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 8, archiveSize: 40))),
  ]
  return study
}

/// A short training in 8 steps, in segments of 3, so that rewinding to step 4 needs a segment of its own.
func shortStudy() throws -> Study {
  var study = try smallStudy()
  (study.training.epochs, study.training.batchSize, study.segment) = (2, 20, .steps(3))
  return study
}

/// What a fitness with training inside can look like.
func retrainingVariants() throws -> [Variant] {
  let short = try shortStudy()
  let recipe = TrainingRecipe(epochs: 1, batchSize: 10, learningRate: 0.001)
  let tuning = FitnessMode.Retraining(start: .finetune, recipe: recipe, draws: 3, finalDraws: 2)
  let rewinding = FitnessMode.Retraining(
    start: .rewind(step: 4), recipe: short.training, usesSearchSlice: true, samplesPerClass: 2, draws: 2)
  let variants: [(String, FitnessMode.Retraining)] = [
    ("finetune", tuning), ("rewind", rewinding), ("scratch", .init(start: .scratch, recipe: short.training)),
  ]
  return variants.map { name, retraining in
    var study = short
    study.fitness = FitnessMode(retraining: retraining)
    return (name, study, FakeWorker(study))
  }
}

/// Studies in cycles: through all rounds, ended by accuracy or by a budget that cannot be met, at one size, and with
/// training inside the fitness besides.
func cycleVariants() throws -> [Variant] {
  let recipe = TrainingRecipe(epochs: 1, batchSize: 20, learningRate: 0.001)
  var all = try shortStudy()
  all.cycles = Cycles(rounds: 2, compressionStep: 1.2, recipe: recipe, leastAccuracy: 0.5)
  var missed = all
  missed.cycles!.rounds = 3
  var impossible = all
  (impossible.cycles!.rounds, impossible.cycles!.leastAccuracy) = (100, nil)
  var oneSize = all
  (oneSize.cycles!.compressionStep, oneSize.cycles!.leastAccuracy) = (1, nil)
  var retraining = all
  retraining.fitness = FitnessMode(retraining: .init(start: .finetune, recipe: recipe, draws: 2))
  var untrained = all
  untrained.cycles!.recipe.epochs = 0
  return [
    ("cycles", all, FakeWorker(all)), ("missed", missed, FakeWorker(missed, leastKept: 10)),
    ("impossible", impossible, FakeWorker(impossible)), ("one size", oneSize, FakeWorker(oneSize)),
    ("cycles with retraining", retraining, FakeWorker(retraining)),
    ("cycles without training", untrained, FakeWorker(untrained)),
  ]
}

/// Studies that score their weights: for baselines, for searches, for both, in cycles, and where gradients are not
/// finite.
func scoreVariants() throws -> [Variant] {
  var baselines = try smallStudy()
  baselines.baselines = Baselines(gradient: true, edgePopup: TrainingRecipe(epochs: 2))
  var searches = try smallStudy()
  searches.searches = searches.searches.map { SearchPlan($0.strategy, $0.settings, scores: .activation) }
  searches.searches[1] = SearchPlan(.randomSearch, searches.searches[1].settings, scores: .gradient)
  var both = searches
  both.baselines = baselines.baselines
  var cycles = try shortStudy()
  cycles.cycles = Cycles(
    rounds: 2, compressionStep: 1.2, recipe: TrainingRecipe(epochs: 1, batchSize: 20, learningRate: 0.001))
  (cycles.searches, cycles.baselines.gradient) = (searches.searches, true)
  return [
    ("scored baselines", baselines, FakeWorker(baselines)), ("scored searches", searches, FakeWorker(searches)),
    ("scored", both, FakeWorker(both)), ("scored cycles", cycles, FakeWorker(cycles)),
    ("no gradients", baselines, FakeWorker(baselines, hasGradients: false)),
  ]
}

/// All of them.
func variants() throws -> [Variant] {
  try trainingVariants() + rivalVariants() + retrainingVariants() + cycleVariants() + sparsityVariants()
    + populationVariants() + scoreVariants()
}

/// A worker that answers every job with a pure function of the job, and has the weights that it made.
final class FakeWorker {
  /// Steps of the first training.
  let steps: Int
  /// The step in which training leaves the finite numbers; nil: never.
  let divergesIn: Int?
  /// What the network of each segment of the first training scores on `validation`, one after another.
  let judgements: [Score]
  /// Masks that keep fewer are not good enough for another cycle.
  let leastKept: Int
  /// Whether the gradients of the weights are finite.
  let hasGradients: Bool
  private let segmentSteps: Int
  /// Weights from outside are judged before the first segment.
  private let judgesFirst: Bool
  private let values: [Float]
  /// Weights that the training of masks left, and scores.
  private var made: [Digest: [UInt8]] = [:]

  init(_ study: Study, divergesIn: Int? = nil, judgements: [Score] = [], leastKept: Int = 0, hasGradients: Bool = true)
  {
    var stream = RandomStream(seed: 5, .test)
    let count = ParameterLayout(study.network, scope: study.scope).count
    values = (0..<count).map { _ in Float(stream.normal()) }
    let perEpoch = study.training.stepsPerEpoch(samples: sampleSplits.train.count)
    steps = study.training.epochs * perEpoch
    segmentSteps = study.segment.steps(perEpoch: perEpoch)
    judgesFirst = study.pretrained != nil
    self.divergesIn = divergesIn
    self.judgements = judgements
    self.leastKept = leastKept
    self.hasGradients = hasGradients
  }

  /// Weights from outside: those of step 0.
  static func pretrained(_ study: Study) -> Digest { Digest(of: FakeWorker(study).parameters(after: 0)) }

  /// The weights after so many steps, in stored form.
  func parameters(after step: Int) -> [UInt8] {
    Parameters.canonicalBytes(of: [Float(step)] + values.dropFirst())
  }

  /// The weights that the whole first training ends with, in stored form.
  var parameters: [UInt8] { parameters(after: steps) }

  /// The step of the first training whose weights have this digest.
  func step(of parameters: Digest) -> Int? {
    (0...steps).first { Digest(of: self.parameters(after: $0)) == parameters }
  }

  /// The weights of a digest.
  func blob(_ digest: Digest) -> [UInt8] { made[digest] ?? parameters(after: step(of: digest)!) }

  func outcome(of job: Job) -> Outcome {
    switch job {
    case .split: return .split(sampleSplits)
    case .train(let segment):
      if let divergesIn, segment.steps.contains(divergesIn) { return .diverged(step: divergesIn) }
      return .trained(segment.mask == nil ? trained(segment) : trainedMask(segment))
    case .score(let scoring):
      return scoring.criterion == .gradient && !hasGradients ? .diverged(step: 0) : .scored(scored(scoring))
    case .grow: preconditionFailure("no search grows anything")
    case .evaluate(let evaluation):
      if evaluation.slice == sampleSplits.validation { return .evaluated(judgement(evaluation)) }
      let score = score(evaluation)
      let isMissed = evaluation.threshold?.isMissed(by: score) ?? false
      return isMissed ? .worseThanThreshold : .evaluated(score)
    case .test(let evaluation):
      return .tested(TestScore(firstFive: score(evaluation)))
    }
  }

  private func trained(_ segment: TrainingSegment) -> TrainedSegment {
    let end = segment.steps.upperBound
    return TrainedSegment(
      state: digest("state after \(end)"), parameters: Digest(of: parameters(after: end)), loss: 0.5)
  }

  /// Weights that depend on all that the segment began with.
  private func trainedMask(_ segment: TrainingSegment) -> TrainedSegment {
    let key = Job.train(segment).digest
    var stream = RandomStream(seed: key.firstWord, .test)
    let bytes = Parameters.canonicalBytes(of: values.map { _ in Float(stream.normal()) })
    let parameters = Digest(of: bytes)
    made[parameters] = bytes
    return TrainedSegment(state: digest("state of \(key.hex)"), parameters: parameters, loss: 0.5)
  }

  /// Scores that depend on all of the job.
  private func scored(_ scoring: Scoring) -> Digest {
    var stream = RandomStream(seed: Job.score(scoring).digest.firstWord, .test)
    let count = scoring.network.prunableCount(scoring.scope)
    let bytes = Parameters.canonicalBytes(of: (0..<count).map { _ in Float(stream.uniform()) })
    made[Digest(of: bytes)] = bytes
    return Digest(of: bytes)
  }

  private func judgement(_ evaluation: Evaluation<FitnessUse>) -> Score {
    if let mask = evaluation.mask {
      return .exact(correct: mask.population < leastKept ? 4 : 5, count: evaluation.sampleCount, loss: 1)
    }
    let segment = (step(of: evaluation.parameters!)! + segmentSteps - 1) / segmentSteps
    return judgements[judgesFirst ? segment : segment - 1]
  }

  /// Few levels of accuracy, so that losses and places decide often; one candidate in 16 is not finite.
  private func score<Use>(_ evaluation: Evaluation<Use>) -> Score {
    let count = evaluation.sampleCount
    // Networks that are trained from fresh weights differ like masks do.
    let other = evaluation.parameters == nil ? evaluation.network.digest : nil
    guard let mask = evaluation.maskDigest ?? other else { return .exact(correct: count, count: count, loss: 0.125) }
    let draw = evaluation.retraining.map { "\($0.draw)" } ?? "-"
    let word = digest("\(mask.hex) \(evaluation.parameters?.hex ?? "fresh") \(draw)").firstWord
    if word % 16 == 0 { return .nonfinite }
    return .exact(correct: Int(word >> 8 % 5), count: count, loss: Double(word >> 16 % 8) / 8)
  }
}
