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

  /// Counts visits and flows of chosen chains: after each answer, where the chain went from where.
  private func count<Algorithm: SearchAlgorithm>(
    _ search: Algorithm, trials: Int, _ states: (Algorithm) -> [Individual],
    isCounted: (TrialID) -> Bool = { _ in true }
  ) -> (visits: [Double], flows: [Int: Int]) {
    var search = search
    var visits = Array(repeating: 0.0, count: 256)
    var flows: [Int: Int] = [:]
    var counted = 0
    while search.told < trials {
      while search.ask() != nil {}
      let trial = search.pending.trials.first!
      let all = states(search)
      let before = trial.id.index < all.count ? all[trial.id.index].trial : trial
      search.tell(answer(trial, landscape.fitness))
      guard trial.id.generation > 50, isCounted(trial.id) else { continue }
      let (from, to) = (landscape.state(before), landscape.state(states(search)[trial.id.index].trial))
      visits[to] += 1
      counted += 1
      if from != to { flows[from << 8 | to, default: 0] += 1 }
    }
    return (visits.map { $0 / Double(counted) }, flows)
  }

  @Test("A constant temperature visits states as Boltzmann says, and flows balance", arguments: [false, true])
  func metropolis(racing: Bool) {
    let search = AnnealingSearch(
      settings: AnnealingSettings(
        chains: 4, startTemperature: .given(Self.temperature), cooling: .constant, mutation: .bitFlip,
        mutationAmount: 1e-6...1e-6, isRacing: racing, initial: .random),
      space: space)
    let (visits, flows) = count(search, trials: 400_000, \.states)
    // The expected distance of as many independent draws is 0.010; steps are correlated over about ten.
    let distance = totalVariation(visits, landscape.boltzmann(Self.temperature))
    #expect(distance < 0.04, "\(distance)")
    #expect(totalVariation(visits, landscape.boltzmann(1.25 * Self.temperature)) > 0.06)
    // Flows of each edge in both directions, as standard scores; they are less spread than independent counts.
    var scores: [Double] = []
    for (edge, count) in flows.sorted(by: { $0.key < $1.key }) {
      let (from, to) = (edge >> 8, edge & 255)
      guard from < to else { continue }
      let back = flows[to << 8 | from] ?? 0
      scores.append(Double(count - back) / Double(count + back).squareRoot())
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
    for (place, temperature) in [(0, cold), (1, 0.2), (2, 0.4)] {
      // A state counts when its own step is told, before an exchange and after one.
      let (visits, _) = count(search, trials: 300_000, \.states) { $0.index == place }
      let distance = totalVariation(visits, landscape.boltzmann(temperature))
      #expect(distance < 0.06, "place \(place): \(distance)")
      #expect(totalVariation(visits, landscape.boltzmann(1.4 * temperature)) > 0.06, "place \(place)")
    }
  }
}
