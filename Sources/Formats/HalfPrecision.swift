extension Float {
  /// The value of an IEEE 754 half-precision bit pattern. By hand, because `Float16` does not exist on all platforms.
  init(halfPattern pattern: UInt16) {
    let magnitude = UInt32(pattern & 0x7FFF)
    let sign = UInt32(pattern & 0x8000) << 16
    // Read as the upper bits of a Float, a half is too small by 2^112, subnormals included.
    self =
      magnitude >= 0x7C00
      ? Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
      : Float(bitPattern: sign | magnitude << 13) * 0x1p112
  }
}
