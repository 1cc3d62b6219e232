/// The counter-based generator Philox4x32-10.
///
/// A pure function from (counter, key) to 128 random bits: nothing is shared, so nothing can be drawn in another order.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
@frozen
package enum Philox {
  /// Ten rounds over a 128-bit counter with a 64-bit key.
  @inlinable
  package static func block(
    _ counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let a = UInt64(0xd251_1f53) &* UInt64(c.0)
      let b = UInt64(0xcd9e_8d57) &* UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: b &>> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a &>> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: a)
      )
      k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85)
    }
    return c
  }
}
