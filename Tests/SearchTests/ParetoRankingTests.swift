import Digests
import Randomness
import Search
import Testing

/// Fronts and crowding.
@Suite struct ParetoRankingTests {
  /// Values of few levels, so that many tie; some violate a constraint, some are worst of all.
  private func random(_ count: Int, objectives: Int, _ stream: inout RandomStream) -> [Fitness] {
    (0..<count).map { _ in
      if stream.chance(0.05) { return .worst(values: objectives) }
      let values = (0..<objectives).map { _ in Double(stream.below(6)) }
      return Fitness(values, violation: Double(max(0, stream.below(5) - 2)))
    }
  }

  @Test("Fronts are what is left non-dominated when the fronts before are taken away")
  func fronts() {
    for seed in 0..<60 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 1)
      let set = random(stream.below(70), objectives: 1 + stream.below(4), &stream)
      var rest = Array(set.indices)
      var expected: [[Int]] = []
      while !rest.isEmpty {
        expected.append(rest.filter { place in !rest.contains { set[$0].dominates(set[place]) } })
        rest.removeAll { expected.last!.contains($0) }
      }
      #expect(ParetoRanking.fronts(set) == expected, "seed \(seed)")
    }
  }

  @Test("Crowding as computed by hand")
  func crowding() {
    let front = [[5, 5], [0, 10], [10, 0], [2, 7]].map { Fitness($0) }
    // (10 − 2)/10 + (7 − 0)/10 and (5 − 0)/10 + (10 − 5)/10.
    #expect(ParetoRanking.crowding(front) == [1.5, .infinity, .infinity, 1])
    // A copy adds nothing to its twin's crowd, and leaves first.
    #expect(ParetoRanking.crowding(front + [front[0]]) == [1.5, .infinity, .infinity, 1, 0])
    // An objective in which nothing differs has no ends and no distances.
    let flat = [[5, 5, 3], [0, 10, 3], [10, 0, 3], [2, 7, 3]].map { Fitness($0) }
    #expect(ParetoRanking.crowding(flat) == [1.5, .infinity, .infinity, 1])
    #expect(ParetoRanking.crowding([]) == [])
    #expect(ParetoRanking.crowding([Fitness([1, 2])]) == [0])
  }

  @Test("Infinite values make distances infinite or nothing, never NaN")
  func infinite() {
    let front = [[-.infinity, 11], [0, 10], [5, 5], [10, 0]].map { Fitness($0) }
    let middle = 10.0 / 10 + 10.0 / 11
    #expect(ParetoRanking.crowding(front) == [.infinity, .infinity, middle, .infinity])
    let worst = Array(repeating: Fitness.worst(values: 2), count: 3)
    #expect(ParetoRanking.crowding(worst) == [0, 0, 0])
    let halves = [[-.infinity, 1, 0], [-.infinity, 0, 1], [-.infinity, 0.5, 0.5]].map { Fitness($0) }
    #expect(ParetoRanking.crowding(halves) == [.infinity, .infinity, 2])
    #expect(Fitness([.nan, 1], violation: .nan) == Fitness([-.infinity, 1], violation: .infinity))
  }

  @Test("The order of individuals does not depend on how they are given")
  func ranked() {
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 2)
      let fitnesses = random(40, objectives: 3, &stream)
      var individuals = fitnesses.enumerated().map { index, fitness in
        Individual(trial: Trial(id: TrialID(generation: 0, index: index), genome: .choices([])), fitness: fitness)
      }
      let (order, frontSize) = ParetoRanking.ranked(individuals)
      #expect(frontSize == ParetoRanking.fronts(fitnesses)[0].count)
      stream.shuffle(&individuals)
      #expect(ParetoRanking.ranked(individuals).order == order, "seed \(seed)")
      #expect(ParetoRanking.ranked(order).order == order, "seed \(seed)")
    }
  }

  @Test("A large archive is the non-dominated set; a small one keeps the ends", arguments: [5, 300])
  func archive(capacity: Int) {
    for seed in 0..<10 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 3)
      var archive = ParetoArchive(capacity: capacity)
      var all: [Individual] = []
      for index in 0..<300 {
        let x = Double(stream.below(100))
        let individual = Individual(
          trial: Trial(id: TrialID(generation: 0, index: index), genome: .choices([])),
          fitness: Fitness([x, (100 - x) * Double(90 + stream.below(10))], violation: index < 5 ? 1 : 0))
        all.append(individual)
        archive.insert(individual)
        #expect(archive.members.count <= capacity)
        #expect(archive.members.contains(all.min(by: Individual.isBetter)!), "seed \(seed)")
      }
      var front: [Individual] = []
      for one in all where !all.contains(where: { $0.fitness.dominates(one.fitness) }) {
        if !front.contains(where: { $0.fitness == one.fitness }) { front.append(one) }
      }
      if capacity == 300 { #expect(archive.members == front, "seed \(seed)") }
      let tops = { (members: [Individual]) in (0..<2).map { k in members.map(\.fitness.values[k]).max()! } }
      #expect(tops(archive.members) == tops(front), "seed \(seed)")
    }
  }
}
