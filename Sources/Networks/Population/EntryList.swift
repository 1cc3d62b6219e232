/// Inputs and weights of many runs, one behind the other, in memory that kernels read up to 16 entries too far.
final class EntryList {
  private(set) var offsets = AlignedBuffer<UInt32>(count: 4096)
  private(set) var weights = AlignedBuffer<Float>(count: 4096)
  var count = 0

  /// Makes room for `more` entries.
  func reserve(_ more: Int) {
    guard count + more > offsets.count else { return }
    let size = max(count + more, 2 * offsets.count)
    let (offsets, weights) = (AlignedBuffer<UInt32>(count: size), AlignedBuffer<Float>(count: size))
    offsets.base.update(from: self.offsets.base, count: count)
    weights.base.update(from: self.weights.base, count: count)
    (self.offsets, self.weights) = (offsets, weights)
  }

  /// - Precondition: there is room.
  @inline(__always)
  func append(_ offset: UInt32, _ weight: Float) {
    offsets.base[count] = offset
    weights.base[count] = weight
    count &+= 1
  }

  /// Whether `length` entries from one place on have the inputs of those from another.
  func areEqual(_ first: Int, _ second: Int, length: Int) -> Bool {
    for index in 0..<length where offsets.base[first &+ index] != offsets.base[second &+ index] { return false }
    return true
  }
}
