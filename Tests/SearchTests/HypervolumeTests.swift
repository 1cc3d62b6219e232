import Randomness
import Search
import Testing

/// Exact volumes beside closed forms and another way of computing them.
@Suite struct HypervolumeTests {
  /// Inclusion and exclusion over all subsets: 2ⁿ terms.
  private func byInclusion(_ points: [[Double]], reference: [Double]) -> Double {
    var sum = 0.0
    for subset in 1..<(1 << points.count) {
      let members = points.indices.filter { subset >> $0 & 1 == 1 }
      var volume = 1.0
      for axis in reference.indices {
        volume *= max(0, members.map { points[$0][axis] }.min()! - reference[axis])
      }
      sum += members.count % 2 == 1 ? volume : -volume
    }
    return sum
  }

  @Test("As inclusion and exclusion say, whatever the order, on random sets with ties")
  func random() {
    for seed in 0..<80 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 1)
      let reference = (0..<1 + stream.below(5)).map { _ in Double(stream.below(3)) - 1 }
      var points = (0..<1 + stream.below(9)).map { _ in reference.map { _ in Double(stream.below(9)) / 2 - 1.25 } }
      let volume = Hypervolume.of(points, reference: reference)
      let expected = byInclusion(points, reference: reference)
      #expect(abs(volume - expected) <= 1e-9 * max(1, expected), "seed \(seed): \(volume) \(expected)")
      stream.shuffle(&points)
      #expect(Hypervolume.of(points, reference: reference) == volume, "seed \(seed)")
      points.append(points[0])
      #expect(Hypervolume.of(points, reference: reference) == volume, "seed \(seed)")
    }
  }

  @Test("Stairs of unit cubes: binomial coefficients", arguments: [(1, 9), (2, 12), (3, 8), (4, 6), (5, 5)])
  func stairs(dimensions: Int, steps: Int) {
    // All points with whole positive coordinates whose sum is n + k − 1 dominate the cubes up to that sum: C(n+k−1, k).
    var points: [[Double]] = [[]]
    for _ in 0..<dimensions {
      points = points.flatMap { point in (1...steps).map { point + [Double($0)] } }
    }
    points.removeAll { $0.reduce(0, +) != Double(steps + dimensions - 1) }
    var binomial = 1
    for factor in 1...dimensions { binomial = binomial * (steps + factor - 1) / factor }
    let reference = Array(repeating: 0.0, count: dimensions)
    #expect(Hypervolume.of(points, reference: reference) == Double(binomial))
  }

  @Test("Points that are not above the reference, and infinite ones, add nothing")
  func outside() {
    let reference = [0.0, 0]
    #expect(Hypervolume.of([[Double]](), reference: reference) == 0)
    #expect(Hypervolume.of([[0, 5], [5, -1], [-1, -1]], reference: reference) == 0)
    #expect(Hypervolume.of([[2, 3], [-.infinity, 9], [.infinity, 1], [9, 0]], reference: reference) == 6)
  }

  @Test("Infeasible individuals add nothing")
  func infeasible() {
    let individuals = [Fitness([2, 3]), Fitness([9, 9], violation: 0.1), .worst(values: 2)].map {
      Individual(trial: Trial(id: TrialID(generation: 0, index: 0), genome: .choices([])), fitness: $0)
    }
    #expect(Hypervolume.of(individuals, reference: [0, 0]) == 6)
  }

  @Test("A hundred points in four dimensions, beside random points")
  func sampled() {
    var stream = RandomStream(seed: 3, .test, 2)
    // On a sphere, so that all are non-dominated.
    let points = (0..<100).map { _ in
      let direction = (0..<4).map { _ in abs(stream.normal()) }
      let length = direction.map { $0 * $0 }.reduce(0, +).squareRoot()
      return direction.map { $0 / length }
    }
    let volume = Hypervolume.of(points, reference: [0, 0, 0, 0])
    let draws = 40_000
    var hits = 0
    for _ in 0..<draws {
      let place = (0..<4).map { _ in stream.uniform() }
      if points.contains(where: { zip($0, place).allSatisfy { $0 >= $1 } }) { hits += 1 }
    }
    let share = Double(hits) / Double(draws)
    let deviation = (share * (1 - share) / Double(draws)).squareRoot()
    #expect(abs(volume - share) < 4 * deviation, "\(volume) \(share) ± \(deviation)")
  }
}
