/// A few values that stand for many: the centroids of k-means in one dimension.
///
/// Source: Han, Mao, Dally, "Deep Compression", ICLR 2016, section 3.1; the iteration is Lloyd's (1982).
package struct Codebook: Hashable, Sendable {
  /// Ascending and different; each is the nearest to one of the values at least.
  package let centroids: [Float]

  /// A round takes little; rounding could in principle let centroids go in a circle, which this ends.
  private static let mostRounds = 10_000

  /// At most 2^`bits` centroids of values.
  ///
  /// They begin evenly between the least and the largest value, and each becomes the mean of the values that are nearest
  /// to it (of two as near the lower has them), until none changes. A centroid without values stays where it is, and is
  /// left out at the end. Where there are no more different values than centroids, they are the centroids.
  ///
  /// - Precondition: values are finite; bits are from 1 to 16.
  /// - Complexity: n log n for n values; a round is linear in n / 64 and in centroids times log n.
  package init(_ values: [Float], bits: Int) {
    precondition((1...16).contains(bits), "centroids of \(bits) bits")
    let values = Sorted(values)
    let count = 1 << bits
    if let few = values.different(atMost: count) {
      centroids = few
      return
    }
    let (low, high) = (Double(values.elements.first!), Double(values.elements.last!))
    var centroids = (0..<count).map { Float(low + (high - low) * (Double($0) / Double(count - 1))) }
    for _ in 0..<Self.mostRounds {
      let cuts = values.cuts(centroids)
      var next = centroids
      for (index, range) in zip(cuts, cuts.dropFirst()).enumerated() where range.0 < range.1 {
        next[index] = Float(values.sum(range.0..<range.1) / Double(range.1 - range.0))
      }
      if next == centroids { break }
      centroids = next
    }
    let cuts = values.cuts(centroids)
    self.centroids = centroids.indices.filter { cuts[$0] < cuts[$0 + 1] }.map { centroids[$0] }
  }

  /// The place of the centroid that is nearest to a value, of two as near the lower.
  ///
  /// - Precondition: there is a centroid.
  /// - Complexity: logarithmic in the number of centroids.
  package func index(of value: Float) -> Int {
    var (low, high) = (0, centroids.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if Double(value) <= Self.boundary(centroids[middle], centroids[middle + 1]) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }

  /// The largest number that belongs to the lower of two neighbours.
  fileprivate static func boundary(_ lower: Float, _ upper: Float) -> Double { (Double(lower) + Double(upper)) / 2 }
}

/// Values in ascending order with what the means of neighbours are made of.
private struct Sorted {
  let elements: [Float]
  /// Sums of each 64 elements: fewer additions than from the elements, and none of the cancellation that differences of
  /// sums from the beginning have.
  private let blocks: [Double]

  private static let blockSize = 64

  init(_ values: [Float]) {
    let sorted = values.sorted()
    elements = sorted
    blocks = stride(from: 0, to: sorted.count, by: Self.blockSize).map { first in
      sorted[first..<min(first + Self.blockSize, sorted.count)].reduce(0) { $0 + Double($1) }
    }
  }

  /// Each different value once; nil where there are more than that.
  func different(atMost most: Int) -> [Float]? {
    var out: [Float] = []
    for element in elements where out.last != element {
      if out.count == most { return nil }
      out.append(element)
    }
    return out
  }

  /// Cluster i has the elements from cut i up to cut i + 1.
  func cuts(_ centroids: [Float]) -> [Int] {
    var cuts = [0]
    for (lower, upper) in zip(centroids, centroids.dropFirst()) {
      let boundary = Codebook.boundary(lower, upper)
      var (low, high) = (cuts.last!, elements.count)
      while low < high {
        let middle = (low + high) / 2
        if Double(elements[middle]) <= boundary { low = middle + 1 } else { high = middle }
      }
      cuts.append(low)
    }
    return cuts + [elements.count]
  }

  /// The sum of a range of elements: those before the first whole block, the blocks, those behind them.
  func sum(_ range: Range<Int>) -> Double {
    let first = (range.lowerBound + Self.blockSize - 1) / Self.blockSize
    let last = range.upperBound / Self.blockSize
    guard first < last else { return elements[range].reduce(0) { $0 + Double($1) } }
    var sum = elements[range.lowerBound..<first * Self.blockSize].reduce(0) { $0 + Double($1) }
    for block in blocks[first..<last] { sum += block }
    for element in elements[last * Self.blockSize..<range.upperBound] { sum += Double(element) }
    return sum
  }
}
