import Foundation
import Reports
import Testing

/// Statistics against SciPy, Holm's correction against statsmodels: `scripts/statistics-vectors` wrote their figures.
@Suite struct PairedStatisticsVectorTests {
  struct Figures: Decodable, Sendable {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
      let name: String
      let differences: [Double]
      let mean: Double
      let deviation: Double
      /// Nil where all differences are equal; ours is their value alone then.
      let interval: [Double]?
      /// The t test's probability; nil where all differences are 0, which is 1 for us.
      let t: Double?
      /// Nil where all differences are 0, which is 1 for us.
      let wilcoxon: Double?

      var testDescription: String { name }
      var nonzero: [Double] { differences.filter { abs($0) > 5e-10 } }
      var isTied: Bool { Set(nonzero.map { (abs($0) * 1e9).rounded() }).count < nonzero.count }
    }

    struct Family: Decodable, Sendable, CustomTestStringConvertible {
      let given: [Double]
      let adjusted: [Double]

      var testDescription: String { "\(given.count) probabilities from \(given[0])" }
    }

    struct Quantiles: Decodable, Sendable {
      let freedom: Int
      /// One for each confidence.
      let values: [Double]
    }

    struct Tail: Decodable, Sendable {
      let freedom: Int
      let t: Double
      let probability: Double
    }

    let confidences: [Double]
    let vectors: [Vector]
    let holm: [Family]
    let quantiles: [Quantiles]
    let tails: [Tail]

    static let file = Result {
      let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/statistics.json")
      return try JSONDecoder().decode(Figures.self, from: Data(contentsOf: path))
    }
  }

  /// Within 1e-10 of the expected number, relative to it: a small probability must have its digits too.
  private func agrees(_ found: Double, _ expected: Double) -> Bool { abs(found - expected) <= 1e-10 * abs(expected) }

  /// Within 1e-10, or the last bits of a number that has no such places.
  private func isNear(_ found: Double, _ expected: Double) -> Bool {
    abs(found - expected) <= max(1e-10, 2 * expected.ulp)
  }

  @Test func vectorsAreManyWithTiesZerosAndThreeRuns() throws {
    let vectors = try Figures.file.get().vectors
    #expect(vectors.count >= 20 && Set(vectors.map(\.name)).count == vectors.count)
    #expect(vectors.filter(\.isTied).count >= 5)
    #expect(vectors.filter { $0.nonzero.count < $0.differences.count }.count >= 5)
    for count in [3, 5, 10, 12, 20, 50] { #expect(vectors.contains { $0.differences.count == count }, "\(count)") }
    #expect(vectors.filter { $0.differences.count == 3 }.count >= 5)
  }

  @Test("Mean, deviation, interval and both tests are SciPy's", arguments: try Figures.file.get().vectors)
  func statistics(_ vector: Figures.Vector) throws {
    let spread = Spread(vector.differences)
    #expect(spread.count == vector.differences.count)
    #expect(isNear(spread.mean, vector.mean))
    #expect(agrees(try #require(spread.deviation), vector.deviation))
    #expect(agrees(try #require(spread.probability), vector.t ?? 1))
    #expect(agrees(Wilcoxon.probability(vector.differences), vector.wilcoxon ?? 1))
    let interval = try #require(spread.interval(confidence: 0.95))
    let expected = vector.interval ?? [vector.mean, vector.mean]
    #expect(isNear(interval.lowerBound, expected[0]))
    #expect(isNear(interval.upperBound, expected[1]))
  }

  @Test("A table's probabilities are adjusted as by statsmodels", arguments: try Figures.file.get().holm)
  func holm(_ family: Figures.Family) {
    let adjusted = Holm.adjusted(family.given)
    #expect(adjusted.count == family.adjusted.count)
    for (found, expected) in zip(adjusted, family.adjusted) { #expect(agrees(found, expected)) }
  }

  @Test func quantilesAreThoseOfSciPyUpTo200Degrees() throws {
    let figures = try Figures.file.get()
    #expect(figures.quantiles.map(\.freedom) == Array(1...200) && figures.confidences.contains(0.999))
    for row in figures.quantiles {
      for (confidence, expected) in zip(figures.confidences, row.values) {
        let found = StudentT.quantile(confidence: confidence, freedom: row.freedom)
        #expect(agrees(found, expected), "\(confidence) at \(row.freedom)")
      }
    }
  }

  @Test func tailsAreThoseOfSciPyHoweverSmall() throws {
    let tails = try Figures.file.get().tails
    #expect(tails.contains { $0.probability < 1e-200 } && tails.contains { $0.probability > 0.9999 })
    for tail in tails {
      let found = StudentT.probability(beyond: tail.t, freedom: tail.freedom)
      #expect(agrees(found, tail.probability), "\(tail.t) at \(tail.freedom)")
      #expect(StudentT.probability(beyond: -tail.t, freedom: tail.freedom) == found)
    }
  }
}
