import Networks
import Randomness
import Testing

/// k-means in one dimension: known answers, and what every answer must be.
@Suite struct CodebookTests {
  private func random(_ seed: UInt64, _ count: Int) -> [Float] {
    var stream = RandomStream(seed: seed, .test, 91)
    return (0..<count).map { _ in Float(stream.normal()) * 0.05 }
  }

  @Test func knownAnswers() {
    // From 0 and 10, the cut at 5: means of {0, 1, 2} and {8, 9, 10}.
    #expect(Codebook([10, 0, 9, 1, 8, 2], bits: 1).centroids == [1, 9])
    // From 0 and 12 the cut is 6; the means 2.4 and 9.5 put it to 5.95, so that 6 changes sides.
    #expect(Codebook([0, 3, 6, 7, 12, 0.5, 2.5], bits: 1).centroids == [1.5, Float(25.0 / 3)])
    // Four begin at 0, 4, 8 and 12; nobody is near the third, which stays until it is left out.
    #expect(Codebook([0, 1, 3, 4, 5, 11, 11.5, 12], bits: 2).centroids == [0.5, 4, 11.5])
    #expect(Codebook([], bits: 5).centroids == [])
  }

  /// No loss where none is needed, though centroids that begin evenly would merge neighbours.
  @Test func fewDifferentValuesAreTheCentroids() {
    #expect(Codebook([0.5, 0.5, 0.5], bits: 1).centroids == [0.5])
    #expect(Codebook([1000, 1, 2, 1, 3, 1000], bits: 2).centroids == [1, 2, 3, 1000])
    #expect(Codebook([-.leastNonzeroMagnitude, .greatestFiniteMagnitude], bits: 3).centroids.count == 2)
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func everyValueHasTheNearestCentroidAndEveryCentroidTheMean(seed: UInt64) {
    let values = random(seed, [3, 17, 64, 65, 1000, 5000][Int(seed) % 6])
    for bits in [1, 2, 5, 8] {
      let codebook = Codebook(values, bits: bits)
      let centroids = codebook.centroids
      #expect(centroids.count <= 1 << bits && centroids.count >= 1, "seed \(seed), \(bits) bits")
      #expect(zip(centroids, centroids.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed), \(bits) bits")
      var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: centroids.count)
      for value in values {
        let index = codebook.index(of: value)
        let best = centroids.map { abs(Double(value) - Double($0)) }.min()!
        #expect(abs(Double(value) - Double(centroids[index])) == best, "seed \(seed), \(bits) bits, \(value)")
        sums[index].sum += Double(value)
        sums[index].count += 1
      }
      for (centroid, (sum, count)) in zip(centroids, sums) {
        let mean = sum / Double(max(count, 1))
        // The sums are taken in another order.
        #expect(count > 0 && abs(mean - Double(centroid)) <= 1e-7 * max(abs(mean), 0.01), "seed \(seed), \(bits) bits")
      }
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func theOrderOfValuesDoesNotMatterAndCentroidsStayWhatTheyAre(seed: UInt64) {
    var values = random(seed, 3000)
    let codebook = Codebook(values, bits: 5)
    values.reverse()
    #expect(Codebook(values, bits: 5) == codebook, "seed \(seed)")
    let shared = values.map { codebook.centroids[codebook.index(of: $0)] }
    #expect(Codebook(shared, bits: 5) == codebook, "seed \(seed)")
  }

  /// More centroids lose less, and 256 of them next to nothing.
  @Test func theErrorFallsWithTheBits() {
    let values = random(3, 20_000)
    func error(_ bits: Int) -> Double {
      let codebook = Codebook(values, bits: bits)
      return values.reduce(0) { sum, value in
        let difference = Double(value) - Double(codebook.centroids[codebook.index(of: value)])
        return sum + difference * difference
      }
    }
    let errors = (1...8).map(error)
    #expect(zip(errors, errors.dropFirst()).allSatisfy { $1 < 0.6 * $0 }, "\(errors)")
  }

  /// Magnitudes far apart lose neither order nor finiteness.
  @Test func extremes() {
    let values: [Float] = [-.greatestFiniteMagnitude, -1, -1e-30, 1e-30, 1e-20, 1, 2, .greatestFiniteMagnitude]
    for bits in 1...2 {
      let centroids = Codebook(values, bits: bits).centroids
      #expect(centroids.allSatisfy(\.isFinite) && centroids == centroids.sorted(), "\(centroids)")
    }
  }
}
