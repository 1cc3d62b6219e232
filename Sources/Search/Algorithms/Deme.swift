internal import Digests

/// A population that breeds generation by generation, all of itself at once.
///
/// A generation of large genomes is not kept beside that of its parents: told children stay as what they are made by, and
/// those that live on are made again at the generation's end, each parent going behind its last child.
struct Deme: Sendable {
  /// What is told of a child.
  private struct Child {
    let id: TrialID
    let parents: [TrialID]
    let fitness: Fitness
    /// Nil where it is made again.
    let genome: Genome?

    init(_ individual: Individual, keepsGenome: Bool) {
      (id, parents, fitness) = (individual.trial.id, individual.trial.parents, individual.fitness)
      genome = keepsGenome ? individual.trial.genome : nil
    }
  }

  let size: Int
  let eliteSize: Int
  let breeding: Breeding
  private let initial: InitialPopulation
  /// Its place among the demes of its search, and how many these are.
  private let place: Int
  private let count: Int
  /// Whether told children keep their genomes. It changes nothing but memory and time.
  private let keepsGenomes: Bool
  /// Best first; empty until the founders have their answers.
  private(set) var members: [Individual] = []
  /// The told part of the generation that is out.
  private var children: [Child] = []
  /// What amounts of mutations are multiplied by.
  private(set) var factor = 1.0

  /// - Parameter keepsGenomes: whether told children keep their genomes, or are made again.
  init(_ settings: GeneticSettings, place: Int = 0, of count: Int = 1, keepsGenomes: Bool) {
    size = settings.populationSize
    eliteSize = settings.eliteSize
    breeding = settings.breeding
    initial = settings.initial
    self.place = place
    self.count = count
    self.keepsGenomes = keepsGenomes
  }

  /// A founder, or a child of the members of now.
  func trial(_ id: TrialID, in space: SearchSpace) -> Trial {
    id.generation > 0
      ? breeding.child(id, of: members, factor: factor, in: space) : Trial(id: id, genome: founder(id, in: space))
  }

  /// Founders are dealt to the demes in turn, so that each has some of every kind and grade.
  private func founder(_ id: TrialID, in space: SearchSpace) -> Genome {
    space.founder((id.index - place * size) * count + place, of: count * size, initial)
  }

  /// Takes a child with its fitness; after the last of a generation the best of children and elite are the members.
  ///
  /// - Parameter executor: who makes genomes again.
  mutating func tell(_ child: Individual, in space: SearchSpace, by executor: Executor) {
    children.append(Child(child, keepsGenome: keepsGenomes))
    guard children.count == size else { return }
    let before = factor
    adapt()
    succeed(in: space, bornWith: before, by: executor)
  }

  private mutating func adapt() {
    guard let rule = breeding.successRule, !members.isEmpty else { return }
    let marks = Dictionary(members.map { ($0.trial.id, $0.fitness) }) { first, _ in first }
    let successes = children.count { child in
      guard let mark = child.parents.compactMap({ marks[$0] }).max() else { return false }
      return child.fitness > mark
    }
    factor = rule.factor(after: factor, successes: successes, of: children.count)
  }

  /// - Parameter factor: what the children's amounts of mutations were multiplied by.
  private mutating func succeed(in space: SearchSpace, bornWith factor: Double, by executor: Executor) {
    // A copy: a slice would hold all members.
    let elite = Array(members.prefix(eliteSize))
    let marks = elite.map { (id: $0.trial.id, fitness: $0.fitness) } + children.map { (id: $0.id, fitness: $0.fitness) }
    let ranking = marks.sorted { Individual.isBetter($0, $1) }.prefix(size)
    let living = Set(ranking.map(\.id))
    var trials = Dictionary(elite.map { ($0.trial.id, $0.trial) }) { first, _ in first }
    let remade = remade(children.filter { $0.genome == nil && living.contains($0.id) }, factor, in: space, by: executor)
    for child in children where living.contains(child.id) {
      trials[child.id] = Trial(id: child.id, genome: child.genome ?? remade[child.id]!, parents: child.parents)
    }
    members = ranking.map { Individual(trial: trials[$0.id]!, fitness: $0.fitness) }
    children = []
  }

  /// The genomes of children, made again. Members go, the elite apart.
  ///
  /// Children of parents with few children come first and a parent goes behind its last one: so with tournaments of three
  /// little more than one generation of genomes is there at any moment.
  private mutating func remade(
    _ children: [Child], _ factor: Double, in space: SearchSpace, by executor: Executor
  ) -> [TrialID: Genome] {
    guard !children.isEmpty else { return [:] }
    guard !members.isEmpty else {
      let deme = self
      let genomes = executor.map(children.indices) { deme.founder(children[$0].id, in: space) }
      return Dictionary(uniqueKeysWithValues: zip(children.map(\.id), genomes))
    }
    var recipes = children.map { breeding.recipe($0.id, of: members, factor: factor, in: space) }
    var uses = members.map { _ in 0 }
    for parent in recipes.flatMap(\.parents) { uses[parent] += 1 }
    func order(_ recipe: Recipe) -> (Int, Int, TrialID) {
      let (uses, rarest) = recipe.parents.map { (uses[$0], $0) }.min(by: <)!
      return (uses, rarest, recipe.id)
    }
    recipes.sort { order($0) < order($1) }
    var genomes = zip(members, uses).map { $1 == 0 ? nil : $0.trial.genome }
    members = []
    var made: [TrialID: Genome] = [:]
    for start in stride(from: 0, to: recipes.count, by: 8) {
      let brood = recipes[start..<min(start + 8, recipes.count)]
      let parents = genomes
      let newborn = executor.map(brood.indices) { index in
        brood[index].genome(of: brood[index].parents.map { parents[$0]! }, in: space)
      }
      for (recipe, genome) in zip(brood, newborn) { made[recipe.id] = genome }
      for parent in brood.flatMap(\.parents) {
        uses[parent] -= 1
        if uses[parent] == 0 { genomes[parent] = nil }
      }
    }
    return made
  }

  /// Takes migrants in the place of the worst members; one whose genome is here already does not come.
  mutating func receive(_ migrants: [Individual]) {
    var genomes = Set(members.map(\.trial.genome))
    let newcomers = migrants.filter { genomes.insert($0.trial.genome).inserted }
    members = (members.prefix(size - newcomers.count) + newcomers).sorted(by: Individual.isBetter)
  }
}

extension Deme {
  func append(to bytes: inout CanonicalBytes, in space: SearchSpace) {
    bytes.append(list: members) { $1.append(to: &$0) }
    bytes.append(list: children) { bytes, child in
      let genome = child.genome ?? trial(child.id, in: space).genome
      let trial = Trial(id: child.id, genome: genome, parents: child.parents)
      Individual(trial: trial, fitness: child.fitness).append(to: &bytes)
    }
    bytes.append(factor)
  }

  /// Takes up the state after `told` answers to trials of this deme.
  mutating func restore(from reader: inout CanonicalReader, space: SearchSpace, told: Int) throws(CanonicalError) {
    members = try reader.ranking(of: space)
    children = try reader.wholeTrials(of: space).map { Child($0, keepsGenome: keepsGenomes) }
    factor = try reader.factor(breeding.successRule)
    guard members.count == (told < size ? 0 : size), children.count == told % size else {
      throw CanonicalError("the snapshot's population is of another search")
    }
  }
}
