internal import CBits

extension RandomStream {
  /// As many numbers as asked for: those that ``next()`` would give one after another.
  ///
  /// - Complexity: linear, and several times faster than one by one.
  package mutating func words(_ count: Int) -> [UInt64] { words(count, level: Int(cb_level())) }

  /// - Parameter level: of the kernel, 4, 3 or 0; for tests, since all give the same.
  /// - Precondition: this processor runs the level.
  package mutating func words(_ count: Int, level: Int) -> [UInt64] {
    precondition(level <= Int(cb_level()), "this processor does not run level \(level)")
    return [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
      let before = hasSpare && count > 0 ? 1 : 0
      if before == 1 { buffer[0] = next() }
      let blocks = (count - before) / 2
      if blocks > 0 {
        cb_variant(Int32(level)).pointee.philox(
          index, blocks, high.0, high.1, key.0, key.1, buffer.baseAddress! + before)
        index &+= UInt64(blocks)
      }
      if before + 2 * blocks < count { buffer[count - 1] = next() }
      initialized = count
    }
  }
}
