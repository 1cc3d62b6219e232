internal import Models
internal import Monitoring
internal import Pruning
internal import Search
internal import Studies

extension SearchSnapshot {
  /// How the searches of a planner's run went.
  ///
  /// - Complexity: linear in the course, the fronts and the weights of one mask.
  init(_ course: SearchCourse, of run: any StudyRun, trials: Int) {
    self.init()
    cacheHits = run.cacheHits
    self.trials = trials
    // Methods have no course but a list of networks.
    guard let run = run as? PlannerRun else { return }
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
    picture = InputCounts(mask, of: study.network, scope: study.scope).map { counts in
      Picture(layer: counts.layer, width: counts.width, height: counts.height, most: counts.most, kept: counts.kept)
    }
  }
}
