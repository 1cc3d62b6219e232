package import Models
internal import Randomness

/// A network that grows in mid-training, and gives what it gave.
///
/// What is looked at are gradients of the mean training loss over some samples, taken as one batch without augmentation,
/// with ``TrainingRecipe/zerosLearn`` as the recipe says. The bits are those of one ``NumericsClass``.
package struct Grower: Sendable {
  /// What became of a network.
  package struct Grown: Sendable {
    package let network: NetworkDescription
    package let state: TrainingState
    /// The sum of squares of the gradient by all weights of new neurons, or by all parameters of new layers.
    package let gain: Double
  }

  let network: NetworkDescription
  let recipe: TrainingRecipe
  private let data: LabelledData
  private let seed: UInt64
  private let variant: KernelVariant

  /// - Parameter seed: decides, with the step of the training, which samples are looked at, and all random directions.
  /// - Throws: ``NetworkError`` if the data do not belong to the network, or there are none.
  package init(
    network: NetworkDescription, recipe: TrainingRecipe, data: LabelledData, seed: UInt64,
    variant: KernelVariant = .best
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: nil)
    try recipe.check()
    guard data.count > 0 else { throw NetworkError("growing needs a sample at least") }
    self.network = network
    self.recipe = recipe
    self.data = data
    self.seed = seed
    self.variant = variant
  }

  /// The network after a step of growth.
  ///
  /// - Returns: nil where a gradient is not finite.
  /// - Throws: ``NetworkError`` where it cannot grow there in this way, or would be larger than networks may be.
  /// - Precondition: the state is one of the network's.
  package func grow(_ state: TrainingState, _ growth: GrowthStep) throws(NetworkError) -> Grown? {
    precondition(state.parameters.count == ParameterLayout(network).count)
    guard state.parameters.allSatisfy(\.isFinite) else { return nil }
    let look = Look(self, samples: growth.samples, step: state.step)
    switch growth.place {
    case .layer(let node, let kind):
      let deepening = try Deepening(network, behind: node, kind)
      var stream = look.stream
      let grown = deepening.deepened(state) { tensor in
        let bound = (6 / Double(tensor.shape.dropFirst().reduce(1, *))).squareRoot()
        return tensor.range.map { _ in Float((2 * stream.uniform() - 1) * bound) }
      }
      let layout = ParameterLayout(deepening.after)
      let new = layout.tensors.filter { deepening.isNew($0.node) && $0.role.isTrainable }.map(\.range)
      guard let gain = try look.squares(deepening.after, grown.parameters, new) else { return nil }
      return Grown(network: deepening.after, state: grown, gain: gain)
    case .neurons(let producer, let count):
      let neurons = try NewNeurons(
        Widening(network, at: try network.growthSite(producer), by: count), state.parameters, scale: growth.scale)
      guard let parameters = try parameters(neurons, growth.method, look) else { return nil }
      var grown = neurons.widening.widened(state)
      grown.parameters = parameters
      let places = neurons.widening.channels.flatMap { [neurons.incoming($0)] + neurons.outgoing($0) }
      guard let gain = try look.squares(neurons.after, parameters, places) else { return nil }
      return Grown(network: neurons.after, state: grown, gain: gain)
    case .removal(let producer, let count):
      let site = try network.growthSite(producer)
      let thinning = try Thinning(network, at: site, keeping: strongest(site, state.parameters, leaving: count))
      return Grown(network: thinning.after, state: thinning.thinned(state), gain: 0)
    }
  }

  /// The channels that stay where so many go, ascending: those with the largest product of the norms of what they read and
  /// of what reads them, by which no scaling of one side against the other counts; of equals the first ones.
  private func strongest(_ site: GrowthSite, _ parameters: [Float], leaving count: Int) -> [Int] {
    let layout = ParameterLayout(network)
    func squares(_ places: [Range<Int>]) -> Double {
      places.joined().reduce(0) { $0 + Double(parameters[$1]) * Double(parameters[$1]) }
    }
    let strengths = (0..<network.shapes[site.producer][0]).map { channel in
      squares([site.incoming(channel, layout)]) * squares(site.outgoing(channel, layout))
    }
    return strengths.indices.sorted { (-strengths[$0], $0) < (-strengths[$1], $1) }
      .prefix(max(0, strengths.count - count)).sorted()
  }

  private func parameters(
    _ neurons: NewNeurons, _ method: GrowthMethod, _ look: Look
  ) throws(NetworkError) -> [Float]? {
    switch method {
    case .random(let zero): return try random(neurons, zero: zero, look)
    case .gradMax: return try gradMax(neurons, look)
    case .gradMaxOpt(let rounds): return try gradMaxOpt(neurons, rounds: rounds, look)
    case .firefly(let candidates, let rounds):
      return try firefly(neurons, candidates: candidates, rounds: rounds, look)
    }
  }

  /// Random directions of the layer's norm on one side, zeros on the other; behind a normalisation on the outgoing one.
  private func random(
    _ neurons: NewNeurons, zero: GrowthMethod.Side, _ look: Look
  ) throws(NetworkError) -> [Float]? {
    var (parameters, stream) = (neurons.parameters, look.stream)
    guard zero == .incoming, !neurons.isNormalized else {
      for channel in neurons.widening.channels {
        let direction = stream.direction(neurons.incomingCount, norm: neurons.incomingNorm)
        neurons.setIncoming(channel, direction, in: &parameters)
      }
      return parameters
    }
    for channel in neurons.widening.channels {
      let direction = stream.direction(neurons.outgoingCount, norm: neurons.outgoingNorm)
      neurons.setOutgoing(channel, direction, in: &parameters)
    }
    return try neurons.compensated(parameters)
  }

  /// The samples of a step of growth, and the gradients by them.
  struct Look {
    let seed: UInt64
    let step: Int
    private let grower: Grower
    private let samples: [Int]

    init(_ grower: Grower, samples: Int, step: Int) {
      self.grower = grower
      (seed, self.step) = (grower.seed, step)
      var stream = RandomStream(seed: seed, .growth, UInt64(step), 0)
      self.samples = stream.choose(min(samples, grower.data.count), of: grower.data.count)
    }

    /// Random numbers for what is new.
    var stream: RandomStream { RandomStream(seed: seed, .growth, UInt64(step), 1) }

    /// The gradient of the mean loss: one value a trainable parameter; nil where it is not finite.
    ///
    /// - Throws: ``NetworkError`` where that would take more memory than a worker should.
    func gradient(_ network: NetworkDescription, _ parameters: [Float]) throws(NetworkError) -> [Float]? {
      let values = network.shapes.reduce(0) { $0 + $1.reduce(1, *) }
      guard values <= GrowthStep.mostValues / max(samples.count, 1) else {
        throw NetworkError(
          "\(network.name): growing that looks at \(samples.count) samples at once needs \(values) values for each of them; "
            + "at most \(GrowthStep.mostValues / values) samples are possible")
      }
      let trainer = try Trainer(
        network: network, recipe: grower.recipe, data: grower.data, seed: seed, mask: nil, scope: .init(),
        variant: grower.variant)
      let (loss, gradient) = trainer.gradient(at: parameters, samples: samples)
      return loss.isFinite && gradient.allSatisfy(\.isFinite) ? gradient : nil
    }

    /// The sum of squares of the gradient at some places; nil where it is not finite.
    func squares(
      _ network: NetworkDescription, _ parameters: [Float], _ places: [Range<Int>]
    ) throws(NetworkError) -> Double? {
      guard let gradient = try gradient(network, parameters) else { return nil }
      return places.joined().reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }
    }
  }
}

extension RandomStream {
  /// A random direction of a norm.
  mutating func direction(_ count: Int, norm: Double) -> [Float] {
    while true {
      let values = (0..<count).map { _ in normal() }
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 0 { return values.map { Float(norm * $0 / length) } }
    }
  }
}
