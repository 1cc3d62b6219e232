internal import Models
internal import Randomness

/// New neurons of a layer before anything is decided about them: they give nothing and nothing reads them.
struct NewNeurons {
  let widening: Widening
  let layout: ParameterLayout
  /// Of the smaller network.
  let narrow: [Float]
  /// Of the larger network.
  let parameters: [Float]
  /// Whether a batch normalisation stands between the layer and its readers.
  ///
  /// A channel without inputs has no variance that it could be divided by: the first step would take it from nothing to the
  /// full size of a normalised one. So there the zero of every new neuron is what reads it.
  let isNormalized: Bool
  /// The norms that their weights on either side get: those of the old neurons, on average, times a scale.
  let incomingNorm: Double
  let outgoingNorm: Double

  var after: NetworkDescription { widening.after }
  var incomingCount: Int { incoming(widening.channels.lowerBound).count }
  var outgoingCount: Int { outgoing(widening.channels.lowerBound).reduce(0) { $0 + $1.count } }

  /// - Parameter old: the smaller network's values.
  init(_ widening: Widening, _ old: [Float], scale: Double) {
    self.widening = widening
    narrow = old
    layout = ParameterLayout(widening.after)
    let (site, before) = (widening.site, ParameterLayout(widening.before))
    isNormalized = site.between.contains { if case .batchNorm = widening.after.nodes[$0].layer { true } else { false } }
    func norm(_ places: [Range<Int>]) -> Double {
      places.joined().reduce(0.0) { $0 + Double(old[$1]) * Double(old[$1]) }.squareRoot()
    }
    func mean(_ norms: [Double]) -> Double {
      let mean = norms.reduce(0, +) / Double(norms.count)
      // Of a layer of zeros nothing is known but that its inputs count alike.
      return mean > 0 ? mean : 1
    }
    let channels = 0..<widening.channels.lowerBound
    incomingNorm = scale * mean(channels.map { norm([site.incoming($0, before)]) })
    outgoingNorm = scale * mean(channels.map { norm(site.outgoing($0, before)) })
    parameters = Self.carrying(widening, layout, before, old)
  }

  /// New channels of depthwise convolutions hand on what they read, with the norm of the old ones: with zeros nothing
  /// behind them would ever be told anything.
  private static func carrying(
    _ widening: Widening, _ layout: ParameterLayout, _ before: ParameterLayout, _ old: [Float]
  ) -> [Float] {
    var parameters = widening.widened(parameters: old)
    for node in widening.site.between {
      guard let tensor = layout[node, .weight], let origin = before[node, .weight] else { continue }
      let taps = tensor.shape[1...].reduce(1, *)
      let norms = (0..<origin.shape[0]).map { channel in
        (0..<taps).reduce(0.0) { sum, tap in
          let weight = Double(old[origin.range.lowerBound + channel * taps + tap])
          return sum + weight * weight
        }.squareRoot()
      }
      let norm = norms.reduce(0, +) / Double(norms.count)
      for channel in origin.shape[0]..<tensor.shape[0] {
        parameters[tensor.range.lowerBound + channel * taps + taps / 2] = Float(norm > 0 ? norm : 1)
      }
    }
    return parameters
  }

  /// The places of what a channel reads, and of what reads it.
  func incoming(_ channel: Int) -> Range<Int> { widening.site.incoming(channel, layout) }
  func outgoing(_ channel: Int) -> [Range<Int>] { widening.site.outgoing(channel, layout) }

  func setIncoming(_ channel: Int, _ weights: [Float], in parameters: inout [Float]) {
    for (place, weight) in zip(incoming(channel), weights) { parameters[place] = weight }
  }

  func setOutgoing(_ channel: Int, _ weights: [Float], in parameters: inout [Float]) {
    for (place, weight) in zip(outgoing(channel).joined(), weights) { parameters[place] = weight }
  }

  /// Parameters in which the first new neurons have these outgoing weights, and the others random ones.
  func reading(_ outgoing: [[Float]], _ stream: RandomStream) -> [Float] {
    var (out, stream) = (parameters, stream)
    for (place, channel) in widening.channels.enumerated() {
      let isGiven = place < outgoing.count
      setOutgoing(
        channel, isGiven ? outgoing[place] : stream.direction(outgoingCount, norm: outgoingNorm), in: &out)
    }
    return out
  }

  /// A gradient's values at these places.
  func incoming(_ channel: Int, of gradient: [Float]) -> [Float] { Array(gradient[incoming(channel)]) }
  func outgoing(_ channel: Int, of gradient: [Float]) -> [Float] { outgoing(channel).flatMap { gradient[$0] } }

  private typealias Constant = (reader: Int, channel: Int, value: Double)

  /// What new neurons without inputs give to everything, by channel or feature that a reader sees; empty where that is
  /// nothing.
  ///
  /// - Precondition: their incoming weights are zero.
  /// - Throws: ``NetworkError`` for parameters that are none of a network: old ones come from outside, and norms of new ones
  ///   can be too large for a `Float`.
  private func constants(_ parameters: [Float]) throws(NetworkError) -> [Constant] {
    let constants = try Model(network: after, parameters: parameters).constantChannels()
    return widening.site.readers.flatMap { reader in
      let source = constants[after.nodes[reader].inputs[0]]
      let width = source.count / widening.channels.upperBound
      return (widening.channels.lowerBound * width..<source.count).compactMap { channel -> Constant? in
        guard let value = source[channel], value != 0 else { return nil }
        return (reader, channel, value)
      }
    }
  }

  /// Whether neurons without inputs give 0.
  ///
  /// - Throws: ``NetworkError`` for parameters that are none of a network.
  func giveNothing() throws(NetworkError) -> Bool { try constants(parameters).isEmpty }

  /// The parameters with which the network gives what it gave: biases of the readers take back what new neurons without
  /// inputs give.
  ///
  /// - Throws: ``NetworkError`` where a reader has no bias, or sees zeros at its borders.
  func compensated(_ parameters: [Float]) throws(NetworkError) -> [Float] {
    var out = parameters
    for (reader, channel, value) in try constants(parameters) {
      let blocks = TapBlocks(after, layout, node: reader)!
      for output in 0..<blocks.outputs {
        let weight = blocks.range(output, channel).reduce(0.0) { $0 + Double(parameters[$1]) }
        guard weight != 0 else { continue }
        guard blocks.takesConstants, let bias = blocks.bias else {
          throw NetworkError(
            "\(after.name): new neurons of \(after.nodes[widening.site.producer].name) would change what "
              + "\(after.nodes[reader].name) gives, which has no bias to take it back, or a padding")
        }
        out[bias + output] = Float(Double(out[bias + output]) - value * weight)
      }
    }
    return out
  }
}
