internal import CCode

/// Memory for machine code: it is written, then sealed, and only then run.
final class CodeMemory {
  /// A piece of code, by the bytes and the weights that lie before it.
  struct Piece {
    fileprivate let c: cc_piece

    init(code: Int, weights: Int) { c = cc_piece(code: UInt32(code), weights: UInt32(weights)) }
  }

  private let base: UnsafeMutableRawPointer
  let count: Int
  private var isSealed = false

  /// Memory to be written, of at least `count` bytes.
  ///
  /// - Precondition: ``isAllowed``, and there is memory.
  convenience init(count: Int) {
    let pages = (max(count, 1) + 0xfff) & ~0xfff
    guard let base = cc_map(pages) else { fatalError("no memory for \(pages) bytes of code") }
    self.init(base: base, pages: pages)
  }

  private init(base: UnsafeMutableRawPointer, pages: Int) { (self.base, count) = (base, pages) }

  deinit { cc_unmap(base, count) }

  /// Makes the memory one to be written.
  func open() {
    guard isSealed else { return }
    guard cc_protect(base, count, 0) != 0 else { fatalError("memory for code cannot be written again") }
    isSealed = false
  }

  /// Copies segments of code, one behind the other; see `cc_join`.
  ///
  /// - Parameters:
  ///   - starts: where each segment begins in `code`, and behind the last where it ends; `code` can be read 63 bytes
  ///     further.
  ///   - place: where the first one goes.
  /// - Returns: their bytes.
  /// - Precondition: opened, with room for all of them.
  func join(
    _ segments: [UInt32], of code: UnsafePointer<UInt8>, starts: UnsafePointer<UInt32>, at place: Int
  ) -> Int {
    precondition(!isSealed)
    return segments.withUnsafeBufferPointer { cc_join(base + place, code, starts, $0.baseAddress, $0.count) }
  }

  /// Makes it one to be run.
  func seal() {
    guard cc_protect(base, count, 1) != 0 else { fatalError("memory for code cannot be run") }
    isSealed = true
  }

  /// Runs pieces of code; see `cc_run`.
  ///
  /// - Precondition: sealed, and the processor has all instructions that were written.
  func run(
    _ pieces: [Piece], weights: UnsafePointer<Float>, inputs: UnsafePointer<Float>,
    values: UnsafeMutablePointer<Float>, nonfinite: UnsafeMutablePointer<Int32>
  ) {
    precondition(isSealed)
    pieces.withUnsafeBufferPointer { pieces in
      pieces.withMemoryRebound(to: cc_piece.self) {
        cc_run(base, $0.baseAddress, $0.count, weights, inputs, values, nonfinite)
      }
    }
  }

  /// Whether this processor has code and this system lets programs run what they wrote: some forbid it.
  static let isAllowed: Bool = {
    let bytes = 0x1000
    guard let page = cc_map(bytes) else { return false }
    defer { cc_unmap(page, bytes) }
    return cc_protect(page, bytes, 1) != 0
  }()
}
