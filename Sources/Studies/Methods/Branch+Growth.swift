internal import Digests
internal import Models
internal import Pruning

/// Networks that grow while they are trained.
extension Branch {
  func grow(_ desk: inout Desk, _ splits: Splits, _ plan: GrowthPlan) throws(Desk.Pause) {
    let target = subject.network
    let seedNetwork = try possible { () throws(NetworkError) in try target.scalingChannels(by: plan.share) }
    // Fresh weights, from a segment of no steps.
    let start = try desk.trained(segment(seedNetwork, splits, from: .fresh, 0..<0))
    var growth = GrowthProgress(
      plan: plan, splits: splits, target: target, network: seedNetwork, state: start,
      multiplyAdds: ParameterLayout(seedNetwork).multiplyAdds, layers: plan.layers[...],
      watch: plan.watch)
    let total = subject.training.epochs * subject.training.stepsPerEpoch(samples: splits.train.count)
    while true {
      if plan.method != nil, growth.step < total, growth.isTime { _ = try grow(&desk, &growth) }
      if growth.step % plan.lookEvery == 0 || growth.step == total || growth.course.events.last?.step == growth.step {
        try look(&desk, &growth)
        // What a look found to be a plateau ends there; what is behind the growth is what counts.
        if plan.method != nil, growth.step < total, growth.isDue, try grow(&desk, &growth) {
          growth.course.looks.removeLast()
          growth.curve.removeLast()
          try look(&desk, &growth)
        }
      }
      guard growth.step < total else { break }
      try train(&desk, &growth, to: min(growth.nextStop, total))
    }
    // What is left of the way is the weights that it ended with.
    desk.giveUp([growth.state.state])
    desk.report(
      finding(
        plan.strategy, level: plan.share < 1 || plan.method != nil ? 1 : 0, growth.network, growth.state.parameters,
        growth.course, growth.curve))
  }

  /// Trains to a step.
  private func train(_ desk: inout Desk, _ growth: inout GrowthProgress, to end: Int) throws(Desk.Pause) {
    let before = growth.state
    growth.state = try desk.trained(
      segment(growth.network, growth.splits, from: .state(before.state), growth.step..<end))
    desk.giveUp([before.state, before.parameters])
    let samples =
      subject.training.samples(end, of: growth.splits.train.count)
      - subject.training.samples(growth.step, of: growth.splits.train.count)
    growth.spent += 3 * Double(samples) * Double(growth.multiplyAdds)
    growth.step = end
  }

  func segment(
    _ network: NetworkDescription, _ splits: Splits, from start: TrainingSegment.Start, _ steps: Range<Int>
  ) -> TrainingSegment {
    TrainingSegment(
      network: network, recipe: subject.training, seed: seed, slice: splits.train, start: start, steps: steps,
      numerics: numerics)
  }

  /// Looks at what there is now; where plateaus decide, growing may be due then.
  private func look(_ desk: inout Desk, _ growth: inout GrowthProgress) throws(Desk.Pause) {
    let stage = GrowthStage(step: growth.step, network: growth.network, state: growth.state, spent: growth.spent)
    try look(&desk, growth.splits, stage, samples: growth.plan.samples, &growth.course, &growth.curve)
    let loss = growth.course.looks.last!.train.loss
    if growth.step >= growth.plan.firstStep, growth.watch?.observe(loss).stops ?? false { growth.isDue = true }
  }

  /// Loss and gradient on samples of `train`, and the score on `validation`, behind what was seen before.
  func look(
    _ desk: inout Desk, _ splits: Splits, _ stage: GrowthStage, samples: Int, _ course: inout GrowthCourse,
    _ curve: inout [CurvePoint]
  ) throws(Desk.Pause) {
    let (network, weights) = (stage.network, stage.state.parameters)
    let (scores, norm) = try desk.look(
      [
        Evaluation(
          network: network, scope: subject.scope, parameters: weights, mask: nil, slice: splits.train.forReport,
          samples: samples),
        Evaluation(network: network, scope: subject.scope, parameters: weights, mask: nil, slice: splits.validation),
      ],
      Scoring(
        network: network, scope: subject.scope, parameters: weights, slice: splits.train, samples: samples,
        criterion: .gradientNorm(zerosLearn: subject.training.zerosLearn), numerics: numerics))
    course.looks.append(
      GrowthCourse.Look(step: stage.step, train: scores[0], gradientNorm: norm, multiplyAdds: stage.spent))
    let loss = scores[1].loss
    let isBest = loss.isFinite && curve.allSatisfy { loss < $0.score.loss || !$0.isBest }
    curve.append(CurvePoint(step: stage.step, score: scores[1], isBest: isBest))
  }

