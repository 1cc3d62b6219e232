/// Zero-filled memory aligned to a cache line, freed with its owner.
///
/// The one owner of raw memory in this target: vector kernels lose half their speed on Swift arrays, whose elements
/// begin 32 bytes into a block. Behind the end lies one vector more, so that kernels may read past it.
final class AlignedBuffer<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int) {
    precondition(count >= 0)
    self.count = count
    let bytes = count * MemoryLayout<Element>.stride + 128
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    base = raw.bindMemory(to: Element.self, capacity: count)
  }

  /// A copy of an array.
  convenience init(_ values: [Element]) {
    self.init(count: values.count)
    values.withUnsafeBufferPointer { if let first = $0.baseAddress { base.update(from: first, count: count) } }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// The elements as a Swift array.
  var array: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
