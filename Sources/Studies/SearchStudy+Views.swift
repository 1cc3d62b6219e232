package import Digests
internal import Models
package import Pruning
package import Search

/// A network that the report puts on the test slice.
package struct Contestant: Hashable, Sendable {
  package let strategy: Strategy
  /// Nil for the dense network.
  package let mask: Mask?
  /// The compression that was asked for; 1 for the dense network.
  package let compression: Double
  /// One job for each draw of a retraining that no search saw, else one.
  package let jobs: [Job]
  package let metrics: SizeMetrics
}

extension SearchStudy {
  /// The networks to compare on `test`, once the planner has finished; empty before.
  ///
  /// With cycles or a population: the first round's rivals are left out, since only what was trained counts.
  package var contestants: [Contestant] {
    guard phase == .finished, let splits, let round else { return [] }
    var out: [Contestant] = []
    let judge = round.judge
    func add(
      _ strategy: Strategy, _ mask: Mask?, _ metrics: SizeMetrics, _ compression: Double, _ jobs: [Evaluation<TestUse>]
    ) {
      out.append(
        Contestant(
          strategy: strategy, mask: mask, compression: compression, jobs: jobs.map(Job.test), metrics: metrics))
    }
    func add(_ strategy: Strategy, units: Mask?) {
      let mask = units.map(judge.units.weightMask)
      add(
        strategy, mask, judge.metrics(ofUnits: units), units == nil ? 1 : study.compression.upperBound,
        judge.evaluations(mask, on: splits.test, atTheEnd: true))
    }
    if let population {
      add(.dense, nil, judge.metrics(ofUnits: nil), 1, [Evaluation(dense: self, slice: splits.test)])
      for result in population.results {
        add(
          result.strategy, judge.units.weightMask(result.mask), judge.metrics(ofUnits: result.mask), result.compression,
          [result.test])
      }
      return out
    }
    guard study.cycles == nil else {
      add(.dense, nil, judge.metrics(ofUnits: nil), 1, [Evaluation(dense: self, slice: splits.test)])
      for (index, cycle) in cycles.enumerated() {
        add(
          Strategy("Cycle\(index + 1)\(cycle.isGoodEnough ? "" : " (missed)")"), cycle.mask, cycle.metrics,
          compression(ofRound: index).upperBound,
          [
            Evaluation(
              network: study.network, scope: study.scope, parameters: cycle.weights, mask: cycle.mask,
              slice: splits.test)
          ])
      }
      return out
    }
    for (strategy, mask) in round.baselines { add(strategy, units: mask) }
    for index in study.searches.indices {
      guard let mask = round.best(index) else { continue }
      add(study.searches[index].strategy, units: mask)
    }
    return out
  }

  /// The slices, once the split is known.
  package var currentSplits: Splits? { splits }

  /// The blob of the trained weights of the present round, once training is done.
  package var currentParameters: Digest? { weights }

  /// The blobs that jobs without an outcome need.
  package var openInputs: [Digest] { pending.flatMap(\.job.inputs) }

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

extension Evaluation {
  /// The dense network with the weights that the study trained first.
  fileprivate init(dense study: SearchStudy, slice: Slice<Use>) {
    self.init(
      network: study.study.network, scope: study.study.scope, parameters: study.firstWeights!, mask: nil, slice: slice)
  }
}
