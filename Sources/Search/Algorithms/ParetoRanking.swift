/// What NSGA-II knows of a set of fitnesses: fronts and how crowded their members stand.
package enum ParetoRanking {
  /// The places of the fitnesses, front by front: nothing in the first is dominated, nothing in the second is dominated
  /// but by the first, and so on. Places ascend within each front; equal fitnesses share a front.
  ///
  /// The fronts are those of Deb's fast non-dominated sorting, found by efficient sorting: in the order of ``Fitness``
  /// nothing is dominated by what comes later, so each joins the first front of whose members none dominates it.
  ///
  /// - Complexity: O(k n²) at worst for k objectives, O(k n √n) for the usual number of fronts.
  /// - Source: Zhang, Tian, Cheng, Jin, "An efficient approach to nondominated sorting", 2015 (ENS-BS).
  package static func fronts(_ fitnesses: [Fitness]) -> [[Int]] {
    let order = fitnesses.indices.sorted {
      fitnesses[$0] != fitnesses[$1] ? fitnesses[$0] > fitnesses[$1] : $0 < $1
    }
    var fronts: [[Int]] = []
    for place in order {
      var low = 0
      var high = fronts.count
      while low < high {
        let middle = (low + high) / 2
        // The latest members are the nearest and the likeliest to dominate.
        let isDominated = fronts[middle].reversed().contains { fitnesses[$0].dominates(fitnesses[place]) }
        if isDominated { low = middle + 1 } else { high = middle }
      }
      if low == fronts.count { fronts.append([]) }
      fronts[low].append(place)
    }
    return fronts.map { $0.sorted() }
  }

  /// How far the neighbours of each member of a front lie apart: the sum over the objectives of the distance between the
  /// next larger and the next smaller value, as a part of the front's range. Infinite at the ends of each objective.
  ///
  /// Of equal fitnesses the first alone stands for all and the others have 0, so that copies leave first. An objective in
  /// which the front does not differ adds nothing, nor does a distance that is no number (between infinite values).
  ///
  /// - Complexity: O(k n log n).
  /// - Source: Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002.
  package static func crowding(_ front: [Fitness]) -> [Double] {
    var distances = Array(repeating: 0.0, count: front.count)
    // Ties within an objective are ordered by the whole fitness: the best of all stands at an end of the first one.
    let byFitness = front.indices.sorted { front[$0] != front[$1] ? front[$0] < front[$1] : $0 < $1 }
    var members: [Int] = []
    for place in byFitness where members.last.map({ front[$0] != front[place] }) ?? true { members.append(place) }
    for objective in 0..<(front.first?.values.count ?? 0) {
      let value = { (place: Int) in front[members[place]].values[objective] }
      let order = members.indices.sorted { value($0) != value($1) ? value($0) < value($1) : $0 < $1 }
      guard let first = order.first, let last = order.last, value(first) < value(last) else { continue }
      let finite = order.lazy.map(value).filter(\.isFinite)
      let range = (finite.max() ?? 0) - (finite.min() ?? 0)
      distances[members[first]] = .infinity
      distances[members[last]] = .infinity
      for index in order.indices.dropFirst().dropLast() {
        let distance = (value(order[index + 1]) - value(order[index - 1])) / range
        if !distance.isNaN { distances[members[order[index]]] += distance }
      }
    }
    return distances
  }

  /// Individuals by front, then the least crowded first, then the earlier trial; and the size of the first front.
  ///
  /// A function of the set: the order in which individuals are given does not matter.
  package static func ranked(_ individuals: [Individual]) -> (order: [Individual], frontSize: Int) {
    let pool = individuals.sorted { $0.trial.id < $1.trial.id }
    var order: [Individual] = []
    let fronts = fronts(pool.map(\.fitness))
    for front in fronts {
      let distances = crowding(front.map { pool[$0].fitness })
      let places = front.indices.sorted {
        distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1
      }
      order += places.map { pool[front[$0]] }
    }
    return (order, fronts.first?.count ?? 0)
  }
}
