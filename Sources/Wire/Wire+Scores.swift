internal import Digests
internal import FoundationEssentials
internal import Models
internal import Pruning
internal import Studies

extension PBScore {
  init(_ job: Scoring, network: Int) {
    self.init()
    self.network = UInt32(network)
    prunesClassifier = job.scope.prunesClassifier
    parameters = .init(job.parameters.bytes)
    slice = PBSlice(job.slice)
    samples = UInt64(clamping: job.samples ?? 0)
    if let mask = job.mask { self.mask = PBMask(mask) }
    numerics = job.numerics.name
    switch job.criterion {
    case .gradient: criterion = .gradient(PBEmpty())
    case .activation: criterion = .activation(PBEmpty())
    case .gradientMagnitude: criterion = .gradientMagnitude(PBEmpty())
    case .fisher: criterion = .fisher(PBEmpty())
    case .optimalBrainDamage: criterion = .optimalBrainDamage(PBEmpty())
    case .optimalBrainSurgeon(let block, let damping):
      criterion = .optimalBrainSurgeon(PBOptimalBrainSurgeon(block, damping))
    case .edgePopup(let training): criterion = .edgePopup(PBEdgePopup(training))
    case .rewriting(.folding(let smaller)):
      var message = PBFolding()
      message.to = PBMask(smaller)
      criterion = .folding(message)
    case .rewriting(.compensation(let block, let damping)):
      criterion = .compensation(PBOptimalBrainSurgeon(block, damping))
    case .rewriting(.resetting(let rule)): criterion = .resetting(PBResetting(rule))
    case .gradientNorm(let zerosLearn):
      var message = PBGradientNorm()
      message.zerosLearn = zerosLearn
      criterion = .gradientNorm(message)
    }
  }

  func domain(_ networks: [NetworkDescription]) throws(WireError) -> Scoring {
    let network = try networks.at(network)
    let scope = PruningScope(prunesClassifier: prunesClassifier)
    guard numerics.utf8.count <= 256 else { throw WireError(description: "score: a class of no possible name") }
    let samples = try checked(samples, 0...1 << 32, "score.samples")
    let criterion: Scoring.Criterion
    switch self.criterion {
    case .gradient: criterion = .gradient
    case .activation: criterion = .activation
    case .gradientMagnitude: criterion = .gradientMagnitude
    case .fisher: criterion = .fisher
    case .optimalBrainDamage: criterion = .optimalBrainDamage
    case .optimalBrainSurgeon(let surgeon):
      let (block, damping) = try surgeon.domain()
      criterion = .optimalBrainSurgeon(block: block, damping: damping)
    case .edgePopup(let training): criterion = .edgePopup(try training.domain(of: network, scope))
    case .folding(let folding): criterion = .rewriting(.folding(to: try folding.to.domain(of: network, scope)))
    case .compensation(let surgeon):
      let (block, damping) = try surgeon.domain()
      criterion = .rewriting(.compensation(block: block, damping: damping))
    case .resetting(let resetting): criterion = .rewriting(.resetting(try resetting.domain()))
    case .gradientNorm(let norm): criterion = .gradientNorm(zerosLearn: norm.zerosLearn)
    case nil: throw WireError(description: "score: a criterion that this build does not know")
    }
    return Scoring(
      network: network, scope: scope, parameters: try Digest(wire: parameters, "score.parameters"),
      mask: hasMask ? try mask.domain(of: network, scope) : nil, slice: try slice.domain(TrainingUse.self),
      samples: samples == 0 ? nil : samples, criterion: criterion,
      numerics: NumericsClass(numerics))
  }
}

extension PBOptimalBrainSurgeon {
  fileprivate init(_ block: Int, _ damping: Double) {
    self.init()
    (self.block, self.damping) = (UInt32(clamping: block), damping)
  }

  fileprivate func domain() throws(WireError) -> (block: Int, damping: Double) {
    guard (1...1024).contains(block), damping > 0, damping.isFinite else {
      throw WireError(description: "score: an impossible block or damping of the optimal brain surgeon")
    }
    return (Int(block), damping)
  }
}

extension PBResetting {
  fileprivate init(_ rule: ResetRule) {
    self.init()
    magnitudes =
      switch rule.magnitudes {
      case .fresh: .fresh
      case .shuffled: .shuffled
      case .constant: .constant
      }
    (keepsSigns, seed) = (rule.keepsSigns, rule.seed)
  }

  fileprivate func domain() throws(WireError) -> ResetRule {
    let domain: ResetRule.Magnitudes =
      switch magnitudes {
      case .fresh: .fresh
      case .shuffled: .shuffled
      case .constant: .constant
      case .UNRECOGNIZED:
        throw WireError(description: "score.resetting: magnitudes that this build does not know")
      }
    return ResetRule(domain, keepsSigns: keepsSigns, seed: seed)
  }
}

extension PBEdgePopup {
  fileprivate init(_ training: Scoring.PopupTraining) {
    self.init()
    recipe = .init(training.recipe.canonicalBytes.bytes)
    kept = training.kept.map { UInt64(clamping: $0) }
    seed = training.seed
  }

  fileprivate func domain(
    of network: NetworkDescription, _ scope: PruningScope
  ) throws(WireError) -> Scoring.PopupTraining {
    let recipe: TrainingRecipe
    do { recipe = try TrainingRecipe(canonical: Array(self.recipe)) } catch {
      throw WireError(description: "edge_popup.recipe: \(error.description)")
    }
    let layers = ParameterLayout(network, scope: scope).prunable
    guard kept.count == layers.count, zip(kept, layers).allSatisfy({ $0 <= $1.range.count }) else {
      throw WireError(description: "edge_popup.kept: \(kept.count) counts that are not of the job's network")
    }
    return Scoring.PopupTraining(recipe: recipe, kept: kept.map { Int($0) }, seed: seed)
  }
}
