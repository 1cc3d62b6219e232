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
}
