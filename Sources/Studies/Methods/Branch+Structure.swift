internal import Models
internal import Pruning
internal import Search

/// Networks that grow and are pruned while they are trained, as genomes say that a search breeds.
extension Branch {
  func searchStructure(_ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan) throws(Desk.Pause) {
    let target = subject.network
    let seedNetwork = try possible { () throws(NetworkError) in
      try target.scalingChannels(by: plan.growth.share)
    }
    let total = subject.training.epochs * subject.training.stepsPerEpoch(samples: splits.train.count)
    let moments = plan.moments(before: total)
    let start = try desk.trained(segment(seedNetwork, splits, from: .fresh, 0..<0))
    // Worked out once: the coefficients of the size ask for a network for each pair of layers.
    var search = try desk.structure { () throws(Desk.Pause) in
      let space = try possible { () throws(NetworkError) in
        try StructureSpace(from: seedNetwork, to: target, moments: moments.count, moves: plan.moves)
      }
      return StructureSearch(space, plan, seed: seed)
    }
    var best: Development?
    for _ in 0..<plan.generations {
      let before = search
      let candidates = try desk.candidates { before.candidates() }
      var developments = candidates.map { Development($0.genome, seedNetwork, start) }
      try develop(&developments, &desk, splits, plan, at: moments, until: total)
      let found = developments
      let alive = found.indices.filter { !found[$0].isLost }
      var losses = [Double?](repeating: nil, count: found.count)
      if !alive.isEmpty {
        let scores = try desk.evaluate(
          alive.map { judgement(found[$0], splits.search) })
        for (place, score) in zip(alive, scores) where score.loss.isFinite { losses[place] = score.loss }
      }
      search.take(candidates, losses)
      let genome = search.population[0].genome
      if let better = found.first(where: { $0.genome == genome && !$0.isLost }) {
        if let best { desk.giveUp(best.blobs) }
        best = better
      }
      for other in found where other.genome != genome { desk.giveUp(other.blobs) }
    }
    guard let lineage = search.lineage, let best else { throw .ended(.noFiniteLoss) }
    try report(&desk, splits, plan, best, lineage)
  }

  /// Trains what genomes say to the end, all of them side by side.
  private func develop(
    _ all: inout [Development], _ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan, at moments: [Int],
    until total: Int
  ) throws(Desk.Pause) {
    for (number, moment) in moments.enumerated() {
      try train(&all, &desk, splits, to: moment)
      for site in all[0].genome.moments[number].indices {
        try change(&all, &desk, splits, plan) { development, producers in
          let count = development.genome.moments[number][site].removed
          return count > 0 ? .removal(producer: producers[site], count: count) : nil
        }
        try change(&all, &desk, splits, plan) { development, producers in
          let count = development.genome.moments[number][site].added
          return count > 0 ? .neurons(producer: producers[site], count: count) : nil
        }
      }
    }
    try train(&all, &desk, splits, to: total)
  }

  private func train(
    _ all: inout [Development], _ desk: inout Desk, _ splits: Splits, to end: Int
  ) throws(Desk.Pause) {
    let before = all
    let alive = before.indices.filter { !before[$0].isLost && before[$0].step < end }
    guard !alive.isEmpty else { return }
    let trained = try desk.trainings(
      alive.map { place in
        segment(before[place].network, splits, from: .state(before[place].state.state), before[place].step..<end)
      })
    for (place, segment) in zip(alive, trained) {
      guard let segment else {
        all[place].isLost = true
        continue
      }
      let samples =
        subject.training.samples(end, of: splits.train.count)
        - subject.training.samples(before[place].step, of: splits.train.count)
      all[place].take(segment, at: end, costing: 3 * Double(samples))
    }
  }

