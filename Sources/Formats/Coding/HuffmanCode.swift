/// A canonical prefix code: shorter words for more frequent symbols, the words of one length in the order of symbols.
///
/// Source: Huffman 1952; canonical words and their decoding as in RFC 1951, section 3.2.2.
package struct HuffmanCode: Hashable, Sendable {
  /// The longest word, in bits.
  ///
  /// Long enough to cost next to nothing for the alphabets of weights; without a limit the words of n symbols can have
  /// n − 1 bits.
  package static let maximumLength = 15

  /// The bits of each symbol's word; 0 for symbols that do not occur.
  package let lengths: [UInt8]
  /// How many words there are of each length.
  private let counts: [Int]
  /// The symbols by their words.
  private let symbols: [UInt16]

  /// The best code of bounded words for symbols that occur so often.
  ///
  /// A single symbol has a word of one bit. By package-merge (Larmore and Hirschberg, "A fast algorithm for optimal
  /// length-limited Huffman codes", 1990), which is Huffman's code where the bound does not matter, and needs no tree.
  ///
  /// - Precondition: there are at most 2^``maximumLength`` symbols.
  /// - Complexity: symbols × ``maximumLength``, squared at worst.
  package init(frequencies: [Int]) {
    precondition(frequencies.count <= 1 << Self.maximumLength)
    let used = frequencies.indices.filter { frequencies[$0] > 0 }.sorted {
      (frequencies[$0], $0) < (frequencies[$1], $1)
    }
    var lengths = [UInt8](repeating: 0, count: frequencies.count)
    if used.count == 1 {
      lengths[used[0]] = 1
    } else if used.count > 1 {
      let coins = used.map { Package(weight: frequencies[$0], symbols: [$0]) }
      var packages = coins
      for _ in 1..<Self.maximumLength {
        let pairs = stride(from: 0, to: packages.count - 1, by: 2).map { packages[$0].joined(packages[$0 + 1]) }
        packages = Self.merged(coins, pairs)
      }
      for package in packages.prefix(2 * used.count - 2) { for symbol in package.symbols { lengths[symbol] += 1 } }
    }
    self.init(sound: lengths)
  }

  /// The code of given lengths.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for words that are too long, too many or too few to
  ///   be a code in which every sequence of bits means something; a single word of one bit is one, and no word at all.
  /// - Complexity: linear in the number of symbols.
  package init(lengths: [UInt8]) throws(FormatError) {
    guard lengths.count <= 1 << Self.maximumLength, lengths.allSatisfy({ $0 <= Self.maximumLength }) else {
      throw .bad(
        nil, found: "\(lengths.count) code words of up to \(lengths.max() ?? 0) bits",
        expected: "at most \(Self.maximumLength) bits")
    }
    // In units of the longest word.
    let space = lengths.reduce(0) { $0 + ($1 == 0 ? 0 : 1 << (Self.maximumLength - Int($1))) }
    let isSingle = lengths.count { $0 > 0 } <= 1 && lengths.allSatisfy { $0 <= 1 }
    guard space == 1 << Self.maximumLength || isSingle else {
      throw .bad(nil, found: "code lengths that no code has", expected: "those of a complete prefix code")
    }
    self.init(sound: lengths)
  }

  private init(sound lengths: [UInt8]) {
    self.lengths = lengths
    var counts = [Int](repeating: 0, count: Self.maximumLength + 1)
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    self.counts = counts
    symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
      .map { UInt16($0) }
  }

  /// The words one after the other.
  ///
  /// - Precondition: each symbol has a word.
  /// - Complexity: linear in the number of bits.
  package func encode(_ message: [UInt16]) -> [UInt8] {
    var words = [Int](repeating: 0, count: lengths.count)
    var (word, length) = (0, 0)
    for symbol in symbols {
      word <<= Int(lengths[Int(symbol)]) - length
      length = Int(lengths[Int(symbol)])
      words[Int(symbol)] = word
      word += 1
    }
    var writer = BitWriter()
    for symbol in message {
      precondition(lengths[Int(symbol)] > 0, "a symbol without a word")
      writer.append(words[Int(symbol)], length: Int(lengths[Int(symbol)]))
    }
    return writer.bytes
  }

  /// A message of `count` symbols.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` where the bytes hold fewer symbols or more than that,
  ///   or bits that are no word.
  /// - Complexity: linear in the number of bits.
  package func decode(_ bytes: ArraySlice<UInt8>, count: Int) throws(FormatError) -> [UInt16] {
    // Each symbol has a bit at least, so a count that is made up takes no memory.
    guard count >= 0, count <= 8 * bytes.count else {
      throw .bad(nil, found: "\(bytes.count) bytes for \(count) code words", expected: "a bit for each at least")
    }
    var reader = BitReader(bytes)
    var message: [UInt16] = []
    message.reserveCapacity(count)
    for _ in 0..<count {
      guard let symbol = next(&reader) else {
        throw .bad(nil, found: "\(message.count) code words", expected: "\(count)")
      }
      message.append(symbol)
    }
    guard reader.isAtEnd else { throw .bad(nil, found: "more behind \(count) code words", expected: "the end") }
    return message
  }

  private func next(_ reader: inout BitReader) -> UInt16? {
    var (word, first, place) = (0, 0, 0)
    for count in counts.dropFirst() {
      guard let bit = reader.next() else { return nil }
      word = word << 1 | bit
      first <<= 1
      if word - first < count { return symbols[place + word - first] }
      place += count
      first += count
    }
    return nil
  }

  /// Symbols that are made one bit longer together.
  private struct Package {
    let weight: Int
    let symbols: [Int]

    func joined(_ other: Package) -> Package {
      Package(weight: weight + other.weight, symbols: symbols + other.symbols)
    }
  }

  /// Two lists in ascending order as one; of equals the first list's come first.
  private static func merged(_ left: [Package], _ right: [Package]) -> [Package] {
    var out: [Package] = []
    var rest = right[...]
    for package in left {
      while let other = rest.first, other.weight < package.weight { out.append(rest.removeFirst()) }
      out.append(package)
    }
    return out + rest
  }
}
