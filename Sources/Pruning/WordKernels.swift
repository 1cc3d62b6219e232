internal import CBits

/// What is asked of many words of masks at once; `CBits.h` says what each does. All variants give the same numbers.
package struct WordKernels {
  private let kernels: UnsafePointer<cb_kernels>

  /// The levels of x86-64 that this processor runs and that have a variant, 0 for the plain one.
  package static let levels = [0, 3, 4].filter { $0 <= Int(cb_level()) }
  /// The variant of the highest level.
  package static var fastest: WordKernels { WordKernels(level: levels.last!) }

  /// - Precondition: the level is one of ``levels``.
  package init(level: Int) {
    precondition(Self.levels.contains(level), "this processor does not run level \(level)")
    kernels = cb_variant(Int32(level))
  }

  /// The number of bits that are 1.
  package func population(_ words: UnsafeBufferPointer<UInt64>) -> Int {
    kernels.pointee.population(words.baseAddress, words.count)
  }

  /// The number of bits that differ.
  ///
  /// - Precondition: as many words.
  package func distance(_ words: UnsafeBufferPointer<UInt64>, _ others: UnsafeBufferPointer<UInt64>) -> Int {
    precondition(words.count == others.count)
    return kernels.pointee.distance(words.baseAddress, others.baseAddress, words.count)
  }

  /// For each word the sum of the numbers at the bits that are 1, of this word and all before it.
  ///
  /// - Parameters:
  ///   - numbers: 64 a word; 0 behind the last position.
  ///   - wholes: the sum of each word's numbers.
  /// - Complexity: linear in the numbers; what is read of them is the limit.
  package func runningSums(_ words: [UInt64], of numbers: [UInt32], wholes: [UInt64]) -> [UInt64] {
    precondition(numbers.count == words.count * 64 && wholes.count == words.count)
    return [UInt64](unsafeUninitializedCapacity: words.count) { buffer, initialized in
      kernels.pointee.running_sums(words, words.count, numbers, wholes, buffer.baseAddress)
      initialized = words.count
    }
  }
}
