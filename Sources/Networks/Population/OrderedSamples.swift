internal import Models

/// Samples in an order in which those that lie together are zero in the same features, so that those can be skipped.
///
/// Handwritten digits have four zeros in five values, but any 64 of them have a value somewhere in three features of
/// five. Who has a rare feature makes it live for a whole slab, so samples are sorted by their rarest one: half of
/// the features then are zero in all of a slab, on MNIST. (Of slabs of 256, growing each greedily by
/// its nearest samples would leave 46 % live instead of 52 %, at quadratic cost.)
final class OrderedSamples: Sendable {
  /// The samples in their new order; nil where they lie as they were.
  let data: EvaluationData?
  /// For each sample in its new place, its old one.
  let order: [Int]
  /// For each slab of ``blocksPerSlab`` blocks a bit for each feature that is not zero in all of its samples, and
  /// room for a reader of 1,024 bits behind the last; nil where too few are zero to be worth the looking.
  let live: [[UInt64]]?
  /// The same for each block, where there are such lists.
  let liveInBlocks: [[UInt64]]?
  /// For each slab the features to be looked at, in runs.
  let liveRanges: [[Range<Int>]]
  /// The mean share of live features in a slab.
  let liveShare: Double

  /// Blocks that share one list of live features: a list for each block would cost more than it saves.
  static let blocksPerSlab = 32
  /// The share of live features from which on nothing is skipped.
  private static let worthwhile = 0.9

  /// - Parameter samples: how many of the first ones there are.
  /// - Complexity: linear in the number of values, and n log n in the samples.
  init(_ data: EvaluationData, samples: Int) {
    let natural = Array(0..<samples)
    let slab = Self.blocksPerSlab * Kernels.lanes
    let slabs = (samples + slab - 1) / slab
    let all = Array(repeating: [0..<data.featureCount], count: slabs)
    // With a normalisation hardly anything is zero.
    guard data.normalization == nil, samples > 0 else {
      (self.data, order, live, liveInBlocks, liveRanges, liveShare) = (nil, natural, nil, nil, all, 1)
      return
    }
    let features = data.featureCount
    var counts = [Int32](repeating: 0, count: features)
    data.forEachNonzero(samples: samples) { _, feature in counts[feature] += 1 }
    var rarest = [Int32](repeating: .max, count: samples)
    data.forEachNonzero(samples: samples) { sample, feature in
      rarest[sample] = min(rarest[sample], counts[feature])
    }
    let order = natural.sorted { (rarest[$1], $0) < (rarest[$0], $1) }
    var place = [Int](repeating: 0, count: samples)
    for (new, old) in order.enumerated() { place[old] = new }
    let none = [UInt64](repeating: 0, count: (features + 63) / 64 + 17)
    var blocks = Array(repeating: none, count: (samples + Kernels.lanes - 1) / Kernels.lanes)
    data.forEachNonzero(samples: samples) { sample, feature in
      blocks[place[sample] / Kernels.lanes][feature / 64] |= 1 << UInt64(feature % 64)
    }
    var live = Array(repeating: none, count: slabs)
    for (number, block) in blocks.enumerated() {
      for word in none.indices { live[number / Self.blocksPerSlab][word] |= block[word] }
    }
    let bits = live.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } }
    liveShare = Double(bits) / Double(live.count * features)
    guard liveShare < Self.worthwhile else {
      (self.data, self.order, self.live, liveInBlocks, liveRanges) = (nil, natural, nil, nil, all)
      return
    }
    (self.data, self.order, self.live, liveInBlocks) = (data.reordered(order), order, live, blocks)
    liveRanges = live.map { Self.runs(of: $0, upTo: features) }
  }

  /// Takes the losses of a block, whose first sample is `start`, to where their samples lie in the data's own order.
  ///
  /// - Returns: their sum.
  func store(
    _ block: UnsafePointer<Double>, from start: Int, count: Int, into losses: UnsafeMutablePointer<Double>
  ) -> Double {
    var sum = 0.0
    order.withUnsafeBufferPointer { order in
      for lane in 0..<count {
        losses[order[start &+ lane]] = block[lane]
        sum += block[lane]
      }
    }
    return sum
  }

  /// The opposite of ``store(_:from:count:into:)``.
  func load(
    _ losses: UnsafePointer<Double>, from start: Int, count: Int, into block: UnsafeMutablePointer<Double>
  ) {
    for lane in 0..<count { block[lane] = losses[order[start + lane]] }
  }

  private static func runs(of bits: [UInt64], upTo count: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for feature in 0..<count where bits[feature / 64] >> UInt64(feature % 64) & 1 == 1 {
      if let last = runs.last, last.upperBound == feature {
        runs[runs.count - 1] = last.lowerBound..<feature + 1
      } else {
        runs.append(feature..<feature + 1)
      }
    }
    return runs
  }
}
