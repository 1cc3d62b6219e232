internal import Digests
internal import Models
internal import Pruning

/// What there is at a moment of a training in which a network changes.
struct GrowthStage: Sendable {
  let step: Int
  let network: NetworkDescription
  let state: TrainedSegment
  /// Multiply-adds spent.
  let spent: Double
}

/// A training with steps of growth and looks in between, as far as it is.
struct GrowthProgress: Sendable {
  let plan: GrowthPlan
  let splits: Splits
  /// The network to come to.
  let target: NetworkDescription
  var network: NetworkDescription
  var state: TrainedSegment
  var step = 0
  var course = GrowthCourse()
  var curve: [CurvePoint] = []
  /// Of one sample.
  var multiplyAdds: Int
  /// Multiply-adds spent.
  var spent = 0.0
  /// How often each layer grew, by name.
  var times: [String: Int] = [:]
  /// The producer that grew last under ``GrowthPlan/Order/roundRobin``.
  var last = 0
  var layers: ArraySlice<GrowthPlan.NewLayer>
  var watch: EarlyStopping.Watch?
  /// Whether a look found a plateau.
  var isDue = false
}

extension GrowthProgress {
  /// A layer that is not yet as wide as it will be.
  struct Open {
    let producer: Int
    let name: String
    /// Neurons that it gets next.
    let count: Int
  }

  /// The layers that can grow, in order.
  var openSites: [Open] {
    let widths = Dictionary(
      uniqueKeysWithValues: target.nodes.indices.map { (target.nodes[$0].name, target.shapes[$0][0]) })
    return network.growthSites.compactMap { site in
      let name = network.nodes[site.producer].name
      let now = network.shapes[site.producer][0]
      guard let whole = widths[name], now < whole else { return nil }
      let first = min(whole, max(network.least(site), Int((plan.share * Double(whole)).rounded())))
      let count = plan.count(now: now, target: whole, first: first, grownTimes: times[name] ?? 0)
      return count > 0 ? Open(producer: site.producer, name: name, count: count) : nil
    }
  }

  /// Whether growing is due at this step, whatever looks find.
  var isTime: Bool {
    switch plan.timing {
    case .every(let steps): step >= plan.firstStep && (step - plan.firstStep) % steps == 0
    case .plateau: false
    }
  }

  /// The step up to which nothing but training is done.
  var nextStop: Int {
    let look = (step / plan.lookEvery + 1) * plan.lookEvery
    guard plan.method != nil, case .every(let steps) = plan.timing else { return look }
    guard step >= plan.firstStep else { return min(look, plan.firstStep) }
    return min(look, plan.firstStep + ((step - plan.firstStep) / steps + 1) * steps)
  }
}

extension GrowthPlan {
  /// What sees a plateau; nil where steps decide.
  var watch: EarlyStopping.Watch? {
    if case .plateau(let rule) = timing { EarlyStopping.Watch(rule) } else { nil }
  }
}

extension TrainingRecipe {
  /// Samples that were seen behind so many steps.
  func samples(_ steps: Int, of count: Int) -> Int {
    let (epochs, rest) = steps.quotientAndRemainder(dividingBy: max(stepsPerEpoch(samples: count), 1))
    return epochs * count + min(rest * batchSize, count)
  }
}

/// A step of growth that could be taken, with what follows from the network alone.
struct GrowthChoice: Sendable {
  let job: Growing
  /// Of one sample, behind it.
  let multiplyAdds: Int
  /// Multiply-adds of the step itself.
  let cost: Double

  /// - Throws: ``NetworkError`` where the network cannot grow so.
  init(_ job: Growing) throws(NetworkError) {
    self.job = job
    multiplyAdds = ParameterLayout(job.grown).multiplyAdds
    cost = try job.growth.multiplyAdds(of: job.network, trainSamples: job.slice.count)
  }
}
