import Formats
import Foundation
import Testing

/// Huffman codes against known ones and the bounds of theory.
@Suite struct HuffmanCodeTests {
  @Test func knownLengths() throws {
    // The example of Cormen et al., Introduction to Algorithms, section 16.3.
    #expect(HuffmanCode(frequencies: [45, 13, 12, 16, 9, 5]).lengths == [1, 3, 3, 3, 4, 4])
    #expect(HuffmanCode(frequencies: [1, 1, 1, 1]).lengths == [2, 2, 2, 2])
    #expect(HuffmanCode(frequencies: [0, 7, 0]).lengths == [0, 1, 0])
    #expect(HuffmanCode(frequencies: [3, 0, 9]).lengths == [1, 0, 1])
    #expect(HuffmanCode(frequencies: []).lengths == [] && HuffmanCode(frequencies: [0, 0]).lengths == [0, 0])
  }

  /// The words of RFC 1951, section 3.2.2: F is 00, A to E are 010 to 110, G and H are 1110 and 1111.
  @Test func canonicalWords() throws {
    let code = try HuffmanCode(lengths: [3, 3, 3, 3, 3, 2, 4, 4])
    #expect(code.encode([5, 0, 1]) == [0b0001_0011])
    #expect(code.encode([6, 7]) == [0b1110_1111])
    #expect(code.encode([4, 4, 4]) == [0b1101_1011, 0])
    #expect(try code.decode([0b0001_0011], count: 3) == [5, 0, 1])
  }

  /// Frequencies that grow like Fibonacci's numbers make Huffman's words as long as they can be.
  @Test func wordsHaveALimit() throws {
    var frequencies = [1, 1]
    while frequencies.count < 40 { frequencies.append(frequencies.suffix(2).reduce(0, +)) }
    let code = HuffmanCode(frequencies: frequencies)
    #expect(code.lengths.max() == UInt8(HuffmanCode.maximumLength))
    #expect(try HuffmanCode(lengths: code.lengths) == code, "the words are a complete code")
    // With 14 symbols the limit does not matter, and the words are Huffman's.
    let few = HuffmanCode(frequencies: Array(frequencies.prefix(14)))
    #expect(few.lengths == [13, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func messagesComeBackInNoMoreBitsThanTheoryAllows(seed: UInt64) throws {
    var random = Seeded(seed)
    let count = Int.random(in: 1...257, using: &random)
    let skew = random.pick([1, 3, 12.0])
    let length = random.pick([0, 1, 5, 400, 3000])
    let message = (0..<length).map { _ in
      UInt16(pow(Double.random(in: 0..<1, using: &random), skew) * Double(count))
    }
    var frequencies = [Int](repeating: 0, count: count)
    for symbol in message { frequencies[Int(symbol)] += 1 }
    let code = HuffmanCode(frequencies: frequencies)
    let bytes = code.encode(message)
    let again = try HuffmanCode(lengths: code.lengths)
    #expect(again == code, "seed \(seed)")
    #expect(try again.decode(bytes[...], count: length) == message, "seed \(seed)")
    // Shannon: the entropy, and less than a bit a symbol more.
    let entropy = frequencies.filter { $0 > 0 }.reduce(0) { $0 - Double($1) * log2(Double($1) / Double(length)) }
    let bits = zip(frequencies, code.lengths).reduce(0) { $0 + $1.0 * Int($1.1) }
    #expect(bytes.count == (bits + 7) / 8, "seed \(seed)")
    #expect(Double(bits) >= entropy - 1e-6, "seed \(seed)")
    #expect(length == 0 || Double(bits) < entropy + Double(length) + 1e-6, "seed \(seed)")
  }

  @Test(
    arguments: [
      [1], [1, 1], [0, 1, 0], [0, 0], [], [2, 2, 2, 2], [1, 2, 3, 3],
    ] as [[UInt8]])
  func codesThatAre(lengths: [UInt8]) throws { _ = try HuffmanCode(lengths: lengths) }

  @Test(
    arguments: [
      [1, 1, 1], [2], [1, 2], [2, 2, 2], [1, 2, 3], [16, 16], [255, 1], [3, 3, 3, 3, 3, 3, 3, 3, 3], [0, 2, 2],
    ] as [[UInt8]])
  func codesThatCannotBe(lengths: [UInt8]) {
    #expect(complaint { try HuffmanCode(lengths: lengths) } != nil, "\(lengths)")
  }

  @Test func messagesThatCannotBe() throws {
    let code = try HuffmanCode(lengths: [1, 2, 2])
    let bytes = code.encode([0, 1, 2, 0, 0, 0, 2])
    #expect(bytes.count == 2)
    #expect(try code.decode(bytes[...], count: 7).count == 7)
    for count in [-1, 0, 6, 17, Int.max] {
      #expect(complaint { try code.decode(bytes[...], count: count) } != nil, "\(count)")
    }
    #expect(complaint { try code.decode(bytes.prefix(1), count: 7) } != nil)
    #expect(complaint { try code.decode((bytes + [0])[...], count: 7) } != nil, "a byte too many")
    let unknown = complaint { try HuffmanCode(lengths: [1]).decode([0b1000_0000], count: 1) }
    #expect(unknown?.contains("0 code words") == true)
    #expect(complaint { try HuffmanCode(lengths: [0]).decode([0], count: 1) } != nil)
    #expect(try HuffmanCode(lengths: [0]).decode([], count: 0) == [])
  }
}

@Suite struct RelativeIndexTests {
  /// Figure 2 of the paper: distances of 3 bits, a filler between 4 and 15.
  @Test func theExampleOfThePaper() throws {
    let index = RelativeIndex([1, 4, 15], bits: 3)
    #expect(index.steps == [1, 2, 7, 2])
    #expect(index.isFiller == [false, false, true, false])
    #expect(try index.positions(below: 16) == [1, 4, 15])
  }

  @Test func gapsOfTheLongestDistanceNeedNoFiller() {
    #expect(RelativeIndex([7], bits: 3).steps == [7])
    #expect(RelativeIndex([8], bits: 3).steps == [7, 0])
    #expect(RelativeIndex([16], bits: 3).isFiller == [true, true, false])
    #expect(RelativeIndex([0, 1, 2], bits: 1).steps == [0, 0, 0])
    #expect(RelativeIndex([], bits: 5).steps == [])
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func positionsComeBack(seed: UInt64) throws {
    var random = Seeded(seed)
    let density = random.pick([0.001, 0.02, 0.3, 1])
    let positions = (0..<5000).filter { _ in random.chance(density) }
    for bits in 1...8 {
      let index = RelativeIndex(positions, bits: bits)
      #expect(index.steps.allSatisfy { $0 < 1 << bits }, "seed \(seed)")
      #expect(index.isFiller.count { !$0 } == positions.count, "seed \(seed)")
      let again = try RelativeIndex(steps: index.steps, isFiller: index.isFiller, bits: bits)
      #expect(try again.positions(below: 5000) == positions, "seed \(seed)")
      if let last = positions.last {
        #expect(complaint { try index.positions(below: last) } != nil, "seed \(seed)")
        #expect(try index.positions(below: last + 1) == positions, "seed \(seed)")
      }
    }
  }

  @Test func shortFillersAreRefused() {
    let text = complaint { try RelativeIndex(steps: [3, 2], isFiller: [true, false], bits: 3) }
    #expect(text?.contains("fillers after 8") == true, "\(text ?? "nothing")")
  }
}
