import Pruning
import Randomness
import Testing

/// Each variant of the kernels beside the plain definition, from whole vectors to their rests.
@Suite struct WordKernelTests {
  /// Words of which about `density` of 8 bits are 1.
  private func words(_ count: Int, _ density: Int, _ stream: inout RandomStream) -> [UInt64] {
    (0..<count).map { _ in
      (0..<64).reduce(UInt64(0)) { $0 | (stream.below(8) < density ? 1 << UInt64($1) : 0) }
    }
  }

  @Test(arguments: WordKernels.levels, [0, 1, 2, 7, 8, 9, 31, 100]) func counts(_ level: Int, _ count: Int) {
    var stream = RandomStream(seed: 1, .test, UInt64(count))
    let kernels = WordKernels(level: level)
    for density in [0, 1, 4, 7, 8] {
      let (x, y) = (words(count, density, &stream), words(count, 4, &stream))
      x.withUnsafeBufferPointer { x in
        #expect(kernels.population(x) == x.reduce(0) { $0 + $1.nonzeroBitCount })
        y.withUnsafeBufferPointer { y in
          #expect(kernels.distance(x, y) == zip(x, y).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount })
        }
      }
    }
  }

  @Test(arguments: WordKernels.levels, [0, 1, 2, 4, 5, 40]) func sums(_ level: Int, _ count: Int) {
    var stream = RandomStream(seed: 2, .test, UInt64(count))
    let kernels = WordKernels(level: level)
    // Large numbers among small ones: sums go far beyond 32 bits.
    let numbers = (0..<count * 64).map { _ in stream.chance(0.5) ? UInt32.max : UInt32(1 + stream.below(5)) }
    let wholes = (0..<count).map { numbers[($0 * 64)..<($0 * 64 + 64)].reduce(UInt64(0)) { $0 + UInt64($1) } }
    for density in [0, 1, 4, 7, 8] {
      let words = words(count, density, &stream)
      let kept = (0..<count * 64).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
      let groups = stride(from: 0, to: count, by: WordKernels.group).map { $0 * 64 }
      let expected = groups.map { start in
        kept.filter { $0 < start + WordKernels.group * 64 }.reduce(UInt64(0)) { $0 + UInt64(numbers[$1]) }
      }
      let sums = kernels.runningSums(words, of: numbers, wholes: wholes)
      #expect(sums == expected)
      // The first and the last target that means each position.
      var (targets, meant): ([UInt64], [Int]) = ([], [])
      var sum: UInt64 = 0
      for position in kept {
        targets += [sum, sum + UInt64(numbers[position]) - 1]
        meant += [position, position]
        sum += UInt64(numbers[position])
      }
      let found = kernels.positions(of: targets, in: words, of: numbers, wholes: wholes, sums: sums)
      #expect(found == meant, "level \(level), density \(density) of 8")
    }
  }
}
