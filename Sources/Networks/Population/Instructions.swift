/// The few AVX-512 instructions that sums take, as bytes (Intel's manual, volume 2, 2.7: EVEX).
///
/// A template is the bytes of an instruction up to its displacement, lowest first.
enum Instructions {
  /// Registers that code gets its arguments in.
  enum Base: UInt64 {
    case weights = 7
    case inputs = 6
    case values = 2
    case nonfinite = 1
  }

  /// Bytes of a template without displacement.
  static let templateBytes = 6

  private enum Map: UInt64 {
    case f = 1
    case f38 = 2
    case f3a = 3
  }

  private enum Prefix: UInt64 {
    case none = 0
    case x66 = 1
    case xf3 = 2
  }

  /// - Parameters:
  ///   - vvvv: the other source; 0 where there is none.
  ///   - mode: of the operand: 1 memory at a displacement of a byte, 2 of four, 3 a register.
  ///   - operand: the number of the register.
  private static func evex(
    _ map: Map, _ prefix: Prefix, _ opcode: UInt64, _ target: Int, _ vvvv: Int, mode: UInt64, _ operand: Int,
    broadcasts: Bool = false
  ) -> UInt64 {
    // Register numbers are told inverted, their bits 3 and 4 apart from the others.
    func inverted(_ number: Int, _ bit: Int) -> UInt64 { UInt64(~number >> bit & 1) }
    let isRegister = mode == 3
    let p0 =
      inverted(target, 3) << 7 | (isRegister ? inverted(operand, 4) : 1) << 6 | inverted(operand, 3) << 5
      | inverted(target, 4) << 4 | map.rawValue
    let p1 = UInt64(~vvvv & 15) << 3 | 1 << 2 | prefix.rawValue
    let p2: UInt64 = 2 << 5 | (broadcasts ? 1 : 0) << 4 | inverted(vvvv, 4) << 3
    let modrm = mode << 6 | UInt64(target & 7) << 3 | UInt64(operand & 7)
    return 0x62 | p0 << 8 | p1 << 16 | p2 << 24 | opcode << 32 | modrm << 40
  }

  private static func memory(
    _ map: Map, _ prefix: Prefix, _ opcode: UInt64, _ register: Int, _ vvvv: Int, _ base: Base, mode: UInt64,
    broadcasts: Bool = false
  ) -> UInt64 {
    evex(map, prefix, opcode, register, vvvv, mode: mode, Int(base.rawValue), broadcasts: broadcasts)
  }

  /// `sum += x · [base + 4 · displacement]`, a byte, `vfmadd231ps` with a broadcast operand.
  static func multiplyAdd(_ sum: Int, _ x: Int, _ base: Base) -> UInt64 {
    memory(.f38, .x66, 0xb8, sum, x, base, mode: 1, broadcasts: true)
  }

  /// `register = [base + 4 · displacement]` in all lanes, a byte, `vbroadcastss`.
  static func broadcast(_ register: Int, _ base: Base) -> UInt64 {
    memory(.f38, .x66, 0x18, register, 0, base, mode: 1)
  }

  /// `register = [base + displacement]`, four bytes, `vmovups`.
  static func load(_ register: Int, _ base: Base) -> UInt64 { memory(.f, .none, 0x10, register, 0, base, mode: 2) }

  /// `[base + displacement] = register`, four bytes, `vmovups`.
  static func store(_ register: Int, _ base: Base) -> UInt64 { memory(.f, .none, 0x11, register, 0, base, mode: 2) }

  /// `register = register | [base + displacement]`, four bytes, `vpord`.
  static func or(_ register: Int, _ base: Base) -> UInt64 {
    memory(.f, .x66, 0xeb, register, register, base, mode: 2)
  }

  /// `register = 0`, `vpxord`.
  static func clear(_ register: Int) -> UInt64 { evex(.f, .x66, 0xef, register, register, mode: 3, register) }

  /// `sum += x · y`, `vfmadd231ps`.
  static func multiplyAdd(_ sum: Int, _ x: Int, _ y: Int) -> UInt64 { evex(.f38, .x66, 0xb8, sum, x, mode: 3, y) }

  /// `register += y`, `vaddps`.
  static func add(_ register: Int, _ y: Int) -> UInt64 { evex(.f, .none, 0x58, register, register, mode: 3, y) }

  /// `register = register > y ? register : y`, `vmaxps`: y where one of them is not a number, or both are zero.
  static func maximum(_ register: Int, _ y: Int) -> UInt64 { evex(.f, .none, 0x5f, register, register, mode: 3, y) }

  /// `k1` = lanes in which a register is not a number, `vcmpunordps`; a byte of 3 follows.
  static func compareUnordered(_ register: Int) -> UInt64 { evex(.f, .none, 0xc2, 1, register, mode: 3, register) }

  /// `register = k1 ? -1 : 0` by lanes of 32 bits, `vpmovm2d`.
  static func spread(_ register: Int) -> UInt64 { evex(.f38, .xf3, 0x38, register, 0, mode: 3, 1) }
}
