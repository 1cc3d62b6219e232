internal import Digests
internal import Models

/// A network on its way from the first one, as a genome says.
struct Development: Sendable {
  let genome: StructureGenome
  private(set) var network: NetworkDescription
  private(set) var state: TrainedSegment
  private(set) var step = 0
  var isLost = false
  private(set) var events: [GrowthCourse.Event] = []
  private var multiplyAdds: Int
  private var spent = 0.0
  /// What was left by each training, before and behind the changes there.
  private(set) var stages: [GrowthStage] = []
  /// What it made on the way.
  private(set) var blobs: [Digest] = []
  /// The layers whose widths change, in the order of the genome.
  let producers: [Int]

  /// What all begin with.
  struct Seed: Sendable {
    let network: NetworkDescription
    let multiplyAdds: Int
    let producers: [Int]

    init(_ network: NetworkDescription) {
      self.network = network
      multiplyAdds = ParameterLayout(network).multiplyAdds
      producers = network.growthSites.map(\.producer)
    }
  }

  init(_ genome: StructureGenome, _ seed: Seed, _ start: TrainedSegment) {
    (self.genome, network, state) = (genome, seed.network, start)
    (multiplyAdds, producers) = (seed.multiplyAdds, seed.producers)
    stages = [GrowthStage(step: 0, network: network, state: start, spent: 0)]
  }

  /// - Parameter looks: samples seen, times three.
  mutating func take(_ segment: TrainedSegment, at step: Int, costing looks: Double) {
    (state, self.step) = (segment, step)
    spent += looks * Double(multiplyAdds)
    blobs += [segment.state, segment.parameters]
    stages.append(GrowthStage(step: step, network: network, state: segment, spent: spent))
  }

  mutating func take(_ grown: GrownNetwork, _ choice: GrowthChoice) {
    switch choice.job.growth.place {
    case .neurons(let producer, let count): note(producer, count, grown.gain)
    case .removal(let producer, let count): note(producer, -count, grown.gain)
    case .layer: preconditionFailure("a genome adds no layers")
    }
    network = choice.job.grown
    multiplyAdds = choice.multiplyAdds
    state = TrainedSegment(state: grown.state, parameters: grown.parameters, loss: 0)
    spent += choice.cost
    blobs += [grown.state, grown.parameters]
    // The last look at a step is behind all of its changes.
    if stages.last?.step == step { stages.removeLast() }
    stages.append(GrowthStage(step: step, network: network, state: state, spent: spent))
  }

  private mutating func note(_ producer: Int, _ count: Int, _ gain: Double) {
    events.append(GrowthCourse.Event(step: step, layer: network.nodes[producer].name, count: count, gain: gain))
  }
}