  /// What came of it, beside the subject's network.
  func finding(
    _ strategy: Strategy, level: Int, _ network: NetworkDescription, _ parameters: Digest, _ course: GrowthCourse,
    _ curve: [CurvePoint]
  ) -> Finding {
    let (full, own) = (
      SizeMetrics(ParameterLayout(subject.network), mask: nil), SizeMetrics(ParameterLayout(network), mask: nil)
    )
    return Finding(
      place: place.level(level), strategy: strategy, isResult: true, requested: .whole, mask: nil, pruned: nil,
      parameters: parameters, recipe: subject.training,
      metrics: SizeMetrics(
        size: full.size, sizeNonzero: own.size, flops: full.flops, flopsNonzero: own.flops),
      validation: curve.last!.score, curve: curve, network: network, growth: course)
  }

  /// One step of growth, of one layer or of all.
  ///
  /// - Returns: whether anything could still grow.
  private func grow(_ desk: inout Desk, _ growth: inout GrowthProgress) throws(Desk.Pause) -> Bool {
    growth.isDue = false
    growth.watch = growth.plan.watch
    let progress = growth
    let open = try desk.sites { progress.openSites }
    guard !open.isEmpty else {
      guard let layer = growth.layers.popFirst() else { return false }
      guard let node = growth.network.nodes.firstIndex(where: { $0.name == layer.behind }) else {
        throw .failed(StudyFailure("\(label): \(growth.network.name) has no layer \(layer.behind)"))
      }
      try take(&desk, &growth, [(.layer(behind: node, layer.kind), layer.behind, 0)])
      return true
    }
    func neurons(_ site: GrowthProgress.Open) -> Choice {
      (.neurons(producer: site.producer, count: site.count), site.name, site.count)
    }
    switch growth.plan.order {
    case .allAtOnce: for site in open { try take(&desk, &growth, [neurons(site)]) }
    case .roundRobin:
      let next = open.first { $0.producer > growth.last } ?? open[0]
      growth.last = next.producer
      try take(&desk, &growth, [neurons(next)])
    case .largestGain: try take(&desk, &growth, open.map(neurons))
    }
    return true
  }

  private typealias Choice = (place: GrowthStep.Place, layer: String, count: Int)

  /// Grows at the one of some places where the gain is largest for its multiply-adds; of equals the first.
  private func take(
    _ desk: inout Desk, _ growth: inout GrowthProgress, _ choices: [Choice]
  ) throws(Desk.Pause) {
    let (progress, state) = (growth, growth.state)
    let jobs = try desk.growths { () throws(Desk.Pause) in
      var jobs: [GrowthChoice] = []
      for choice in choices {
        jobs.append(
          try possible { () throws(NetworkError) in
            try GrowthChoice(
              Growing(
                network: progress.network, recipe: subject.training, seed: seed, slice: progress.splits.train,
                state: state.state, step: progress.step,
                growth: GrowthStep(
                  choice.place, progress.plan.method!, scale: progress.plan.scale, samples: progress.plan.samples),
                numerics: numerics))
          })
      }
      return jobs
    }
    let grown = try desk.grown(jobs.map(\.job))
    let gains = zip(jobs, grown).map { choice, network in
      network.gain / max(1, Double(choice.multiplyAdds - growth.multiplyAdds))
    }
    let best = gains.indices.reduce(0) { gains[$1] > gains[$0] ? $1 : $0 }
    growth.spent += jobs.reduce(0) { $0 + $1.cost }
    desk.giveUp(
      [state.state, state.parameters]
        + grown.indices.filter { $0 != best }.flatMap { [grown[$0].state, grown[$0].parameters] })
    growth.network = jobs[best].job.grown
    growth.multiplyAdds = jobs[best].multiplyAdds
    growth.state = TrainedSegment(state: grown[best].state, parameters: grown[best].parameters, loss: 0)
    growth.times[choices[best].layer, default: 0] += 1
    growth.course.events.append(
      GrowthCourse.Event(
        step: growth.step, layer: choices[best].layer, count: choices[best].count, gain: grown[best].gain))
  }

  /// - Throws: the study's end, since what cannot grow here can nowhere.
  func possible<Value>(_ body: () throws(NetworkError) -> Value) throws(Desk.Pause) -> Value {
    do { return try body() } catch { throw .failed(StudyFailure("\(label): \(error.description)")) }
  }
}
