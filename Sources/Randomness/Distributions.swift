internal import Elementary

extension RandomStream {
  /// A standard Gumbel number, −log(−log u): adding it to log weights and taking the largest k draws k items without
  /// replacement in proportion to the weights.
  package mutating func gumbel() -> Double { -Elementary.log(-Elementary.log(openUniform())) }

  /// A standard normal number by Marsaglia's polar method, whose second number is dropped to keep the stream simple.
  package mutating func normal() -> Double {
    while true {
      let x = 2 * openUniform() - 1
      let y = 2 * openUniform() - 1
      let square = x * x + y * y
      if square < 1, square > 0 { return x * (-2 * Elementary.log(square) / square).squareRoot() }
    }
  }

  /// Puts the elements into a random order (Fisher–Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, below(last + 1)) }
  }

  /// `count` different numbers of 0..<n, ascending. Source: Floyd's sampling, as given by Bentley, CACM 1987.
  ///
  /// - Complexity: O(count · log count).
  package mutating func choose(_ count: Int, of n: Int) -> [Int] {
    precondition(0 <= count && count <= n, "cannot choose \(count) of \(n)")
    var chosen = Set<Int>(minimumCapacity: count)
    for upper in n - count..<n {
      let pick = below(upper + 1)
      if !chosen.insert(pick).inserted { chosen.insert(upper) }
    }
    return chosen.sorted()
  }
}
