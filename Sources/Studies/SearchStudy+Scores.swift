internal import Digests
internal import Models
internal import Pruning
internal import Search

/// What a round has of scores other than |w|.
struct ScoredMasks: Sendable {
  /// The round's masks, ranked by these scores.
  var spaces: [UnitScores: MaskSpace] = [:]
  /// Masks over units that need no search.
  var baselines: [(strategy: Strategy, mask: Mask)] = []
}

extension Study {
  /// What a study needs to know of its weights.
  enum Criterion: Hashable, Sendable {
    case gradient
    case activation
    case edgePopup(TrainingRecipe)
  }

  /// In the order in which they are asked for.
  var criteria: [Criterion] {
    let used = Set(searches.map(\.scores))
    var out: [Criterion] = []
    if baselines.gradient || used.contains(.gradient) { out.append(.gradient) }
    if used.contains(.activation) { out.append(.activation) }
    if let recipe = baselines.edgePopup { out.append(.edgePopup(recipe)) }
    return out
  }
}

extension SearchStudy {
  /// Samples of `train` that gradients and activations are summed over, at most.
  static let scoredSamples = 10_000

  /// The jobs that score the present weights.
  var scorings: [Proposal] {
    study.criteria.map { criterion in
      let samples: Int?
      let kind: Scoring.Criterion
      switch criterion {
      case .gradient: (kind, samples) = (.gradient, Self.scoredSamples)
      case .activation: (kind, samples) = (.activation, Self.scoredSamples)
      case .edgePopup(let recipe):
        kind = .edgePopup(Scoring.PopupTraining(recipe: recipe, kept: keptOfLayers, seed: study.seed))
        samples = nil
      }
      let job = Scoring(
        network: study.network, scope: study.scope, parameters: weights!, slice: splits!.train, samples: samples,
        criterion: kind, numerics: study.numerics)
      return Proposal(job: .score(job), strategy: .scoring)
    }
  }

  /// How many weights each layer in the scope keeps where all are pruned alike, at the smallest size of the round.
  private var keptOfLayers: [Int] {
    let zeros = [Float](repeating: 0, count: layout.count)
    let most = compression(ofRound: cycles.count).upperBound
    guard
      let (units, space) = try? Self.space(of: study, compression: most...most, parameters: zeros, isDrawnFrom: false)
    else {
      preconditionFailure("rounds whose budget cannot be met are not begun")
    }
    let mask = units.weightMask(space.mask(sparsities: space.layers.map { _ in 0 }))
    return layout.prunable.map { mask.population(in: $0.maskRange!) }
  }

  /// Goes on to what a round needs, once its weights are known.
  mutating func beginScoring() {
    scores = []
    phase = study.criteria.isEmpty ? .weights : .scoring
  }

  /// Takes the outcome of a scoring.
  ///
  /// - Parameter blob: nil where a value was not finite. A baseline by gradients is left out then.
  /// - Throws: ``StudyFailure`` where the study cannot go on without.
  mutating func takeScores(_ blob: Digest?, of job: Scoring, divergedIn step: Int = 0) throws(StudyFailure) {
    if blob == nil {
      switch job.criterion {
      case .gradient where study.searches.allSatisfy({ $0.scores != .gradient }): break
      case .gradient, .gradientMagnitude, .activation, .fisher, .optimalBrainDamage, .optimalBrainSurgeon, .rewriting,
        .gradientNorm:
        throw StudyFailure("the scores of the weights that search.scores asks for are not finite; take magnitude")
      case .edgePopup:
        throw StudyFailure(
          "edge-popup left the finite numbers in step \(step + 1); lower baselines.edge_popup.learning_rate and start a "
            + "new run")
      }
    }
    scores.append(blob)
    if pending.isEmpty { phase = .weights }
  }

  /// The blobs that a round begins with: the weights, then their scores.
  var blobsOfRound: [Digest] { [weights!] + scores.compactMap { $0 } }

  /// The values of one of them.
  ///
  /// - Throws: ``StudyFailure`` for bytes that are not of this network.
  func values(of bytes: [UInt8], for place: Int) throws(StudyFailure) -> [Float] {
    let expected = place == 0 ? layout.count : layout.prunableCount
    guard let values = try? Parameters.values(canonical: bytes), values.count == expected,
      place == 0 || values.allSatisfy({ $0.isFinite && $0 >= 0 })
    else {
      throw StudyFailure(
        "the stored \(place == 0 ? "weights" : "scores") \(blobsOfRound[place]) are not of this network")
    }
    return values
  }

  /// What the scores of the present weights mean for a round.
  ///
  /// - Parameter values: those that are finite, in order.
  func scored(_ values: [[Float]], compression: ClosedRange<Double>) throws(BudgetError) -> ScoredMasks {
    var out = ScoredMasks()
    var rest = values[...]
    for (criterion, blob) in zip(study.criteria, scores) where blob != nil {
      let asWeights = layout.placing(rest.removeFirst())
      let most = compression.upperBound...compression.upperBound
      let (_, smallest) = try Self.space(
        of: study, compression: most, parameters: asWeights, isDrawnFrom: false)
      func equally() -> Mask { smallest.mask(sparsities: smallest.layers.map { _ in 0 }) }
      switch criterion {
      case .gradient:
        out.spaces[.gradient] = try Self.space(of: study, compression: compression, parameters: asWeights).space
        guard study.baselines.gradient else { continue }
        if study.units.granularity.hasLayerBudgets { out.baselines.append((.layerGradient, equally())) }
        out.baselines.append((.globalGradient, smallest.selected(smallest.tables.magnitudes)))
      case .activation:
        out.spaces[.activation] = try Self.space(of: study, compression: compression, parameters: asWeights).space
      case .edgePopup: out.baselines.append((.edgePopup, equally()))
      }
    }
    return out
  }
}

extension Granularity {
  /// Whether layers can keep more or less; N:M fixes it.
  fileprivate var hasLayerBudgets: Bool { if case .pattern = self { false } else { true } }
}

extension ParameterLayout {
  /// A parameter buffer with values for the prunable weights, in mask order, and zeros else.
  func placing(_ values: [Float]) -> [Float] {
    var out = [Float](repeating: 0, count: count)
    for tensor in prunable { out.replaceSubrange(tensor.range, with: values[tensor.maskRange!]) }
    return out
  }
}
