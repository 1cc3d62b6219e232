internal import Digests
internal import Models
internal import Pruning
internal import Search

/// Networks that grow and are pruned while they are trained, as genomes say that a search breeds.
extension Branch {
  func searchStructure(_ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan) throws(Desk.Pause) {
    let target = subject.network
    let total = subject.training.epochs * subject.training.stepsPerEpoch(samples: splits.train.count)
    let moments = plan.moments(before: total)
    // What asks for networks is worked out once.
    let (first, seedNetwork) = try desk.structure { () throws(Desk.Pause) in
      try possible { () throws(NetworkError) in
        let seedNetwork = try target.scalingChannels(by: plan.growth.share)
        let space = try StructureSpace(from: seedNetwork, to: target, moments: moments.count, moves: plan.moves)
        return (StructureSearch(space, plan, seed: seed), Development.Seed(seedNetwork))
      }
    }
    let start = try desk.trained(segment(seedNetwork.network, splits, from: .fresh, 0..<0))
    var search = first
    var best: Development?
    // Given up at the end alone: genomes share their beginnings, later ones with those that were not the best.
    var made = [start.state, start.parameters]
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
      if let genome = search.best?.genome, let better = found.first(where: { $0.genome == genome }) { best = better }
      made += found.flatMap(\.blobs)
    }
    guard let lineage = search.lineage, let best else {
      desk.giveUp(made)
      throw .ended(.noFiniteLoss)
    }
    try report(&desk, splits, plan, best, lineage)
    desk.giveUp(made.filter { $0 != best.state.parameters })
  }

  /// Trains what genomes say to the end, all of them side by side.
  private func develop(
    _ all: inout [Development], _ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan, at moments: [Int],
    until total: Int
  ) throws(Desk.Pause) {
    for (number, moment) in moments.enumerated() {
      try train(&all, &desk, splits, plan, to: moment)
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
    try train(&all, &desk, splits, plan, to: total)
  }

  /// Trains up to a step, with the report's looks in between.
  private func train(
    _ all: inout [Development], _ desk: inout Desk, _ splits: Splits, _ plan: StructurePlan, to end: Int
  ) throws(Desk.Pause) {
    while let step = all.first(where: { !$0.isLost })?.step, step < end {
      let stop = min(end, (step / plan.growth.lookEvery + 1) * plan.growth.lookEvery)
      let before = all
      let alive = before.indices.filter { !before[$0].isLost }
      let trained = try desk.trainings(
        alive.map { segment(before[$0].network, splits, from: .state(before[$0].state.state), step..<stop) })
      let samples =
        subject.training.samples(stop, of: splits.train.count) - subject.training.samples(step, of: splits.train.count)
      for (place, segment) in zip(alive, trained) {
        guard let segment else {
          all[place].isLost = true
          continue
        }
        all[place].take(segment, at: stop, costing: 3 * Double(samples))
      }
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
    // None where the network would be larger than networks, or looks at it, may be.
    let choices = try desk.changes {
      changing.map { index in
        let development = before[index]
        let step = GrowthStep(
          place(development, producers)!, plan.growth.method!, scale: plan.growth.scale, samples: plan.growth.samples)
        guard (try? step.fits(development.network, trainSamples: splits.train.count)) ?? false else { return nil }
        return try? GrowthChoice(
          Growing(
            network: development.network, recipe: subject.training, seed: seed, slice: splits.train,
            state: development.state.state, step: development.step, growth: step, numerics: numerics))
      }
    }
    for (index, choice) in zip(changing, choices) where choice == nil { all[index].isLost = true }
    let possible = zip(changing, choices).compactMap { index, choice in choice.map { (index, $0) } }
    guard !possible.isEmpty else { return }
    let grown = try desk.changed(possible.map(\.1.job))
    for ((index, choice), network) in zip(possible, grown) {
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
    var (course, curve) = (GrowthCourse(), [CurvePoint]())
    for stage in best.stages {
      try look(&desk, splits, stage, samples: plan.growth.samples, &course, &curve)
    }
    course.events = best.events
    course.lineage = lineage
    course.widths = best.producers.map { producer in
      GrowthCourse.Width(
        layer: best.network.nodes[producer].name, count: best.network.shapes[producer][0])
    }
    desk.report(finding(plan.strategy, level: 1, best.network, best.state.parameters, course, curve))
  }
}

extension StructurePlan {
  /// The steps at which something may change, of a training of so many.
  func moments(before total: Int) -> [Int] {
    guard case .every(let steps) = growth.timing else { preconditionFailure("genomes say when, not plateaus") }
    return Array(stride(from: growth.firstStep, to: total, by: steps))
  }
}
