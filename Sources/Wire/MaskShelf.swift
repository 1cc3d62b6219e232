internal import DequeModule
internal import Digests
internal import Pruning

/// The masks that a connection carried lately, newest last: what later ones are told as differences from.
///
/// Each end has one. The connection keeps messages in order, and the receiver remembers twice as much as the sender: so what
/// the sender refers to is there, but for a message that was lost. Who misses a mask says hello again, and both ends begin
/// with empty shelves.
package struct MaskShelf: Sendable {
  private struct Entry: Sendable {
    let job: Digest
    let mask: Mask
  }

  /// Bytes of masks that are kept, and how many masks.
  private var limit: (bytes: Int, count: Int)
  private var entries: Deque<Entry> = []
  private var bytes = 0
  /// Words of each mask, for a guess at how far two differ: that of the n-th mask of all at n modulo the limit.
  private var sketches: [UInt64]
  /// How many masks came in all.
  private var total = 0

  private static let sketchWords = 64

  private init(bytes: Int, count: Int) {
    limit = (bytes, count)
    sketches = Array(repeating: 0, count: count * Self.sketchWords)
  }

  /// One that keeps nothing, for messages that stand alone.
  package static var none: MaskShelf { MaskShelf(bytes: 0, count: 0) }
  /// That of who is told masks. Part of the protocol.
  package static var receiver: MaskShelf { MaskShelf(bytes: 16 << 20, count: 128) }
  /// That of who tells them.
  package static var sender: MaskShelf { MaskShelf(bytes: 8 << 20, count: 64) }

  /// Keeps less from now on, where a sender has many connections.
  package mutating func keep(atMost bytes: Int) {
    limit.bytes = min(bytes, 8 << 20)
    makeRoom()
  }

  /// Puts a mask on the shelf; the oldest go.
  mutating func append(_ mask: Mask, of job: Digest) {
    guard Self.isWorthwhile(mask), limit.count > 0 else { return }
    guard mask.byteCount <= limit.bytes else {
      // The receiver may have room for it where others were. What a sender refers to must be among what came last.
      entries.removeAll()
      bytes = 0
      return
    }
    let place = total % limit.count * Self.sketchWords
    mask.withSample(Self.sketchWords) { index, word in sketches[place + index] = word }
    total += 1
    entries.append(Entry(job: job, mask: mask))
    bytes += mask.byteCount
    makeRoom()
  }

  private mutating func makeRoom() {
    while bytes > limit.bytes || entries.count > limit.count { bytes -= entries.removeFirst().mask.byteCount }
  }

  /// The mask of a job; nil if it is not here.
  func mask(of job: Digest) -> Mask? { entries.last { $0.job == job }?.mask }

  /// Of the masks of the same length the one that differs least, and in about how many positions, as far as a sample of 4,096
  /// tells; nil if there is none.
  ///
  /// - Complexity: O(masks), whatever their length.
  func nearest(to mask: Mask) -> (job: Digest, mask: Mask, distance: Int)? {
    guard Self.isWorthwhile(mask), !entries.isEmpty else { return nil }
    let sample = [UInt64](unsafeUninitializedCapacity: Self.sketchWords) { buffer, initialized in
      mask.withSample(Self.sketchWords) { buffer[$0] = $1 }
      initialized = Self.sketchWords
    }
    let kernels = WordKernels.fastest
    var best = (distance: Int.max, index: 0)
    sketches.withUnsafeBufferPointer { sketches in
      sample.withUnsafeBufferPointer { sample in
        for index in entries.indices where entries[index].mask.count == mask.count {
          let place = (total - entries.count + index) % limit.count * Self.sketchWords
          let sketch = UnsafeBufferPointer(rebasing: sketches[place..<place + Self.sketchWords])
          let distance = kernels.distance(sample, sketch)
          if distance < best.distance { best = (distance, index) }
        }
      }
    }
    guard best.distance != .max else { return nil }
    let entry = entries[best.index]
    return (entry.job, entry.mask, best.distance * mask.words.count / Self.sketchWords)
  }

  /// Whether a mask is so long that a digest and differences can be shorter.
  static func isWorthwhile(_ mask: Mask) -> Bool { mask.count >= 4096 }
}

extension Mask {
  fileprivate var byteCount: Int { words.count * 8 }

  /// Words spread evenly over the mask, with their places in the sample.
  fileprivate func withSample(_ count: Int, _ body: (Int, UInt64) -> Void) {
    words.withUnsafeBufferPointer { words in
      for index in 0..<count { body(index, words[index * (words.count - 1) / (count - 1)]) }
    }
  }
}
