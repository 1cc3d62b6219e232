internal import Digests

/// The best different genomes that a search has seen.
struct HallOfFame: Sendable {
  /// How many are kept at most; at least 1.
  let size: Int
  /// Best first, each genome once.
  private(set) var members: [Individual] = []

  init(size: Int) { self.size = size }

  /// Takes one in if it is good enough.
  ///
  /// - Complexity: O(1) for most; linear in the size for the few that are good enough.
  mutating func consider(_ individual: Individual) {
    guard members.count < size || Individual.isBetter(individual, members[members.count - 1]) else { return }
    if let same = members.firstIndex(where: { $0.trial.genome == individual.trial.genome }) {
      guard Individual.isBetter(individual, members[same]) else { return }
      members.remove(at: same)
    }
    members.insert(individual, at: members.firstIndex { Individual.isBetter(individual, $0) } ?? members.count)
    if members.count > size { members.removeLast() }
  }

  func append(to bytes: inout CanonicalBytes) { bytes.append(list: members) { $1.append(to: &$0) } }

  /// Takes up the members after `told` answers.
  mutating func restore(from reader: inout CanonicalReader, space: SearchSpace, told: Int) throws(CanonicalError) {
    members = try reader.ranking(of: space)
    guard members.count <= min(size, told), members.isEmpty == (told == 0) else {
      throw CanonicalError("the hall of fame is of another search")
    }
  }
}
