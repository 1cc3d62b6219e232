package import Digests
package import Models

/// One step of growth in the middle of a training.
package struct Growing: Hashable, Sendable {
  /// As it is before.
  package let network: NetworkDescription
  /// Of the training that it stands in.
  package let recipe: TrainingRecipe
  package let seed: UInt64
  package let slice: Slice<TrainingUse>
  /// The state that the last segment, or growth, left.
  package let state: Digest
  /// Optimizer steps behind the state.
  package let step: Int
  package let growth: GrowthStep
  /// The network as it is behind it.
  package let grown: NetworkDescription
  package let numerics: NumericsClass

  /// - Throws: ``NetworkError`` where the network cannot grow so.
  package init(
    network: NetworkDescription, recipe: TrainingRecipe, seed: UInt64, slice: Slice<TrainingUse>, state: Digest,
    step: Int, growth: GrowthStep, numerics: NumericsClass
  ) throws(NetworkError) {
    self.network = network
    self.recipe = recipe
    self.seed = seed
    self.slice = slice
    self.state = state
    self.step = step
    self.growth = growth
    self.numerics = numerics
    grown = try growth.grown(network)
  }

  var digest: Digest {
    var bytes = CanonicalBytes(kind: "grow", version: 1)
    bytes.append(network.digest)
    recipe.append(to: &bytes)
    bytes.append(seed)
    bytes.append(slice.digest)
    bytes.append(state)
    bytes.append(step)
    bytes.append(raw: growth.canonicalBytes.bytes)
    bytes.append(numerics.name)
    return bytes.digest
  }
}

/// What a step of growth leaves.
package struct GrownNetwork: Hashable, Sendable {
  /// The blob from which training goes on.
  package let state: Digest
  /// The blob of the weights alone.
  package let parameters: Digest
  /// The sum of squares of the gradient by what is new.
  package let gain: Double

  package init(state: Digest, parameters: Digest, gain: Double) {
    self.state = state
    self.parameters = parameters
    self.gain = gain
  }
}
