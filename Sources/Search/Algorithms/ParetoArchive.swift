internal import Digests

/// The non-dominated of all individuals shown to it, at most as many as it has room for.
///
/// Room for 2 at least. Of equal fitnesses the first stays. Where there are too many the most crowded goes, the latest of equals; with two
/// objectives the best in each therefore always stay. A full archive may forget what still was non-dominated: it bounds
/// the memory of a long search, for which an ever growing set of masks would be too much.
package struct ParetoArchive: Hashable, Sendable {
  package let capacity: Int
  /// In the order of trials.
  package private(set) var members: [Individual] = []

  package init(capacity: Int) {
    precondition(capacity >= 2)
    self.capacity = capacity
  }

  /// Takes in an individual of a later trial than all before, unless a member dominates or equals it.
  ///
  /// - Complexity: O(k n) for n members, with a sort for each objective where the archive is full.
  package mutating func insert(_ individual: Individual) {
    let fitness = individual.fitness
    guard !members.contains(where: { $0.fitness == fitness || $0.fitness.dominates(fitness) }) else { return }
    members.removeAll { fitness.dominates($0.fitness) }
    members.append(individual)
    guard members.count > capacity else { return }
    let distances = ParetoRanking.crowding(members.map(\.fitness))
    var place = members.count - 1
    for other in members.indices.reversed() where distances[other] < distances[place] { place = other }
    members.remove(at: place)
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: members) { $1.append(to: &$0) }
  }

  /// - Throws: `CanonicalError` for members that cannot stand side by side.
  mutating func restore(from reader: inout CanonicalReader, space: SearchSpace) throws(CanonicalError) {
    members = try reader.individuals(of: space)
    let isOrdered = zip(members, members.dropFirst()).allSatisfy { $0.trial.id < $1.trial.id }
    guard members.count <= capacity, isOrdered, ParetoRanking.fronts(members.map(\.fitness)).count <= 1 else {
      throw CanonicalError("the snapshot's archive is of another search")
    }
  }
}
