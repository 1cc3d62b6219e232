import Foundation
import Reports
import Testing

/// Statistics of repetitions against the figures of SciPy 1.17 and of all choices of signs.
@Suite struct PairedStatisticsTests {
  private struct Case: Sendable {
    let differences: [Double]
    let wilcoxon: Double
    let t: Double
    let interval: ClosedRange<Double>
  }

  private static let cases = [
    Case(
      differences: [1.5, -0.5, 2, 0.25, 0.75, 3, -1, 1.25], wilcoxon: 0.109375, t: 0.09240760830629258,
      interval: -0.19369011208495324...2.006190112084953),
    Case(
      differences: [0.1, 0.2, 0.3], wilcoxon: 0.25, t: 0.0741799002274485,
      interval: -0.048413771175032955...0.448413771175033),
    Case(
      differences: [3, 1, -2, 4, 6, 7.5, 5, -0.5, 8, 9], wilcoxon: 0.013671875, t: 0.006858758382191816,
      interval: 1.4404282599712004...6.7595717400287985),
  ]

  @Test("Wilcoxon, the t test and its interval agree with SciPy", arguments: cases.indices)
  func published(index: Int) throws {
    let example = Self.cases[index]
    let spread = Spread(example.differences)
    #expect(abs(Wilcoxon.probability(example.differences) - example.wilcoxon) < 1e-12)
    #expect(abs(try #require(spread.probability) - example.t) < 1e-10)
    let interval = try #require(spread.interval())
    #expect(abs(interval.lowerBound - example.interval.lowerBound) < 1e-10)
    #expect(abs(interval.upperBound - example.interval.upperBound) < 1e-10)
  }

  @Test("Ties get the mean of their ranks, zeros are left out")
  func ties() {
    #expect(abs(Wilcoxon.probability([1, -1, 2, 2, 3, -2, 1, 0]) - 0.328125) < 1e-12)
    #expect(abs(Wilcoxon.probability([Double](repeating: 0.5, count: 10)) - 2.0 / 1024) < 1e-12)
    #expect(Wilcoxon.probability([1, 1, -1]) == 1)
    #expect(Wilcoxon.probability([0, 0]) == 1)
  }

  @Test("Quantiles of Student's t are those of the tables")
  func quantiles() {
    for (freedom, expected) in [(1, 12.706204736), (4, 2.776445105), (9, 2.262157163), (29, 2.045229642)] {
      #expect(abs(StudentT.quantile(confidence: 0.95, freedom: freedom) - expected) < 1e-8)
    }
    #expect(abs(StudentT.quantile(confidence: 0.99, freedom: 1) - 63.656741163) < 1e-7)
  }

  @Test("Holm multiplies the least by the number of comparisons, and never turns the order")
  func holm() {
    let adjusted = Holm.adjusted([0.04, 0.01, 0.03, 0.5])
    for (value, expected) in zip(adjusted, [0.09, 0.04, 0.09, 0.5]) { #expect(abs(value - expected) < 1e-12) }
    #expect(Holm.adjusted([]).isEmpty)
  }

  @Test("A single value has a mean and no spread")
  func single() {
    let spread = Spread([2])
    #expect(spread.mean == 2 && spread.deviation == nil && spread.interval() == nil && spread.probability == nil)
    #expect(Spread([1, 1]).probability == 0 && Spread([0, 0]).probability == 1)
  }
  @Test("One degree of freedom is Cauchy's distribution, two have a root alone")
  func closedForms() {
    for t in [1e-12, 1e-8, 0.3, 1, 2.5, 40, 1e7, 1e15] {
      let cauchy = t < 1 ? 1 - 2 / Double.pi * atan(t) : 2 / Double.pi * atan(1 / t)
      #expect(abs(StudentT.probability(beyond: t, freedom: 1) - cauchy) < 1e-13 * cauchy)
      let root = (2 + t * t).squareRoot()
      let two = 2 / (root * (root + t))
      #expect(abs(StudentT.probability(beyond: t, freedom: 2) - two) < 1e-13 * two)
    }
    #expect(StudentT.probability(beyond: 0, freedom: 3) == 1)
    #expect(StudentT.probability(beyond: .infinity, freedom: 3) == 0)
  }

  @Test("What values have in common costs the deviation no digits")
  func commonPart() throws {
    let steps = (0..<64).map { Double($0 % 8) / 1024 }
    let far = Spread(steps.map { $0 + 1e9 })
    #expect(far.mean == 1e9 + 3.5 / 1024)
    #expect(abs(try #require(far.deviation) - (try #require(Spread(steps).deviation))) < 1e-17)
    // A tenth is no sum of powers of two, and ten of them are not 1.
    let equal = Spread([Double](repeating: 0.1, count: 10))
    #expect(equal.mean == 0.1 && equal.deviation == 0 && equal.probability == 0 && equal.interval() == 0.1...0.1)
  }

  @Test("The mean of losses of which one is infinite is infinite")
  func infinite() { #expect(Spread([1, .infinity, 2]).mean == .infinity) }

  @Test("Wilcoxon's probability is the share of all signs whose ranks are as far apart")
  func signs() {
    let differences = [0.5, -0.25, 0.25, 1, 0, -2, 0.75, 0.5, -0.5, 3]
    let sizes = differences.filter { $0 != 0 }.map { abs($0) }
    let ranks = sizes.map { size in
      Double(sizes.filter { $0 < size }.count) + Double(sizes.filter { $0 == size }.count + 1) / 2
    }
    /// The distance of the two sums of ranks, if the signs are the bits of a number.
    func distance(_ bits: Int) -> Double {
      abs(ranks.indices.reduce(0) { bits >> $1 & 1 == 1 ? $0 + ranks[$1] : $0 - ranks[$1] })
    }
    let signs = differences.filter { $0 != 0 }.enumerated().reduce(0) { $1.element > 0 ? $0 | 1 << $1.offset : $0 }
    let asFar = (0..<1 << ranks.count).filter { distance($0) >= distance(signs) }.count
    #expect(Wilcoxon.probability(differences) == Double(asFar) / Double(1 << ranks.count))
  }

  @Test("Accuracies that differ as much are tied, whatever their last bits say")
  func roundedTies() {
    let pairs = [(9512, 9500), (9312, 9300), (9712, 9700), (9488, 9500), (9650, 9650), (9624, 9600)]
    let differences = pairs.map { Double($0.0) / 10000 - Double($0.1) / 10000 }
    #expect(Set(differences.map { abs($0) }).count > 3)
    #expect(Wilcoxon.probability(differences) == Wilcoxon.probability([12, 12, 12, -12, 0, 24]))
  }
}