  /// One step of growth or of removal in all networks that have one here.
  private func change(
    _ all: inout [Development], _ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan,
    _ place: (Development, _ producers: [Int]) -> GrowthStep.Place?
  ) throws(Desk.Pause) {
    let before = all
    // The layers keep their numbers whatever their widths are.
    let producers = before[0].producers
    let changing = before.indices.filter { !before[$0].isLost && place(before[$0], producers) != nil }
    guard !changing.isEmpty else { return }
    let choices = try desk.growths { () throws(Desk.Pause) in
      var choices: [GrowthChoice] = []
      for index in changing {
        let (development, step) = (before[index], place(before[index], producers)!)
        choices.append(
          try possible { () throws(NetworkError) in
            try GrowthChoice(
              Growing(
                network: development.network, recipe: subject.training, seed: seed, slice: splits.train,
                state: development.state.state, step: development.step,
                growth: GrowthStep(
                  step, plan.growth.method!, scale: plan.growth.scale, samples: plan.growth.samples),
                numerics: numerics))
          })
      }
      return choices
    }
    let grown = try desk.changed(choices.map(\.job))
    for (index, (choice, network)) in zip(changing, zip(choices, grown)) {
      if let network { all[index].take(network, choice) } else { all[index].isLost = true }
    }
  }

  private func judgement(
    _ development: Development, _ slice: Slice<FitnessUse>, samples: Int? = nil
  ) -> Evaluation<FitnessUse> {
    Evaluation(
      network: development.network, scope: subject.scope, parameters: development.state.parameters, mask: nil,
      slice: slice, samples: samples)
  }

  /// Looks at the best network behind each of its changes, and reports it.
  private func report(
    _ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan, _ best: Development, _ lineage: [StructureAncestor]
  ) throws(Desk.Pause) {
    let train = splits.train.forReport
    var (course, curve) = (GrowthCourse(), [CurvePoint]())
    for stage in best.stages {
      let weights = stage.state.parameters
      let (scores, norm) = try desk.look(
        [(train, plan.growth.samples), (splits.validation, nil)].map { slice, samples in
          Evaluation(
            network: stage.network, scope: subject.scope, parameters: weights, mask: nil, slice: slice,
            samples: samples)
        },
        Scoring(
          network: stage.network, scope: subject.scope, parameters: weights, slice: splits.train,
          samples: plan.growth.samples, criterion: .gradientNorm(zerosLearn: subject.training.zerosLearn),
          numerics: numerics))
      course.looks.append(
        GrowthCourse.Look(
          step: stage.step, train: scores[0], gradientNorm: norm, multiplyAdds: stage.spent))
      let loss = scores[1].loss
      let isBest = loss.isFinite && curve.allSatisfy { loss < $0.score.loss || !$0.isBest }
      curve.append(CurvePoint(step: stage.step, score: scores[1], isBest: isBest))
    }
    course.events = best.events
    course.lineage = lineage
    course.widths = best.producers.map { producer in
      GrowthCourse.Width(
        layer: best.network.nodes[producer].name, count: best.network.shapes[producer][0])
    }
    desk.giveUp(best.blobs.filter { $0 != best.state.parameters })
    let (full, own) = (
      SizeMetrics(ParameterLayout(subject.network), mask: nil), SizeMetrics(ParameterLayout(best.network), mask: nil)
    )
    desk.report(
      Finding(
        place: place.level(1), strategy: plan.strategy, isResult: true, requested: .whole, mask: nil, pruned: nil,
        parameters: best.state.parameters, recipe: subject.training,
        metrics: SizeMetrics(
          size: full.size, sizeNonzero: own.size, flops: full.flops, flopsNonzero: own.flops),
        validation: curve.last!.score, curve: curve, network: best.network, growth: course))
  }
}

extension StructurePlan {
  /// The steps at which something may change, of a training of so many.
  func moments(before total: Int) -> [Int] {
    guard case .every(let steps) = growth.timing else { preconditionFailure("genomes say when, not plateaus") }
    return Array(stride(from: growth.firstStep, to: total, by: steps))
  }
}
