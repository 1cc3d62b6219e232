/// How many trainable parameters a network has with any numbers of channels at its growth sites.
///
/// A weight belongs to what it is made by and to what it reads, so the number is a sum of terms in one count and of
/// products of two: its coefficients are found once, by differences, and a question costs no network.
package struct ParameterCount: Sendable {
  private let origin: [Int]
  private let constant: Int
  private let linear: [Int]
  /// Of each pair of sites, the first before the second.
  private let products: [(first: Int, second: Int, count: Int)]

  /// - Throws: ``NetworkError`` where a network with one channel more would be larger than networks may be, in a layer that
  ///   has as few as it can have.
  /// - Complexity: a network for each pair of sites.
  package init(_ network: NetworkDescription) throws(NetworkError) {
    let counts = network.channelCounts
    // Downwards where that is possible: a network may be as large as they can be.
    let steps = zip(network.growthSites, counts).map { network.least($0) < $1 ? -1 : 1 }
    func size(_ changed: Int...) throws(NetworkError) -> Int {
      var other = counts
      for site in changed { other[site] += steps[site] }
      return ParameterLayout(try network.withChannelCounts(other)).trainableCount
    }
    let constant = try size()
    var linear: [Int] = []
    for site in counts.indices { linear.append(steps[site] * (try size(site) - constant)) }
    var products: [(Int, Int, Int)] = []
    for first in counts.indices {
      for second in counts.indices where second > first {
        let more = try size(first, second) - constant - steps[first] * linear[first] - steps[second] * linear[second]
        if more != 0 { products.append((first, second, steps[first] * steps[second] * more)) }
      }
    }
    (origin, self.constant, self.linear, self.products) = (counts, constant, linear, products)
  }

  /// - Complexity: linear in the pairs of sites of which one reads the other.
  package func callAsFunction(_ counts: [Int]) -> Int {
    let more = zip(counts, origin).map { $0 - $1 }
    return constant + zip(linear, more).reduce(0) { $0 + $1.0 * $1.1 }
      + products.reduce(0) { $0 + $1.count * more[$1.first] * more[$1.second] }
  }
}
