internal import Models
internal import Monitoring
internal import Pruning
internal import Search
internal import Studies

extension SearchSnapshot {
  /// How the searches of a planner's run went.
  ///
  /// - Complexity: linear in the course, the fronts and the weights of one mask.
  init(_ course: SearchCourse, of run: PlannerRun, trials: Int) {
    self.init()
    let objective = run.planner.study.objective
    let goal = objective.goals[0]
    objectives = objective.goals.prefix(objective.objectiveCount).map {
      Objective(name: $0.rawValue, isLargerBetter: $0 == .accuracy)
    }
    func figure(_ fitness: Fitness?) -> Double? {
      guard let fitness, fitness.violation == 0, fitness.value.isFinite else { return nil }
      return goal.figure(fitness.value)
    }
    let states = run.planner.searchStates
    lines = course.lines.map { line in
      // Behind the first round a name has its number.
      let strategy = line.name.prefix { $0 != "@" }
      let state = states.first { $0.strategy.rawValue == strategy }
      return Line(
        name: line.name, generationSize: state?.generationSize ?? 1,
        points: line.stretches.map {
          Point(generation: $0.generations.upperBound, best: figure($0.best), mean: $0.mean.map(goal.figure))
        })
    }
    baselines = course.baselines.sorted { $0.key < $1.key }.compactMap { name, fitness in
      figure(fitness).map { Baseline(name: name, value: $0) }
    }
    acceptance = states.compactMap { state in
      let counts = state.diagnostics.acceptance.filter { $0.proposed > 0 }
      guard !counts.isEmpty else { return nil }
      let kept = Self.spread(counts)
      return Acceptance(
        name: state.strategy.rawValue, temperatures: kept.map(\.temperature), rates: kept.map(\.rate))
    }
    if objective.isPareto {
      fronts = states.map { state in
        let feasible = state.front.compactMap { $0.fitness.violation == 0 ? $0.fitness.values : nil }
        let points = feasible.map { values in zip(objective.goals, values).map { $0.figure($1) } }
        return Front(name: state.strategy.rawValue, points: Self.spread(points.filter { $0.allSatisfy(\.isFinite) }))
      }
    }
    if let mask = run.planner.bestMask { note(mask, of: run.planner.study) }
    cacheHits = run.cacheHits
    self.trials = trials
  }

  /// At most 256 of a list, both ends among them.
  private static func spread<Item>(_ items: [Item]) -> [Item] {
    items.count <= 256 ? items : (0..<256).map { items[$0 * (items.count - 1) / 255] }
  }

  private mutating func note(_ mask: Mask, of study: Study) {
    let layout = ParameterLayout(study.network, scope: study.scope)
    layers = layout.prunable.map { tensor in
      Layer(
        name: study.network.nodes[tensor.node].name, kept: mask.population(in: tensor.maskRange!),
        size: tensor.maskRange!.count)
    }
    if let first = layout.prunable.first { picture = Picture(mask, of: first, in: study.network) }
  }
}

extension SearchSnapshot.Picture {
  /// The first layer's kept weights by input; nil where the network does not begin with a dense layer, or its inputs make
  /// no picture.
  fileprivate init?(_ mask: Mask, of tensor: ParameterTensor, in network: NetworkDescription) {
    guard tensor.shape.count == 2, let range = tensor.maskRange, range.count <= 1 << 22 else { return nil }
    let inputs = tensor.shape[1]
    let shape = network.shapes[0]
    guard shape.reduce(1, *) == inputs, let side = Self.sides(shape) else { return nil }
    let pixels = side.width * side.height
    var counts = Array(repeating: 0, count: pixels)
    for output in 0..<tensor.shape[0] {
      let row = range.lowerBound + output * inputs
      for input in 0..<inputs where mask[row + input] { counts[input % pixels] += 1 }
    }
    self.init(
      layer: network.nodes[tensor.node].name, width: side.width, height: side.height,
      most: tensor.shape[0] * (inputs / pixels), kept: counts)
  }

  /// The sides of an input: those of its channels, or of a square where it is a row of values, of one channel or three.
  private static func sides(_ shape: [Int]) -> (width: Int, height: Int)? {
    if shape.count == 3 { return (shape[2], shape[1]) }
    guard shape.count == 1 else { return nil }
    for channels in [1, 3] where shape[0] % channels == 0 {
      let side = Int(Double(shape[0] / channels).squareRoot().rounded())
      if side * side * channels == shape[0], side > 1 { return (side, side) }
    }
    return nil
  }
}
