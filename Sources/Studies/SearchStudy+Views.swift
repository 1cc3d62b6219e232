package import Digests
internal import Models
package import Pruning
package import Search

extension SearchStudy {
  /// The slices, once the split is known.
  package var currentSplits: Splits? { splits }

  /// The blob of the trained weights of the present round, once training is done.
  package var currentParameters: Digest? { weights }

  /// Whether there is nothing to train before the search, or it is trained.
  package var isTrained: Bool { weights != nil || study.architecture != nil }

  /// The best network of each search so far, where architectures are searched.
  package var bestArchitectures: [(strategy: Strategy, architecture: Architecture)] {
    guard let round else { return [] }
    return study.searches.indices.compactMap { index in
      round.judge.architecture(of: round.best(index)).map { (study.searches[index].strategy, $0) }
    }
  }

  /// The mask of the best candidate of all searches of the present round; nil before there is one, and where there are
  /// none but whole networks.
  package var bestMask: Mask? {
    guard let round else { return nil }
    let places = round.searches.indices.filter { round.searches[$0].best != nil }
    guard let best = places.max(by: { round.searches[$0].best!.fitness < round.searches[$1].best!.fitness }) else {
      return nil
    }
    return round.judge.mask(of: round.best(best))
  }

  /// The same over units; of a study of one search.
  var bestUnits: Mask? {
    guard let round, case .mask(let mask) = round.best(0) else { return nil }
    return mask
  }

  /// The blobs that jobs without an outcome need.
  package var openInputs: [Digest] { pending.flatMap(\.job.inputs) }

  /// The blobs that no open job needs and a later one may: of a training that is under way, or to return to.
  package var heldBlobs: [Digest] { (chain?.held ?? []) + [early].compactMap { $0 } }

  /// Epochs of the first training that are done, in part.
  package var trainedEpochs: Double {
    let steps = phase == .training ? chain!.step : trainedSteps
    return Double(steps) / Double(max(study.training.stepsPerEpoch(samples: splits?.train.count ?? 0), 1))
  }

  /// The generation of the first search that is being evaluated, how many there will be, and the best fitness so far.
  package var progress: (generation: Int, generations: Int, best: Fitness?) {
    if let population { return population.progress }
    guard let first = round?.searches[0] else { return (0, generations, nil) }
    return (first.told / first.generationSize, generations, first.best?.fitness)
  }

  private var generations: Int {
    let size = round?.searches[0].generationSize ?? 1
    return round == nil ? 0 : (trials + size - 1) / size
  }

  /// The blobs that became useless since the last call.
  mutating func takeSuperseded() -> [Digest] {
    (chain?.takeSuperseded() ?? []) + (population?.takeSuperseded() ?? [])
  }
}
