/// Who is replaced by whom, as pure functions of fitnesses and a stream.
package enum TruncationExchange {
  /// Which members give way, each with the one that it becomes a copy of: each of the worst `count` and every lost one takes
  /// one of the best `count` that live, drawn uniformly; of equals the earlier place is the better. Source: Jaderberg et al. 2017, "truncation selection".
  ///
  /// - Parameters:
  ///   - fitnesses: nil for lost members.
  ///   - count: at most half of the members; 0 exchanges nothing.
  ///   - draw: a number below its second argument, for the member of its first.
  /// - Returns: pairs in ascending order of the replaced.
  package static func pairs(
    _ fitnesses: [Fitness?], count: Int, draw: (_ member: Int, _ below: Int) -> Int
  ) -> [(replaced: Int, donor: Int)] {
    precondition(2 * count <= fitnesses.count)
    let living = fitnesses.indices.filter { fitnesses[$0] != nil }
    guard count > 0, !living.isEmpty else { return [] }
    let ranking = living.sorted { left, right in
      let (first, second) = (fitnesses[left]!, fitnesses[right]!)
      return first != second ? first > second : left < right
    }
    let lost = fitnesses.indices.filter { fitnesses[$0] == nil }
    let donors = ranking.prefix(count)
    // Lost ones are the worst of all.
    let worst = ranking.suffix(min(max(count - lost.count, 0), max(ranking.count - donors.count, 0)))
    return (lost + worst).sorted().map { ($0, donors[draw($0, donors.count)]) }
  }
}
