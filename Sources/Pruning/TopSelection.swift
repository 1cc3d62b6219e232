/// The k largest of many scores, as a set.
package enum TopSelection {
  /// The positions of the `k` highest of `scores` in `range`, ascending; of equal scores the lower position wins.
  ///
  /// One pass counts scores by their upper bits, which finds the bucket where the k-th lies; only that bucket is
  /// sorted. A quickselect did the same with several mispredicted passes and took most of random search's breeding time.
  ///
  /// - Complexity: O(n) plus the sorting of one bucket.
  package static func positions(_ k: Int, of scores: [Float], in range: Range<Int>) -> [Int] {
    precondition(k >= 0 && k <= range.count)
    guard k > 0 else { return [] }
    return scores.withUnsafeBufferPointer { scores in
      let shift = shift(for: range.count)
      var counts = [Int](repeating: 0, count: 1 << (32 - shift))
      for position in range { counts[Int(ordered(scores[position]) >> shift)] += 1 }
      var bucket = counts.count
      var above = 0
      repeat {
        bucket -= 1
        above += counts[bucket]
      } while above < k
      let tied = range.filter { Int(ordered(scores[$0]) >> shift) == bucket }
        .sorted { (ordered(scores[$1]), $0) < (ordered(scores[$0]), $1) }
      // The last of the bucket that is taken; everything that ranks with it or before it is in.
      let last = tied[k - (above - tied.count) - 1]
      let threshold = ordered(scores[last])
      var out: [Int] = []
      out.reserveCapacity(k)
      for position in range {
        let score = ordered(scores[position])
        if score > threshold || (score == threshold && position <= last) { out.append(position) }
      }
      return out
    }
  }

  /// Some positions from the highest of `scores` to the lowest; of equal scores the lower position comes first.
  ///
  /// - Complexity: O(n log n).
  package static func descending(_ positions: some Sequence<Int>, by scores: [Float]) -> [Int] {
    // One integer a position sorts several times faster than a closure over two arrays: score bits above, place below.
    let keys = positions.map { UInt64(~ordered(scores[$0])) << 32 | UInt64($0) }.sorted()
    return keys.map { Int($0 & 0xffff_ffff) }
  }

  /// Calls `body` with all positions as ``descending(_:by:)`` orders them, a part at a time, until it says that it has
  /// enough: a part is sorted only when its turn comes.
  ///
  /// - Complexity: O(n) plus the sorting of the parts that are taken.
  package static func takeDescending(by scores: [Float], _ body: ([Int]) -> Bool) {
    let shift = shift(for: scores.count)
    var ends = [Int](repeating: 0, count: 1 << (32 - shift))
    for score in scores { ends[Int(~ordered(score) >> shift)] += 1 }
    var sum = 0
    for bucket in ends.indices {
      sum += ends[bucket]
      ends[bucket] = sum - ends[bucket]
    }
    var places = [UInt32](repeating: 0, count: scores.count)
    for (position, score) in scores.enumerated() {
      let bucket = Int(~ordered(score) >> shift)
      places[ends[bucket]] = UInt32(position)
      ends[bucket] += 1
    }
    var start = 0
    for end in ends where end > start {
      if !body(descending(places[start..<end].lazy.map { Int($0) }, by: scores)) { return }
      start = end
    }
  }

  /// How many bits a bucket does not look at: as many buckets as scores or more, and no more than 65,536, for where scores
  /// are few their emptying would be most of the work.
  private static func shift(for count: Int) -> Int {
    32 - min(16, max(10, Int.bitWidth - count.leadingZeroBitCount + 3))
  }

  /// The bits of a number in an order that integers share; −0 equals 0.
  @inline(__always)
  private static func ordered(_ score: Float) -> UInt32 {
    let bits = (score + 0).bitPattern
    return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
  }
}
