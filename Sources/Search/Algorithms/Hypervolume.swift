/// The volume of all that lies between a reference point and some points: the one measure of a front that no dominated
/// front exceeds.
package enum Hypervolume {
  /// The exact volume dominated by points whose coordinates are maximised.
  ///
  /// Points that are not above the reference in every coordinate add nothing, nor do points with infinite coordinates.
  /// The bits of the result do not depend on the order of the points.
  ///
  /// - Precondition: points and reference have the same number of coordinates, at least one.
  /// - Complexity: O(n log n) in two dimensions, a factor n more at worst for each further one.
  /// - Source: While, Bradstreet, Barone, "A fast way of calculating exact hypervolumes", 2012 (WFG): the sum of the
  ///   volumes that each point adds to those after it. Sorted by the last coordinate they all share its height within
  ///   that volume, so one dimension less remains; two are swept.
  package static func of(_ points: [[Double]], reference: [Double]) -> Double {
    precondition(!reference.isEmpty && points.allSatisfy { $0.count == reference.count })
    let sides = points.compactMap { (point: [Double]) -> [Double]? in
      let side = zip(point, reference).map { $0 - $1 }
      return side.allSatisfy { $0 > 0 && $0.isFinite } ? side : nil
    }
    return volume(nonDominated(sides))
  }

  /// The hypervolume of the feasible ones of some individuals.
  package static func of(_ individuals: some Sequence<Individual>, reference: [Double]) -> Double {
    of(individuals.filter { $0.fitness.violation == 0 }.map(\.fitness.values), reference: reference)
  }

  /// The volume above the origin of points of which none dominates another, as ``nonDominated(_:)`` orders them.
  private static func volume(_ points: [[Double]]) -> Double {
    guard let dimensions = points.first?.count else { return 0 }
    if dimensions == 1 { return points[0][0] }
    if dimensions == 2 {
      // From the largest second coordinate down the first one grows.
      var sum = 0.0
      var reached = 0.0
      for point in points.reversed() {
        sum += (point[0] - reached) * point[1]
        reached = point[0]
      }
      return sum
    }
    var sum = 0.0
    for (index, point) in points.enumerated() {
      let base = point.dropLast()
      let others = points[(index + 1)...].map { other in zip(base, other).map { min($0, $1) } }
      sum += point[dimensions - 1] * (base.reduce(1, *) - volume(nonDominated(others)))
    }
    return sum
  }

  /// The points that no other dominates, each once, by ascending last coordinate, ties by the one before.
  private static func nonDominated(_ points: [[Double]]) -> [[Double]] {
    let descending = points.sorted { $1.reversed().lexicographicallyPrecedes($0.reversed()) }
    var kept: [[Double]] = []
    // What comes later is below in the last coordinate in which it differs, so it cannot dominate what came before.
    for point in descending where !kept.contains(where: { zip($0, point).allSatisfy { $0 >= $1 } }) {
      kept.append(point)
    }
    return kept.reversed()
  }
}
