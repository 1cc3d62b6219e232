import Models
import Randomness
import Studies
import Testing

/// The few images of a draw.
@Suite struct FewShotTests {
  /// Labels in an order of chance, so many of each class.
  private func data(_ counts: [Int], seed: UInt64 = 1) throws -> LabelledData {
    var labels = counts.enumerated().flatMap { Array(repeating: UInt8($0), count: $1) }
    var stream = RandomStream(seed: seed, .test)
    stream.shuffle(&labels)
    return try LabelledData(
      shape: [1], classes: counts.count, scale: 255, pixels: Array(repeating: 0, count: labels.count), labels: labels)
  }

  @Test("So many of each class, all of a class that has fewer, each once and in order")
  func counts() throws {
    for counts in [[40, 30, 20], [40, 3, 1], [5, 0, 5], [1, 0], [0, 0]] {
      let data = try data(counts)
      for perClass in [1, 2, 5, 30, 1_000_000] {
        for draw in 0..<5 {
          let samples = FewShot.samples(of: data, perClass: perClass, seed: 7, draw: draw)
          #expect(samples == Set(samples).sorted() && samples.allSatisfy(data.labels.indices.contains))
          for (label, count) in counts.enumerated() {
            #expect(samples.count { data.labels[$0] == UInt8(label) } == min(perClass, count), "\(counts), \(perClass)")
          }
        }
      }
    }
  }

  @Test("A function of labels, seed and draw; other draws and other seeds give other images and other batches")
  func draws() throws {
    let data = try data([60, 50, 40])
    var seen: Set<[Int]> = []
    var seeds: Set<UInt64> = []
    for seed in 1...5 as ClosedRange<UInt64> {
      for draw in 0..<20 {
        let samples = FewShot.samples(of: data, perClass: 5, seed: seed, draw: draw)
        #expect(samples == FewShot.samples(of: data, perClass: 5, seed: seed, draw: draw))
        seen.insert(samples)
        seeds.insert(FewShot.seed(seed, draw: draw))
        #expect(FewShot.seed(seed, draw: draw) == FewShot.seed(seed, draw: draw))
      }
    }
    #expect(seen.count == 100 && seeds.count == 100)
  }

  @Test("The images of one class do not depend on the others'")
  func classes() throws {
    let labels = (0..<50).map { UInt8($0 < 30 ? 0 : 1) }
    func samples(_ labels: [UInt8], classes: Int) throws -> [Int] {
      let data = try LabelledData(
        shape: [1], classes: classes, scale: 255, pixels: Array(repeating: 0, count: labels.count), labels: labels)
      return FewShot.samples(of: data, perClass: 4, seed: 3, draw: 2)
    }
    let both = try samples(labels, classes: 2)
    #expect(try samples(Array(labels.prefix(30)), classes: 2) == both.filter { $0 < 30 })
    #expect(try samples(labels + Array(repeating: 2, count: 9), classes: 3).filter { $0 < 50 } == both)
  }

  @Test("Every image has about the same chance")
  func uniform() throws {
    let data = try data([20, 10])
    var counts = Array(repeating: 0, count: 30)
    for draw in 0..<4000 {
      for sample in FewShot.samples(of: data, perClass: 5, seed: 11, draw: draw) { counts[sample] += 1 }
    }
    for (sample, count) in counts.enumerated() {
      let chance = data.labels[sample] == 0 ? 0.25 : 0.5
      let deviation = (4000 * chance * (1 - chance)).squareRoot()
      #expect(abs(Double(count) - 4000 * chance) < 5 * deviation, "seed 11, sample \(sample): \(count)")
    }
  }
}
