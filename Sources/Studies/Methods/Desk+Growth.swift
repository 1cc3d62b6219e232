internal import Models
internal import Pruning

/// What procedures ask for whose networks grow.
extension Desk {
  /// The layers of a network that can grow, found once.
  mutating func sites(_ find: () -> [GrowthProgress.Open]) throws(Pause) -> [GrowthProgress.Open] {
    if let answer = try next() {
      guard case .sites(let sites) = answer else { preconditionFailure("another call than before") }
      return sites
    }
    let found = find()
    record(.sites(found))
    return found
  }

  /// Steps of growth, made once.
  mutating func growths(_ make: () throws(Pause) -> [GrowthChoice]) throws(Pause) -> [GrowthChoice] {
    if let answer = try next() {
      guard case .growths(let growths) = answer else { preconditionFailure("another call than before") }
      return growths
    }
    let made = try make()
    record(.growths(made))
    return made
  }

  /// What networks become, each in its own way; nil where something is not finite.
  mutating func changed(_ jobs: @autoclosure () -> [Growing]) throws(Pause) -> [GrownNetwork?] {
    try observations(jobs().map { Proposal(job: .grow($0), strategy: .growing) }).map { observation in
      switch observation {
      case .grown(let network): network
      case .diverged: nil
      default: preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
      }
    }
  }

  /// What one network becomes in each of some ways.
  mutating func grown(_ jobs: [Growing]) throws(Pause) -> [GrownNetwork] {
    let networks = try changed(jobs)
    guard !networks.contains(nil) else { throw .ended(.diverged(step: jobs[0].step)) }
    return networks.map { $0! }
  }

  /// Segments of trainings that do not need each other; nil where one diverged.
  mutating func trainings(_ segments: @autoclosure () -> [TrainingSegment]) throws(Pause) -> [TrainedSegment?] {
    try observations(segments().map { Proposal(job: .train($0), strategy: .training) }).map { observation in
      switch observation {
      case .trained(let trained): trained
      case .diverged: nil
      default: preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
      }
    }
  }

  /// A search for structures before its first generation, with the network that all begin with, made once.
  mutating func structure(
    _ make: () throws(Pause) -> (StructureSearch, Development.Seed)
  ) throws(Pause) -> (StructureSearch, Development.Seed) {
    if let answer = try next() {
      guard case .structure(let search, let seed) = answer else { preconditionFailure("another call than before") }
      return (search, seed)
    }
    let (search, seed) = try make()
    record(.structure(search, seed))
    return (search, seed)
  }

  /// Changes of several networks, made once; nil for those that are not possible.
  mutating func changes(_ make: () -> [GrowthChoice?]) throws(Pause) -> [GrowthChoice?] {
    if let answer = try next() {
      guard case .changes(let changes) = answer else { preconditionFailure("another call than before") }
      return changes
    }
    let made = make()
    record(.changes(made))
    return made
  }

  /// The genomes of a generation, bred once.
  mutating func candidates(
    _ breed: () -> [StructureSearch.Candidate]
  ) throws(Pause) -> [StructureSearch.Candidate] {
    if let answer = try next() {
      guard case .candidates(let candidates) = answer else { preconditionFailure("another call than before") }
      return candidates
    }
    let bred = breed()
    record(.candidates(bred))
    return bred
  }

  /// Scores of a network, and the norm of its gradient.
  mutating func look(
    _ jobs: [Evaluation<FitnessUse>], _ norm: Scoring
  ) throws(Pause) -> (scores: [Score], gradientNorm: Double) {
    let found = try observations(
      jobs.map { Proposal(job: .evaluate($0), strategy: .validation) }
        + [Proposal(job: .score(norm), strategy: .scoring)])
    let scores = found.dropLast().map { observation -> Score in
      guard case .evaluated(let score) = observation else { preconditionFailure("a score without a threshold") }
      return score
    }
    guard case .measured(let value) = found.last else { throw .ended(.scoresNotFinite) }
    return (scores, value)
  }
}
