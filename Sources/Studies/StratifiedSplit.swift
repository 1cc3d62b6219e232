package import Models
internal import Pruning
internal import Randomness

/// A split that the data cannot give.
package struct SplitError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}

/// Cuts a data set into the four slices, keyed by the study's seed.
package enum StratifiedSplit {
  /// The data of the four slices: every sample in exactly one, each class shared out in proportion, counts exact.
  ///
  /// - Parameter officialTest: the data set's own test part; nil takes test samples from `training`.
  /// - Throws: ``SplitError`` where a slice would be empty or the sizes ask for more than there is.
  package static func slices(
    of training: LabelledData, officialTest: LabelledData?, sizes: SplitSizes, seed: UInt64
  ) throws(SplitError) -> (train: LabelledData, search: LabelledData, validation: LabelledData, test: LabelledData) {
    let total = training.count
    var wanted = [sizes.search.resolved(of: total), sizes.validation.resolved(of: total)]
    if officialTest == nil { wanted.append(sizes.test.resolved(of: total)) }
    let names = ["search", "validation", "test"]
    for (name, count) in zip(names, wanted) where count < 1 {
      throw SplitError(description: "splits.\(name): \(count) of \(total) samples; a slice needs at least one")
    }
    let rest = total - wanted.reduce(0, +)
    guard rest >= 1 else {
      throw SplitError(
        description: "splits: \(wanted.reduce(0, +)) samples asked for, \(total) there, none left to train on")
    }

    var (parts, train) = parts(of: training, counts: wanted, seed: seed)
    // Searches look at the first samples alone where that is enough, so these have to be like the rest.
    var stream = RandomStream(seed: seed, .split, UInt64(training.classes))
    stream.shuffle(&parts[0])
    return (
      training.selecting(train), training.selecting(parts[0]), training.selecting(parts[1]),
      officialTest ?? training.selecting(parts[2])
    )
  }
  /// Indices of disjoint parts of the data with `counts` samples, each class shared out in proportion, and of the rest.
  ///
  /// - Precondition: the counts add up to no more than there is.
  package static func parts(
    of data: LabelledData, counts: [Int], seed: UInt64
  ) -> (parts: [[Int]], rest: [Int]) {
    var pools: [[Int]] = Array(repeating: [], count: data.classes)
    for (index, label) in data.labels.enumerated() { pools[Int(label)].append(index) }
    for label in pools.indices {
      var stream = RandomStream(seed: seed, .split, UInt64(label))
      stream.shuffle(&pools[label])
    }
    var parts: [[Int]] = []
    for count in counts {
      // Shares of what is left, so that a class never has to give more than it has.
      let shares = Apportionment.shares(of: count, sizes: pools.map(\.count))
      var part: [Int] = []
      for (label, share) in shares.enumerated() {
        part.append(contentsOf: pools[label].suffix(share))
        pools[label].removeLast(share)
      }
      parts.append(part.sorted())
    }
    return (parts, pools.flatMap { $0 }.sorted())
  }
}
