package import Models
package import Pruning
package import Studies

/// One network of a run's comparison, with all that a table or a chart may show of it.
///
/// Runs of any kind give such rows, so that they stand in one table.
package struct ResultRow: Hashable, Sendable {
  /// A layer's kept weights.
  package struct Layer: Hashable, Sendable {
    package let name: String
    package let kept: Int
    package let size: Int

    package init(name: String, kept: Int, size: Int) { (self.name, self.kept, self.size) = (name, kept, size) }
  }

  /// Where it comes from: the run's directory.
  package let run: String
  /// The name of the study.
  package let study: String
  /// What the network with its data and training is called: rows of one subject compare.
  package let subject: String
  package let dataset: String
  package let model: String
  /// What `sentei export` and `evaluate` know it by.
  package let name: String
  package let strategy: Strategy
  /// The size that was asked for.
  package let requested: RequestedSize
  /// Rounds of pruning behind it.
  package let level: Int
  /// Whether it is what its strategy is for, and not on the way there.
  package let isResult: Bool
  package let seed: UInt64
  package let metrics: SizeMetrics
  /// Layers that can be pruned.
  package let layers: [Layer]
  /// On `test`: the dense network of the same run and seed; the network as it was pruned, before any retraining, or nil
  /// where nobody judged that; and as it is.
  package let dense: TestScore
  package let pruned: TestScore?
  package let after: TestScore
  /// On `validation` and on the slice that decided fitness; nil where nobody looked.
  package let validation: Score?
  package let search: Score?
  /// The scores on `validation` in the course of its training.
  package let curve: [CurvePoint]
  /// The step with the lowest loss of ``curve``.
  package let bestStep: Int?
  /// The training that its weights come from.
  package let recipe: TrainingRecipe
  /// Epochs of ``recipe`` behind which its training ended: early stopping makes them fewer, and a part of one may be the
  /// last.
  package let completedEpochs: Double
  /// Classes that the network tells apart.
  package let classes: Int
  /// Distinct evaluations that its account asked for.
  package let evaluations: Int
  /// Processor seconds of the workers for its account's own jobs.
  package let cpuSeconds: Double
  package let mask: Mask?
  /// What the dense network's layers bear, where its procedure asked.
  package var scan: SensitivityScan?
  /// What was seen of its training, where networks grow.
  package var growth: GrowthCourse?
  /// On the first samples of `train`, as many as `test` has; nil where the study did not ask.
  package var train: Score?

  /// How much better it is on `train` than on `test`, in percentage points of accuracy; nil where nobody looked.
  package var gap: Double? { train.map { 100 * ($0.accuracy - after.accuracy) } }

  package init(
    run: String, study: String, subject: String, dataset: String, model: String, name: String, strategy: Strategy,
    requested: RequestedSize, level: Int,
    isResult: Bool, seed: UInt64, metrics: SizeMetrics, layers: [Layer], dense: TestScore, pruned: TestScore?,
    after: TestScore, validation: Score?, search: Score?, curve: [CurvePoint], bestStep: Int?, recipe: TrainingRecipe,
    completedEpochs: Double, classes: Int, evaluations: Int, cpuSeconds: Double, mask: Mask?
  ) {
    self.run = run
    self.study = study
    self.subject = subject
    self.dataset = dataset
    self.model = model
    self.name = name
    self.strategy = strategy
    self.requested = requested
    self.level = level
    self.isResult = isResult
    self.seed = seed
    self.metrics = metrics
    self.layers = layers
    self.dense = dense
    self.pruned = pruned
    self.after = after
    self.validation = validation
    self.search = search
    self.curve = curve
    self.bestStep = bestStep
    self.recipe = recipe
    self.completedEpochs = completedEpochs
    self.classes = classes
    self.evaluations = evaluations
    self.cpuSeconds = cpuSeconds
    self.mask = mask
  }
}

extension ResultRow {
  /// The layers of a network that a mask leaves.
  static func layers(_ network: NetworkDescription, _ scope: PruningScope, _ mask: Mask?) -> [Layer] {
    ParameterLayout(network, scope: scope).prunable.map { tensor in
      let range = tensor.maskRange!
      return Layer(
        name: network.nodes[tensor.node].name, kept: mask?.population(in: range) ?? range.count, size: range.count)
    }
  }
}

extension Score {
  /// What several draws have together; nil for none, and where an outcome is missing.
  static func mean(_ jobs: [Job], _ outcome: (Job) -> Outcome?) -> Score? {
    var draws: [Score] = []
    for job in jobs {
      guard case .evaluated(let score)? = outcome(job) else { return nil }
      draws.append(score)
    }
    return draws.isEmpty ? nil : Score.mean(draws)
  }
}

extension TestScore {
  /// The fraction of samples whose label is among the first five.
  package var accuracy5: Double {
    guard case .exact(_, let count, _) = score, count > 0 else { return 0 }
    return Double(top5) / Double(count)
  }

  /// What several draws have together; nil where an outcome is missing.
  static func mean(_ jobs: [Job], _ outcome: (Job) -> Outcome?) -> TestScore? {
    var draws: [TestScore] = []
    for job in jobs {
      guard case .tested(let test)? = outcome(job) else { return nil }
      draws.append(test)
    }
    guard !draws.isEmpty else { return nil }
    let score = Score.mean(draws.map(\.score))
    return TestScore(score, top5: score == .nonfinite ? 0 : draws.reduce(0) { $0 + $1.top5 })
  }
}
