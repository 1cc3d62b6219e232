import Pruning
import Randomness
import Testing

@Suite struct TopSelectionTests {
  @Test(
    "Orders agree with a plain sort, negative numbers, zeros and equals included",
    arguments: [0, 1, 2, 100, 3000, 20_000])
  func orders(count: Int) {
    var stream = RandomStream(seed: UInt64(count), .test)
    let scores = (0..<count).map { _ in
      stream.chance(0.3) ? [0, -0.0, 1, -1][stream.below(4)] : Float(stream.normal())
    }
    let expected = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    #expect(TopSelection.descending(0..<count, by: scores) == expected)
    var taken: [Int] = []
    TopSelection.takeDescending(by: scores) {
      taken += $0
      return true
    }
    #expect(taken == expected)
    for kept in [0, 1, count / 2, count] where kept <= count {
      #expect(TopSelection.positions(kept, of: scores, in: 0..<count) == expected.prefix(kept).sorted())
    }
    var parts = 0
    TopSelection.takeDescending(by: scores) { _ in
      parts += 1
      return false
    }
    #expect(parts == min(count, 1))
  }
}
