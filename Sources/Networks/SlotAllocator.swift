/// Gives memory to values that live for a while, before there is any memory: greedy, by size.
///
/// Sizes are in floats a sample; what is free again is taken before anything new, the smallest that is large enough or
/// else the largest, grown.
struct SlotAllocator {
  /// The size of each slot.
  private(set) var sizes: [Int] = []
  private var free: [Int] = []

  /// A slot for a value of this size, until it is released.
  mutating func take(_ size: Int) -> Int {
    let fitting = free.indices.filter { sizes[free[$0]] >= size }.min { sizes[free[$0]] < sizes[free[$1]] }
    let largest = free.indices.max { sizes[free[$0]] < sizes[free[$1]] }
    guard let index = fitting ?? largest else {
      sizes.append(size)
      return sizes.count - 1
    }
    let slot = free.remove(at: index)
    sizes[slot] = max(sizes[slot], size)
    return slot
  }

  mutating func release(_ slot: Int) { free.append(slot) }
}
