/// The k largest of many scores, as a set.
enum TopSelection {
  /// The positions of the `k` highest of `scores` in `range`; of equal scores the lower position wins.
  ///
  /// Score and position share one 64-bit key, so all keys differ and the set does not depend on the algorithm.
  ///
  /// - Complexity: O(n) on average (quickselect).
  static func positions(_ k: Int, of scores: [Float], in range: Range<Int>) -> [Int] {
    precondition(k <= range.count)
    guard k > 0 else { return [] }
    var keys = range.map { ordered(scores[$0]) << 32 | UInt64(UInt32.max - UInt32($0)) }
    if k < keys.count { partition(&keys, first: k) }
    return keys[..<k].map { Int(UInt32.max - UInt32(truncatingIfNeeded: $0)) }
  }

  /// The bits of a number in an order that integers share; −0 equals 0.
  private static func ordered(_ score: Float) -> UInt64 {
    let bits = (score + 0).bitPattern
    return UInt64(bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000)
  }

  /// Moves the `k` largest keys to the front, in any order. Source: Hoare, "Algorithm 65: Find", CACM 1961.
  private static func partition(_ keys: inout [UInt64], first k: Int) {
    keys.withUnsafeMutableBufferPointer { keys in
      var low = 0
      var high = keys.count - 1
      while low < high {
        let pivot = median(keys[low], keys[(low + high) / 2], keys[high])
        var i = low
        var j = high
        while i <= j {
          while keys[i] > pivot { i += 1 }
          while keys[j] < pivot { j -= 1 }
          if i <= j {
            keys.swapAt(i, j)
            i += 1
            j -= 1
          }
        }
        if k - 1 <= j {
          high = j
        } else if k - 1 >= i {
          low = i
        } else {
          return
        }
      }
    }
  }

  private static func median(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 { max(min(a, b), min(max(a, b), c)) }
}
