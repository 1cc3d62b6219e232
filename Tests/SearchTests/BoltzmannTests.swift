import Pruning
import Randomness
import Search
import Testing

/// Detailed balance, by counting visits and flows on all 256 masks of eight units.
@Suite struct BoltzmannTests {
  static let temperature = 0.3
  let landscape = RuggedLandscape(units: 8, seed: 11)
  let space = bitStrings(8, seed: 11)

  @Test("A flip of one unit is symmetric, at the ends of the range too")
  func symmetricFlip() {
    let space = MaskSpace(
      scores: Array(repeating: 1, count: 5), layers: [0..<5], neurons: (0..<5).map { $0..<$0 + 1 },
      size: .within(1...3),
      seed: 1)
    let draws = 4000
    var counts: [[Int]] = Array(repeating: Array(repeating: 0, count: 32), count: 32)
    for state in 0..<32 {
      let mask = Mask(count: 5, keeping: (0..<5).filter { state >> $0 & 1 == 1 })
      guard space.contains(mask) else { continue }
      var stream = RandomStream(seed: UInt64(state), .test, 93)
      for _ in 0..<draws {
        counts[state][Int(space.mutation(.bitFlip, of: mask, amount: 1e-6, stream: &stream).words[0])] += 1
      }
    }
    for state in 0..<32 where counts[state].reduce(0, +) > 0 {
      for unit in 0..<5 {
        let other = state ^ 1 << unit
        let isAllowed = (1...3).contains(other.nonzeroBitCount)
        // A fifth of the draws each, within five standard deviations.
        let expected = isAllowed ? Double(draws) / 5 : 0
        #expect(abs(Double(counts[state][other]) - expected) <= 127, "\(state) to \(other): \(counts[state][other])")
        #expect(isAllowed || counts[state][other] == 0)
      }
      #expect((0..<32).allSatisfy { counts[state][$0] == 0 || ($0 ^ state).nonzeroBitCount <= 1 })
    }
  }

  /// Counts visits of each chain, and flows of all: after each answer, where the chain went from where.
  private func count<Algorithm: SearchAlgorithm>(
    _ search: Algorithm, trials: Int, fitness: (Trial) -> Fitness, _ states: (Algorithm) -> [Individual]
  ) -> (visits: [[Double]], flows: [Int]) {
    var search = search
    var visits = Array(repeating: Array(repeating: 0.0, count: 256), count: search.generationSize)
    var flows = Array(repeating: 0, count: 256 * 256)
    let steps = trials / search.generationSize
    while search.told < trials {
      while search.ask() != nil {}
      let trial = search.pending.trials.first!
      guard trial.id.generation > 50 else {
        search.tell(answer(trial, fitness))
        continue
      }
      let (place, from) = (trial.id.index, landscape.state(states(search)[trial.id.index].trial))
      search.tell(answer(trial, fitness))
      let to = landscape.state(states(search)[place].trial)
      visits[place][to] += 1 / Double(steps - 51)
      flows[from << 8 | to] += 1
    }
    return (visits, flows)
  }

  @Test("A constant temperature visits states as Boltzmann says, and flows balance", arguments: [true, false])
  func metropolis(feasible: Bool) {
    // Where all is infeasible, violations take the place of values, which are noise then.
    let fitness: (Trial) -> Fitness = { [landscape] trial in
      let state = landscape.state(trial)
      return feasible
        ? landscape.fitness(trial) : Fitness([Double(state * 37 % 64)], violation: 2 - landscape.values[state])
    }
    let search = AnnealingSearch(
      settings: AnnealingSettings(
        chains: 4, startTemperature: .given(Self.temperature), cooling: .constant, mutation: .bitFlip,
        mutationAmount: 1e-6...1e-6, initial: .random),
      space: space)
    let (chains, flows) = count(search, trials: 150_000, fitness: fitness, \.states)
    let visits = (0..<256).map { state in chains.reduce(0) { $0 + $1[state] } / Double(chains.count) }
    // As many independent draws would be 0.016 away; steps are correlated over about ten.
    let distance = totalVariation(visits, landscape.boltzmann(Self.temperature))
    #expect(distance < 0.04, "\(distance)")
    #expect(totalVariation(visits, landscape.boltzmann(1.25 * Self.temperature)) > 0.06)
    // Flows of each edge in both directions as standard scores. A walk that went there has to come back, so that they
    // are less spread than independent counts.
    var scores: [Double] = []
    for from in 0..<256 {
      for to in from + 1..<256 where flows[from << 8 | to] + flows[to << 8 | from] > 0 {
        let (count, back) = (flows[from << 8 | to], flows[to << 8 | from])
        scores.append(Double(count - back) / Double(count + back).squareRoot())
      }
    }
    #expect(scores.count == 256 * 8 / 2)
    #expect(scores.allSatisfy { abs($0) < 5 }, "\(scores.max()!)")
    #expect(scores.reduce(0) { $0 + $1 * $1 } / Double(scores.count) < 1.2)
  }

  @Test("Every rung of tempering visits states as Boltzmann says")
  func tempering() {
    let cold = 0.1
    let search = TemperingSearch(
      settings: TemperingSettings(
        temperatures: 3, hottest: .given(0.4), coldest: .given(cold), exchangeInterval: 2, mutation: .bitFlip,
        mutationAmount: 1e-6...1e-6, initial: .random),
      space: space)
    let (visits, _) = count(search, trials: 200_000, fitness: landscape.fitness, \.states)
    for (place, temperature) in [(0, cold), (1, 0.2), (2, 0.4)] {
      let distance = totalVariation(visits[place], landscape.boltzmann(temperature))
      #expect(distance < 0.06, "place \(place): \(distance)")
      #expect(totalVariation(visits[place], landscape.boltzmann(1.4 * temperature)) > 0.06, "place \(place)")
    }
  }
}
