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
    case .gradient, .activation:
      let weights = try WeightScores(
        network: network, scope: scope, parameters: parameters, data: data, samples: samples)
      guard let values = criterion == .gradient ? weights.gradient() : weights.activation() else {
        return (.diverged(step: 0), nil)
      }
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

extension LabelledData {
  /// The first so many samples; nil: all.
  fileprivate func first(_ samples: Int?) -> LabelledData {
    guard let samples, samples < count else { return self }
    return selecting(Array(0..<samples))
  }
}
