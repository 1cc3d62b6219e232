/// Numbers of nodes by hash, with whatever else makes two of them equal left to the caller.
struct NodeTable {
  private var slots: [Int32] = Array(repeating: -1, count: 1024)
  private var hashes: [UInt64] = []

  /// The node among those of this hash that `isEqual`; else a new one, whose number follows the last.
  ///
  /// - Complexity: O(1) on average.
  mutating func node(_ hash: UInt64, where isEqual: (Int) -> Bool) -> (node: Int, isNew: Bool) {
    let hash = Self.mixed(hash)
    if 2 * hashes.count >= slots.count { grow() }
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let node = Int(slots[slot])
      if hashes[node] == hash, isEqual(node) { return (node, false) }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(hashes.count)
    hashes.append(hash)
    return (hashes.count - 1, true)
  }

  mutating func removeAll() {
    for index in slots.indices { slots[index] = -1 }
    hashes.removeAll(keepingCapacity: true)
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: 2 * slots.count)
    for (node, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(node)
    }
  }

  /// One step of a running hash.
  @inline(__always)
  static func combined(_ hash: UInt64, _ value: UInt64) -> UInt64 {
    let product = (hash ^ value) &* 0x9e37_79b9_7f4a_7c15
    return product ^ (product &>> 29)
  }

  private static func mixed(_ hash: UInt64) -> UInt64 {
    let product = (hash ^ (hash &>> 32)) &* 0xd6e8_feb8_6659_fd93
    return product ^ (product &>> 32)
  }
}
