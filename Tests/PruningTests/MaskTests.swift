import Pruning
import Randomness
import Testing

/// Every number of weights that lies at or beside a word boundary.
let maskCounts = [0, 1, 63, 64, 65, 130]

/// Masks of one length: nothing, everything, each single position, and some random ones with a fixed seed.
func sampleMasks(count: Int, random: Int = 8) -> [Mask] {
  var masks = [Mask(count: count), Mask(count: count, keeping: true)]
  for position in 0..<count { masks.append(Mask(count: count, keeping: CollectionOfOne(position))) }
  for number in 0..<random {
    var stream = RandomStream(seed: 1, .test, UInt64(count), UInt64(number))
    masks.append(Mask(count: count, keeping: (0..<count).filter { _ in stream.chance(0.5) }))
  }
  return masks
}

/// A mask as the obvious thing that it stands for.
func bits(_ mask: Mask) -> [Bool] { (0..<mask.count).map { mask[$0] } }

@Suite struct MaskTests {
  @Test("A bit beyond the end, or a word too many or too few, is refused", arguments: maskCounts)
  func words(count: Int) {
    let words = [UInt64](repeating: 0, count: (count + 63) / 64)
    #expect(Mask(count: count, words: words) == Mask(count: count))
    #expect(Mask(count: count, words: words + [0]) == nil)
    #expect(Mask(count: -1, words: words) == nil)
    guard count > 0 else { return }
    #expect(Mask(count: count, words: Array(words.dropLast())) == nil)
    for position in 0..<64 * words.count {
      var set = words
      set[position / 64] = 1 << UInt64(position % 64)
      let mask = Mask(count: count, words: set)
      #expect((mask == nil) == (position >= count), "position \(position)")
      if let mask { #expect(mask == Mask(count: count, keeping: CollectionOfOne(position))) }
    }
  }

  @Test("All kept and all removed", arguments: maskCounts)
  func uniform(count: Int) {
    let all = Mask(count: count, keeping: true)
    let none = Mask(count: count)
    #expect(all.population == count && none.population == 0)
    #expect(bits(all).allSatisfy { $0 } && !bits(none).contains(true))
    #expect(Mask(count: count, words: all.words) == all, "the tail bits are zero")
    #expect(all.keptPositions == Array(0..<count) && none.keptPositions.isEmpty)
  }

  @Test("The population equals a recount after every one of many random edits", arguments: maskCounts)
  func population(count: Int) {
    guard count > 0 else { return }
    var stream = RandomStream(seed: 2, .test, UInt64(count))
    var mask = Mask(count: count)
    var naive = [Bool](repeating: false, count: count)
    for _ in 0..<1000 {
      let position = stream.below(count)
      let kept = stream.chance(0.5)
      mask[position] = kept
      naive[position] = kept
      #expect(mask.population == mask.words.reduce(0) { $0 + $1.nonzeroBitCount })
      #expect(mask.population == naive.count { $0 })
    }
    #expect(bits(mask) == naive)
    #expect(Mask(count: count, words: mask.words) == mask, "edits leave the tail bits zero")
  }

  @Test("Kept positions are those whose bit is set, ascending, and make the mask again", arguments: maskCounts)
  func keptPositions(count: Int) {
    for mask in sampleMasks(count: count) {
      let expected = (0..<count).filter { mask[$0] }
      #expect(mask.keptPositions == expected)
      #expect(Mask(count: count, keeping: expected) == mask)
      #expect(Mask(count: count, keeping: expected + expected.reversed()) == mask)
    }
  }

  @Test("Equal masks have equal digests, and every change shows in the digest", arguments: maskCounts)
  func digest(count: Int) {
    for mask in sampleMasks(count: count) {
      let again = Mask(count: count, keeping: mask.keptPositions)
      #expect(mask.digest == again.digest && mask == again)
      for position in 0..<count {
        var other = mask
        other[position].toggle()
        #expect(other.digest != mask.digest && other != mask)
      }
    }
  }

  @Test("The same words under another count are another mask")
  func digestOfCount() {
    let masks = (5...64).compactMap { Mask(count: $0, words: [0b10110]) }
    #expect(masks.count == 60)
    #expect(Set(masks.map(\.digest)).count == 60)
    #expect(Set(masks).count == 60)
    #expect(Mask(count: 0).digest != Mask(count: 1).digest)
  }
}
