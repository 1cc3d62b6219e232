import Models
import Pruning
import Randomness
import Search
import Testing

/// Masks brought to a smaller size.
@Suite struct CutTests {
  @Test("Of what a mask keeps the largest scores stay, as many as the size says", arguments: 0..<8 as Range<UInt64>)
  func exactly(seed: UInt64) throws {
    let layout = ParameterLayout(try NetworkDescription(name: "cut", widths: [16, 8, 4]))
    var stream = RandomStream(seed: seed, .test)
    let parameters = (0..<layout.count).map { _ in Float(stream.normal()) }
    let space = MaskSpace(layout: layout, parameters: parameters, size: .exactly(20), seed: seed)
    let mask = randomMask(space.count, kept: 60, &stream)
    let scores = space.tables.magnitudes
    let expected = mask.keptPositions.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(20)
    let cut = space.cut(mask)
    #expect(space.contains(cut), "seed \(seed)")
    // The floor of one weight a layer holds: with 20 of 128 weights kept, the largest ones are in every layer or the floor is.
    if space.layers.allSatisfy({ layer in expected.contains { layer.contains($0) } }) {
      #expect(cut.keptPositions == expected.sorted(), "seed \(seed)")
    }
    #expect(cut.subtracting(mask).population == 0, "seed \(seed)")
    #expect(space.cut(cut) == cut, "seed \(seed)")
  }

  @Test("Floors hold, under caps and patterns too", arguments: MaskSizeTests.cases)
  func floors(budget: MaskSizeTests.Case) throws {
    for seed in 0..<4 as Range<UInt64> {
      let space = try budget.space(seed: seed)
      #expect(space.contains(space.cut(Mask(count: space.count, keeping: 0..<space.count))), "seed \(seed)")
      var stream = RandomStream(seed: seed, .test)
      #expect(space.contains(space.cut(randomMask(space.count, kept: space.count / 2, &stream))), "seed \(seed)")
    }
  }
}
