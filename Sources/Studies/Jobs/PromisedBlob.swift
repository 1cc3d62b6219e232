package import Digests
internal import Models

/// A blob that an outcome names, with what it has to be: a worker may send anything under a right digest.
package struct PromisedBlob: Hashable, Sendable {
  fileprivate enum Content: Hashable {
    /// So many values.
    case values(Int)
    /// A training's state behind a step, with so many values and so many remembered by the optimizer, slot by slot.
    case state(step: Int, values: Int, slots: [Int])
  }

  package let digest: Digest
  fileprivate let content: Content

  /// The length that it has, if it is what was promised.
  package var byteCount: Int {
    switch content {
    case .values(let count): Parameters.canonicalBytes(of: []).count + 4 * count
    case .state(_, let values, let slots):
      TrainingState(parameters: [], slots: slots.map { _ in [] }, step: 0).canonicalBytes.bytes.count
        + 4 * (values + slots.reduce(0, +))
    }
  }

  /// Checks bytes that came under the digest.
  ///
  /// - Throws: `CanonicalError` for anything but what was promised.
  /// - Complexity: linear in the number of bytes.
  package func check(_ bytes: [UInt8]) throws(CanonicalError) {
    guard bytes.count == byteCount else {
      throw CanonicalError("\(bytes.count) bytes where the job gives \(byteCount)")
    }
    switch content {
    case .values(let count):
      guard try Parameters.values(canonical: bytes).count == count else {
        throw CanonicalError("other values than the job gives")
      }
    case .state(let step, let values, let slots):
      let state = try TrainingState(canonical: bytes)
      guard state.step == step, state.parameters.count == values, state.slots.map(\.count) == slots else {
        throw CanonicalError("another state than the job leaves")
      }
    }
  }
}

extension Outcome {
  /// What ``blobs`` have to be where this answers a job that a worker did.
  package func promises(to job: Job) -> [PromisedBlob] {
    switch (self, job) {
    case (.trained(let segment), .train(let job)):
      return Self.promises(
        segment.state, segment.parameters, of: job.network, job.recipe, step: job.steps.upperBound)
    case (.grown(let network), .grow(let job)):
      return Self.promises(network.state, network.parameters, of: job.grown, job.recipe, step: job.step)
    case (.scored(let scores), .score(let job)):
      var count = job.network.prunableCount(job.scope)
      if case .rewriting = job.criterion { count = ParameterLayout(job.network).count }
      return [PromisedBlob(digest: scores, content: .values(count))]
    case (.split, _), (.trained, _), (.scored, _), (.measured, _), (.grown, _), (.diverged, _), (.evaluated, _),
      (.tested, _), (.worseThanThreshold, _):
      return []
    }
  }

  /// A state of training, and its weights alone.
  private static func promises(
    _ state: Digest, _ parameters: Digest, of network: NetworkDescription, _ recipe: TrainingRecipe, step: Int
  ) -> [PromisedBlob] {
    let layout = ParameterLayout(network)
    let slots = Array(repeating: layout.trainableCount, count: recipe.optimizer.slots)
    return [
      PromisedBlob(digest: state, content: .state(step: step, values: layout.count, slots: slots)),
      PromisedBlob(digest: parameters, content: .values(layout.count)),
    ]
  }
}
