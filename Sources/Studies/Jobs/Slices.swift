package import Digests

/// What a slice may be used for, as a type: a planner cannot name the test slice where fitness is decided.
package enum TrainingUse: Sendable {}
package enum FitnessUse: Sendable {}
package enum TestUse: Sendable {}

/// A part of a data set, named by the digest of its bytes.
package struct Slice<Use: Sendable>: Hashable, Sendable {
  package let digest: Digest
  package let count: Int

  package init(digest: Digest, count: Int) {
    self.digest = digest
    self.count = count
  }
}

/// The four slices of a study: `train` fits weights, `search` decides fitness, `validation` decides stopping and
/// tuning, `test` is read by the report alone.
package struct Splits: Hashable, Sendable {
  package let train: Slice<TrainingUse>
  package let search: Slice<FitnessUse>
  package let validation: Slice<FitnessUse>
  package let test: Slice<TestUse>

  package init(
    train: Slice<TrainingUse>, search: Slice<FitnessUse>, validation: Slice<FitnessUse>, test: Slice<TestUse>
  ) {
    self.train = train
    self.search = search
    self.validation = validation
    self.test = test
  }
}

/// A size given as a count of samples or as a fraction of them.
package enum SampleShare: Hashable, Sendable {
  case count(Int)
  case fraction(Double)

  /// The number of samples out of `total`.
  package func resolved(of total: Int) -> Int {
    switch self {
    case .count(let count): count
    case .fraction(let fraction): Int((fraction * Double(total)).rounded())
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .count(let count):
      bytes.append(0)
      bytes.append(count)
    case .fraction(let fraction):
      bytes.append(1)
      bytes.append(fraction)
    }
  }
}

/// How large the slices are; what is left over trains.
package struct SplitSizes: Hashable, Sendable {
  package var search: SampleShare
  package var validation: SampleShare
  /// Only where the data set has no official test part.
  package var test: SampleShare

  package init(
    search: SampleShare = .fraction(0.2), validation: SampleShare = .fraction(0.1), test: SampleShare = .fraction(0.2)
  ) {
    self.search = search
    self.validation = validation
    self.test = test
  }

  func append(to bytes: inout CanonicalBytes) {
    search.append(to: &bytes)
    validation.append(to: &bytes)
    test.append(to: &bytes)
  }
}

extension Slice<FitnessUse> {
  /// The same samples to train on: what decides fitness may be learned from too, as long as every rival may.
  package var forTraining: Slice<TrainingUse> { Slice<TrainingUse>(digest: digest, count: count) }
}

extension Slice<TrainingUse> {
  /// The same samples to be judged on, by a report that is behind all decisions.
  var forReport: Slice<FitnessUse> { Slice<FitnessUse>(digest: digest, count: count) }
}

extension Slice {
  /// How many samples a share of them is; nil for all.
  func samples(_ share: Double) -> Int? { share < 1 ? max(1, Int((share * Double(count)).rounded())) : nil }
}
