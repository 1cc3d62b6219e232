import Foundation
import Networks
import Randomness
import Testing

@Suite struct GradMaxTests {
  private struct Case: Decodable {
    let rows: Int
    let columns: Int
    let matrix: [Double]
    let values: [Double]
    let vectors: [[Double]]
  }

  @Test("Outgoing weights are NumPy's left singular vectors, the gain is the sum of its squared values")
  func numpy() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appendingPathComponent("Fixtures/singular-vectors.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 7)
    for entry in cases {
      for count in 1...min(entry.rows, entry.columns) {
        let grown = try #require(
          GradMax(
            gradients: entry.matrix.map(Float.init), rows: entry.rows, columns: entry.columns, count: count, norm: 0.5))
        let gain = 0.25 * entry.values.prefix(count).reduce(0) { $0 + $1 * $1 }
        #expect(abs(grown.gain - gain) < 1e-12 * max(1, gain))
        #expect(grown.outgoing.count == count)
        for (ours, theirs) in zip(grown.outgoing, entry.vectors) {
          #expect(
            zip(ours, theirs).allSatisfy { abs(Double($0) - 0.5 * $1) < 1e-6 }, "\(entry.rows) × \(entry.columns)")
        }
      }
    }
  }

  @Test("No other orthogonal weights of that norm have a larger gradient")
  func bruteForce() throws {
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let (rows, columns) = (2 + stream.below(4), 2 + stream.below(4))
      let matrix = (0..<rows * columns).map { _ in Float(stream.normal()) }
      let count = 1 + stream.below(min(rows, columns))
      let grown = try #require(
        GradMax(gradients: matrix, rows: rows, columns: columns, count: count, norm: 2))
      func gain(_ weights: [[Double]]) -> Double {
        weights.reduce(0) { sum, weights in
          sum
            + (0..<columns).reduce(0) { sum, column in
              let value = (0..<rows).reduce(0.0) { $0 + weights[$1] * Double(matrix[$1 * columns + column]) }
              return sum + value * value
            }
        }
      }
      #expect(abs(gain(grown.outgoing.map { $0.map(Double.init) }) - grown.gain) < 1e-4 * grown.gain, "seed \(seed)")
      var best = 0.0
      for _ in 0..<20_000 {
        let frame = Self.frame(count, of: rows, &stream).map { $0.map { 2 * $0 } }
        best = max(best, gain(frame))
      }
      #expect(best <= grown.gain * (1 + 1e-9) && best > 0.7 * grown.gain, "seed \(seed): \(best) and \(grown.gain)")
    }
  }

  /// Orthonormal vectors by chance (Gram and Schmidt).
  private static func frame(_ count: Int, of size: Int, _ stream: inout RandomStream) -> [[Double]] {
    var out: [[Double]] = []
    while out.count < count {
      var vector = (0..<size).map { _ in stream.normal() }
      for other in out {
        let product = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        vector = zip(vector, other).map { $0 - product * $1 }
      }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 1e-6 { out.append(vector.map { $0 / norm }) }
    }
    return out
  }

  @Test func valuesThatAreNotFiniteGiveNothing() {
    #expect(GradMax(gradients: [1, .nan], rows: 1, columns: 2, count: 1, norm: 1) == nil)
    #expect(GradMax(gradients: [1, .infinity], rows: 2, columns: 1, count: 1, norm: 1) == nil)
    #expect(GradMax(gradients: [0, 0], rows: 2, columns: 1, count: 1, norm: 1)?.gain == 0)
  }
}
