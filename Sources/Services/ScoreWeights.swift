internal import Digests
internal import Models
internal import Networks
internal import Pruning
internal import Studies

extension Scoring {
  /// Does the job.
  ///
  /// - Parameter data: the slice that the job names.
  /// - Returns: the outcome, and the blob that it names.
  /// - Throws: `NetworkError` if the inputs are not those of the job's network.
  func outcome(
    parameters: [Float], data: LabelledData
  ) throws(NetworkError) -> (outcome: Outcome, blob: (digest: Digest, bytes: [UInt8])?) {
    let scores: [Float]
    switch criterion {
    case .gradientNorm(let zerosLearn):
      let weights = try WeightScores(
        network: network, scope: scope, parameters: left(of: parameters), data: data, samples: samples)
      guard let norm = weights.gradientNorm(zerosLearn: zerosLearn) else { return (.diverged(step: 0), nil) }
      return (.measured(norm), nil)
    case .rewriting(let rewriting):
      guard let values = try rewritten(parameters, rewriting, data) else { return (.diverged(step: 0), nil) }
      scores = values
    case .gradient, .gradientMagnitude, .activation, .fisher, .optimalBrainDamage, .optimalBrainSurgeon:
      guard let values = try oneStepScores(left(of: parameters), data) else { return (.diverged(step: 0), nil) }
      scores = values
    case .edgePopup(let training):
      let search = try EdgePopup(
        network: network, scope: scope, parameters: parameters, recipe: training.recipe, kept: training.kept,
        data: data.first(samples), seed: training.seed)
      switch search.run() {
      case .diverged(let step): return (.diverged(step: step), nil)
      case .scores(let values): scores = values
      }
    }
    let bytes = Parameters.canonicalBytes(of: scores)
    let digest = Digest(of: bytes)
    return (.scored(digest), (digest, bytes))
  }
}

extension Scoring {
  /// The weights with zeros where the mask removes them.
  private func left(of parameters: [Float]) -> [Float] {
    guard let mask else { return parameters }
    var left = parameters
    for tensor in ParameterLayout(network, scope: scope).prunable {
      for (index, place) in zip(tensor.range, tensor.maskRange!) where !mask[place] { left[index] = 0 }
    }
    return left
  }

  /// Scores without any training; nil where they are not finite.
  private func oneStepScores(_ parameters: [Float], _ data: LabelledData) throws(NetworkError) -> [Float]? {
    func weights() throws(NetworkError) -> WeightScores {
      try WeightScores(network: network, scope: scope, parameters: parameters, data: data, samples: samples)
    }
    switch criterion {
    case .gradient: return try weights().gradient()
    case .gradientMagnitude: return try weights().gradientMagnitude()
    case .activation: return try weights().activation()
    case .fisher: return try weights().fisher()
    case .optimalBrainDamage: return try weights().optimalBrainDamage()
    case .optimalBrainSurgeon(let block, let damping):
      return try BlockFisher(
        network: network, scope: scope, parameters: parameters, data: data, samples: samples, block: block,
        damping: damping
      ).scores()
    case .edgePopup, .rewriting, .gradientNorm:
      preconditionFailure("what trains, rewrites or measures gives no scores in one step")
    }
  }

  /// Other parameters; nil where they are not finite.
  private func rewritten(
    _ parameters: [Float], _ rewriting: Rewriting, _ data: LabelledData
  ) throws(NetworkError) -> [Float]? {
    let mask = mask ?? Mask(count: network.prunableCount(scope), keeping: true)
    switch rewriting {
    case .folding(let smaller):
      return try Model(network: network, parameters: parameters).folding(from: mask, to: smaller, scope: scope)
        .parameters
    case .compensation(let block, let damping):
      return try BlockFisher(
        network: network, scope: scope, parameters: parameters, data: data, samples: samples, block: block,
        damping: damping
      ).compensated(keeping: mask)
    case .resetting(let rule):
      _ = try Model(network: network, parameters: parameters)
      return rule.parameters(from: parameters, keeping: mask, of: network, scope: scope)
    }
  }
}

extension LabelledData {
  /// The first so many samples; nil: all.
  fileprivate func first(_ samples: Int?) -> LabelledData {
    guard let samples, samples < count else { return self }
    return selecting(Array(0..<samples))
  }
}
