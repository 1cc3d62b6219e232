internal import Digests

/// A population that breeds generation by generation, all of itself at once.
struct Deme: Sendable {
  let size: Int
  let eliteSize: Int
  let breeding: Breeding
  /// Best first; empty until the founders have their answers.
  private(set) var members: [Individual] = []
  /// The told part of the generation that is out.
  private var children: [Individual] = []
  /// What amounts of mutations are multiplied by.
  private(set) var factor = 1.0

  init(_ settings: GeneticSettings) {
    size = settings.populationSize
    eliteSize = settings.eliteSize
    breeding = settings.breeding
  }

  /// A child of the members of now.
  func child(_ id: TrialID, in space: SearchSpace) -> Trial {
    breeding.child(id, of: members, factor: factor, in: space)
  }

  /// Takes a child with its fitness; after the last of a generation the best of children and elite are the members.
  mutating func tell(_ child: Individual) {
    children.append(child)
    guard children.count == size else { return }
    adapt()
    members = Array((members.prefix(eliteSize) + children).sorted(by: Individual.isBetter).prefix(size))
    children = []
  }

  private mutating func adapt() {
    guard let rule = breeding.successRule, !members.isEmpty else { return }
    let marks = Dictionary(members.map { ($0.trial.id, $0.fitness) }) { first, _ in first }
    let successes = children.count { child in
      guard let mark = child.trial.parents.compactMap({ marks[$0] }).max() else { return false }
      return child.fitness > mark
    }
    factor = rule.factor(after: factor, successes: successes, of: children.count)
  }

  /// Takes migrants in the place of the worst members; one whose genome is here already does not come.
  mutating func receive(_ migrants: [Individual]) {
    var genomes = Set(members.map(\.trial.genome))
    let newcomers = migrants.filter { genomes.insert($0.trial.genome).inserted }
    members = (members.prefix(size - newcomers.count) + newcomers).sorted(by: Individual.isBetter)
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: members) { $1.append(to: &$0) }
    bytes.append(list: children) { $1.append(to: &$0) }
    bytes.append(factor)
  }

  /// Takes up the state after `told` answers to trials of this deme.
  mutating func restore(from reader: inout CanonicalReader, space: SearchSpace, told: Int) throws(CanonicalError) {
    members = try reader.ranking(of: space)
    children = try reader.wholeTrials(of: space)
    factor = try reader.factor(breeding.successRule)
    guard members.count == (told < size ? 0 : size), children.count == told % size else {
      throw CanonicalError("the snapshot's population is of another search")
    }
  }
}
