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

  /// How many words share one of ``runningSums(_:of:wholes:)``.
  package static let group = Int(CB_GROUP)

  /// For each group of words the sum of the numbers at the bits that are 1, of this group and all before it.
  ///
  /// - Parameters:
  ///   - numbers: 64 a word; 0 behind the last position.
  ///   - wholes: the sum of each word's numbers.
  /// - Complexity: linear in the numbers.
  package func runningSums(_ words: [UInt64], of numbers: [UInt32], wholes: [UInt64]) -> [UInt64] {
    precondition(numbers.count == words.count * 64 && wholes.count == words.count)
    let groups = (words.count + Self.group - 1) / Self.group
    return [UInt64](unsafeUninitializedCapacity: groups) { buffer, initialized in
      kernels.pointee.running_sums(words, words.count, numbers, wholes, buffer.baseAddress)
      initialized = groups
    }
  }

  /// For each target the bit that is 1 at which the running sum of the numbers goes above it.
  ///
  /// - Parameter sums: those that ``runningSums(_:of:wholes:)`` gives for the same words and numbers.
  /// - Precondition: the last sum is above all targets.
  /// - Complexity: O(log words) for each, several at a time.
  package func positions(
    of targets: [UInt64], in words: [UInt64], of numbers: [UInt32], wholes: [UInt64], sums: [UInt64]
  ) -> [Int] {
    precondition(numbers.count == words.count * 64 && wholes.count == words.count)
    precondition(sums.count == (words.count + Self.group - 1) / Self.group)
    precondition(targets.allSatisfy { $0 < sums.last ?? 0 })
    var positions = targets
    kernels.pointee.find(words, words.count, numbers, wholes, sums, &positions, positions.count)
    return positions.map { Int($0) }
  }
}
