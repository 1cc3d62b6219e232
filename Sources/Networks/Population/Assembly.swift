/// Machine code that is being written, in segments that can be left out one by one.
///
/// It is as yet only written, not run; ``CodeMemory`` is for that.
final class Assembly {
  private var memory = AlignedBuffer<UInt8>(count: 1 << 16)
  private(set) var count = 0
  /// Where each segment begins.
  private(set) var starts: [UInt32] = []

  /// Bytes of a multiply-add.
  static let multiplyAddBytes = Instructions.templateBytes + 1
  /// The most bytes of any other instruction.
  static let mostBytes = Instructions.templateBytes + 4

  var base: UnsafePointer<UInt8> { UnsafePointer(memory.base) }

  func removeAll() {
    count = 0
    starts.removeAll(keepingCapacity: true)
  }

  /// Makes room for so many more bytes; writing does not look.
  func reserve(_ bytes: Int) {
    // Templates are written as 8 bytes.
    guard count + bytes + 8 > memory.count else { return }
    let larger = AlignedBuffer<UInt8>(count: max(count + bytes + 8, 2 * memory.count))
    larger.base.update(from: memory.base, count: count)
    memory = larger
  }

  /// Adds segments, of which `body` writes the code.
  func write(_ body: (inout Writer) -> Void) {
    var writer = Writer(base: UnsafeMutableRawPointer(memory.base), count: count)
    swap(&writer.starts, &starts)
    body(&writer)
    swap(&writer.starts, &starts)
    count = writer.count
  }

  /// A cursor, which keeps what the loops over weights change in registers.
  struct Writer {
    fileprivate let base: UnsafeMutableRawPointer
    fileprivate(set) var count: Int
    fileprivate(set) var starts: [UInt32] = []

    /// Begins a segment.
    @inline(__always)
    mutating func beginSegment() { starts.append(UInt32(truncatingIfNeeded: count)) }

    @inline(__always)
    mutating func put(_ template: UInt64) {
      base.storeBytes(of: template, toByteOffset: count, as: UInt64.self)
      count &+= Instructions.templateBytes
    }

    /// With a displacement of one byte.
    @inline(__always)
    mutating func put(_ template: UInt64, byte: Int) {
      let byte = UInt64(UInt8(truncatingIfNeeded: byte))
      base.storeBytes(of: template | byte &<< 48, toByteOffset: count, as: UInt64.self)
      count &+= Assembly.multiplyAddBytes
    }

    /// With a displacement of four bytes.
    @inline(__always)
    mutating func put(_ template: UInt64, word: UInt32) {
      put(template)
      base.storeBytes(of: word, toByteOffset: count, as: UInt32.self)
      count &+= 4
    }

    mutating func put(immediate byte: UInt8) {
      base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
      count &+= 1
    }

    /// `add rdi, 4 · weights`.
    mutating func advanceWeights(by weights: Int) {
      base.storeBytes(of: 0xc7_8148, toByteOffset: count, as: UInt32.self)
      base.storeBytes(of: UInt32(truncatingIfNeeded: 4 * weights), toByteOffset: count + 3, as: UInt32.self)
      count &+= 7
    }

    mutating func putReturn() { put(immediate: 0xc3) }
  }
}
