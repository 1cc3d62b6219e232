import CBits
import Randomness
import Testing

@Suite struct RandomStreamTests {
  func first(_ count: Int, of stream: RandomStream) -> [UInt64] {
    var stream = stream
    return (0..<count).map { _ in stream.next() }
  }

  @Test func sameNameSameNumbers() {
    let once = first(9, of: RandomStream(seed: 7, .mutation, 3, 4))
    #expect(once == first(9, of: RandomStream(seed: 7, .mutation, 3, 4)))
  }

  /// A change of these numbers changes every history ever written.
  @Test func numbersAreFixed() {
    #expect(
      first(3, of: RandomStream(seed: 1, .test)) == [
        226_800_656_366_056_141, 3_629_152_076_594_428_008, 17_322_242_986_013_781_789,
      ])
    #expect(
      first(3, of: RandomStream(seed: 1, .batchOrder, 2)) == [
        3_452_621_345_176_176_036, 11_805_680_962_414_572_949, 12_378_884_053_243_121_911,
      ])
  }

  /// From even and odd places, by every kernel.
  @Test(arguments: [0, 3, 4].filter { $0 <= Int(cb_level()) }, [0, 1, 2, 3])
  func manyWordsAreThoseOfOneByOne(_ level: Int, _ before: Int) {
    for count in [0, 1, 2, 3, 4, 31, 32, 33, 1000] {
      var single = RandomStream(seed: 9, .test, UInt64(count))
      var many = single
      for _ in 0..<before { #expect(single.next() == many.next()) }
      #expect(many.words(count, level: level) == (0..<count).map { _ in single.next() }, "\(count) words")
      #expect(many.next() == single.next(), "what follows \(count) words")
    }
  }

  @Test func everyPartOfTheNameCounts() {
    let streams = [
      RandomStream(seed: 1, .test), RandomStream(seed: 2, .test), RandomStream(seed: 1 << 32, .test),
      RandomStream(seed: 1, .mutation), RandomStream(seed: 1, .test, 0), RandomStream(seed: 1, .test, 0, 0),
      RandomStream(seed: 1, .test, 1), RandomStream(seed: 1, .test, 0, 1), RandomStream(seed: 1, .test, 1, 0),
      RandomStream(seed: 1, .test, 1 << 32),
    ]
    #expect(Set(streams.map { first(4, of: $0) }).count == streams.count)
  }

  @Test func noNumberComesTwice() {
    // 4,096 of 2⁶⁴: a repetition has probability 5e-13.
    #expect(Set(first(4096, of: RandomStream(seed: 5, .test))).count == 4096)
  }

  @Test(arguments: [1, 2, 3, 7, 10, 64, 100]) func belowIsUniform(_ n: Int) {
    var stream = RandomStream(seed: 3, .test, UInt64(n))
    var counts = [Int](repeating: 0, count: n)
    let draws = 20_000
    for _ in 0..<draws { counts[stream.below(n)] += 1 }
    let expected = Double(draws) / Double(n)
    let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    // Five standard deviations above the mean of the chi-square distribution.
    let limit = Double(n - 1) + 5 * (2 * Double(n)).squareRoot()
    #expect(chiSquare <= limit, "n \(n): \(chiSquare) above \(limit)")
  }

  @Test func belowReachesBothEndsOfHugeIntervals() {
    var stream = RandomStream(seed: 4, .test)
    let n = Int.max
    let draws = (0..<1000).map { _ in stream.below(n) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < n })
    #expect(draws.min()! < n / 100 && draws.max()! > n / 100 * 99)
  }

  @Test func uniformStaysInItsInterval() {
    var stream = RandomStream(seed: 8, .test)
    var sum = 0.0
    for _ in 0..<10_000 {
      let u = stream.uniform()
      let open = stream.openUniform()
      #expect(u >= 0 && u < 1 && open > 0 && open < 1)
      sum += u
    }
    #expect(abs(sum / 10_000 - 0.5) < 0.02)
  }

  @Test func normalHasItsMoments() {
    var stream = RandomStream(seed: 9, .test)
    var sum = 0.0
    var squares = 0.0
    for _ in 0..<20_000 {
      let x = stream.normal()
      sum += x
      squares += x * x
    }
    #expect(abs(sum / 20_000) < 0.04)
    #expect(abs(squares / 20_000 - 1) < 0.06)
  }

  @Test func gumbelHasItsMean() {
    var stream = RandomStream(seed: 10, .test)
    var sum = 0.0
    for _ in 0..<20_000 { sum += stream.gumbel() }
    // The Euler–Mascheroni constant; the standard error is 0.009.
    #expect(abs(sum / 20_000 - 0.5772) < 0.045)
  }

  @Test(arguments: [0, 1, 2, 17, 100]) func shuffleIsAPermutation(_ n: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var elements = Array(0..<n)
      stream.shuffle(&elements)
      #expect(elements.sorted() == Array(0..<n), "seed \(seed)")
    }
  }

  @Test func shuffleReachesEveryOrderEqually() {
    var counts: [[Int]: Int] = [:]
    var stream = RandomStream(seed: 11, .test)
    for _ in 0..<6000 {
      var elements = [0, 1, 2]
      stream.shuffle(&elements)
      counts[elements, default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 150 })
  }

  @Test(arguments: [(0, 0), (0, 5), (1, 1), (3, 5), (5, 5), (64, 65), (10, 1000)])
  func chooseGivesDifferentNumbersAscending(_ count: Int, _ n: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let chosen = stream.choose(count, of: n)
      #expect(chosen.count == count, "seed \(seed)")
      #expect(zip(chosen, chosen.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
      #expect(chosen.allSatisfy { $0 >= 0 && $0 < n }, "seed \(seed)")
    }
  }

  @Test func chooseIsUniform() {
    var counts = [Int](repeating: 0, count: 10)
    var stream = RandomStream(seed: 12, .test)
    for _ in 0..<10_000 { for index in stream.choose(3, of: 10) { counts[index] += 1 } }
    #expect(counts.allSatisfy { abs($0 - 3000) < 200 }, "\(counts)")
  }
}
