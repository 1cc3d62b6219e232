/// What is going to happen, by time, and at one time in the order in which it was entered: a binary heap.
struct Agenda<Item> {
  private var entries: [(time: UInt64, number: Int, item: Item)] = []
  private var next = 0

  var isEmpty: Bool { entries.isEmpty }

  /// - Complexity: O(log n).
  mutating func add(_ item: Item, at time: UInt64) {
    entries.append((time, next, item))
    next += 1
    var child = entries.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// - Complexity: O(log n).
  mutating func popFirst() -> (time: UInt64, item: Item)? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && isBefore(child, least) {
          least = child
        }
        if least == parent { break }
        entries.swapAt(parent, least)
        parent = least
      }
    }
    return (first.time, first.item)
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    (entries[left].time, entries[left].number) < (entries[right].time, entries[right].number)
  }
}
