internal import Models
internal import Randomness

extension Grower {
  /// Outgoing weights by singular vectors of the map from them to the gradient of the incoming ones; behind a
  /// normalisation the incoming weights that belong to these.
  ///
  /// Where more neurons are asked for than there are directions, the others get random ones: with equal ones they would
  /// be and stay copies.
  func gradMax(_ neurons: NewNeurons, _ look: Look) throws(NetworkError) -> [Float]? {
    let name = network.nodes[neurons.widening.site.producer].name
    guard try neurons.giveNothing() else {
      throw NetworkError("\(network.name): neurons of \(name) without inputs give something; GradMaxOpt is for such")
    }
    let (rows, columns) = (neurons.outgoingCount, neurons.incomingCount)
    guard let map = try gradientMap(neurons, look),
      let best = GradMax(
        gradients: map, rows: rows, columns: columns, count: min(neurons.widening.count, rows, columns),
        norm: neurons.outgoingNorm)
    else { return nil }
    guard neurons.isNormalized else { return neurons.reading(best.outgoing, look.stream) }
    let gradients = best.outgoing.map { weights in
      (0..<columns).map { column in
        weights.indices.reduce(0.0) { $0 + Double(weights[$1]) * Double(map[$1 * columns + column]) }
      }
    }
    return try normalized(neurons, along: gradients, look)
  }

  /// New neurons behind a normalisation: what they read is given, nothing reads them.
  ///
  /// The length of incoming weights means nothing there. Their sign does, because of the function behind; that counts with
  /// which the gradient of the outgoing weights is larger.
  private func normalized(
    _ neurons: NewNeurons, along directions: [[Double]], _ look: Look
  ) throws(NetworkError) -> [Float]? {
    var stream = look.stream
    let weights = neurons.widening.channels.enumerated().map { place, _ -> [Float] in
      guard place < directions.count, norm(directions[place]) > 0 else {
        return stream.direction(neurons.incomingCount, norm: neurons.incomingNorm)
      }
      let factor = neurons.incomingNorm / norm(directions[place])
      return directions[place].map { Float(factor * $0) }
    }
    var gains: [[Double]] = []
    for sign in [1, -1] as [Float] {
      var parameters = neurons.parameters
      for (channel, own) in zip(neurons.widening.channels, weights) {
        neurons.setIncoming(channel, own.map { sign * $0 }, in: &parameters)
      }
      guard let gradient = try look.gradient(neurons.after, parameters) else { return nil }
      gains.append(neurons.widening.channels.map { norm(neurons.outgoing($0, of: gradient).map(Double.init)) })
    }
    var parameters = neurons.parameters
    for (place, channel) in neurons.widening.channels.enumerated() {
      let sign: Float = gains[1][place] > gains[0][place] ? -1 : 1
      neurons.setIncoming(channel, weights[place].map { sign * $0 }, in: &parameters)
    }
    return parameters
  }

  /// The gradient by the incoming weights of a neuron without inputs, for each outgoing weight that it could have alone:
  /// [outgoing][incoming]; nil where it is not finite.
  ///
  /// Such neurons give nothing, so many of them are asked in one pass, each with another outgoing weight of 1. That holds
  /// behind pools, normalisation and convolutions too, where the map is no product of two known matrices.
  ///
  /// - Complexity: outgoing / ``GrowthMethod/probes`` passes over a network with as many more neurons in the layer.
  private func gradientMap(_ neurons: NewNeurons, _ look: Look) throws(NetworkError) -> [Float]? {
    let rows = neurons.outgoingCount
    let old = neurons.widening.before
    var map: [Float] = []
    map.reserveCapacity(rows * neurons.incomingCount)
    for first in stride(from: 0, to: rows, by: GrowthMethod.probes) {
      let probes = NewNeurons(
        try Widening(old, at: neurons.widening.site, by: min(GrowthMethod.probes, rows - first)), neurons.narrow,
        scale: 1)
      var parameters = probes.parameters
      for (row, channel) in probes.widening.channels.enumerated() {
        let places = Array(probes.outgoing(channel).joined())
        parameters[places[first + row]] = 1
      }
      guard let gradient = try look.gradient(probes.after, parameters) else { return nil }
      for channel in probes.widening.channels { map += probes.incoming(channel, of: gradient) }
    }
    return map
  }

  /// Outgoing weights by orthogonal iteration, without the map.
  ///
  /// With incoming weights x and outgoing weights w near 0 the loss has the summand w·A·x. So the gradient by the
  /// incoming weights at w is w·A, and what the outgoing weights' gradient changes by between −x and x is 2·A·x, whatever
  /// f(0) is, for ReLU too. Each round goes once there and back, and makes the directions orthogonal; the best round
  /// counts. Biases of the readers take back what the neurons give. More neurons than directions, and normalisation, as
  /// ``gradMax(_:_:)``.
  ///
  /// Source: Evci and others, "GradMax", ICLR 2022, section 3.1 (there by gradient ascent); the iteration: Golub, Van Loan,
  /// "Matrix computations", section 8.2.4.
  func gradMaxOpt(_ neurons: NewNeurons, rounds: Int, _ look: Look) throws(NetworkError) -> [Float]? {
    let channels = neurons.widening.channels.prefix(min(neurons.outgoingCount, neurons.incomingCount))
    var stream = look.stream
    var frame = orthonormal(channels.map { _ in stream.direction(neurons.outgoingCount, norm: 1).map(Double.init) })
    var best: (gain: Double, frame: [[Double]], gradients: [[Float]])?
    for _ in 0..<rounds {
      let parameters = try neurons.compensated(neurons.reading(scaled(frame, neurons), look.stream))
      guard let gradient = try look.gradient(neurons.after, parameters) else { return nil }
      let there = channels.map { neurons.incoming($0, of: gradient) }
      let gain = there.joined().reduce(0.0) { $0 + Double($1) * Double($1) }
      if gain > best?.gain ?? -1 { best = (gain, frame, there) }
      guard let back = try response(neurons, to: there, look) else { return nil }
      frame = orthonormal(back)
    }
    guard neurons.isNormalized else {
      return try neurons.compensated(neurons.reading(scaled(best!.frame, neurons), look.stream))
    }
    return try normalized(neurons, along: best!.gradients.map { $0.map(Double.init) }, look)
  }

  private func scaled(_ frame: [[Double]], _ neurons: NewNeurons) -> [[Float]] {
    frame.map { $0.map { Float(neurons.outgoingNorm * $0) } }
  }

  /// A·x for some incoming weights x, up to a factor: [neurons][outgoing].
  private func response(
    _ neurons: NewNeurons, to incoming: [[Float]], _ look: Look
  ) throws(NetworkError) -> [[Double]]? {
    var sides: [[[Float]]] = []
    for sign in [1, -1] as [Float] {
      var parameters = neurons.parameters
      for (channel, weights) in zip(neurons.widening.channels, incoming) {
        let norm = weights.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard norm > 0 else { continue }
        // Small enough for f to be linear, large enough for the difference to keep its digits.
        let factor = sign * Float(0.01 * neurons.incomingNorm / norm)
        neurons.setIncoming(channel, weights.map { factor * $0 }, in: &parameters)
      }
      guard let gradient = try look.gradient(neurons.after, parameters) else { return nil }
      sides.append(neurons.widening.channels.prefix(incoming.count).map { neurons.outgoing($0, of: gradient) })
    }
    return zip(sides[0], sides[1]).map { zip($0, $1).map { Double($0) - Double($1) } }
  }

  /// Directions made orthogonal and of norm 1, in order; one that the others hold becomes the first unit vector that they
  /// do not.
  private func orthonormal(_ vectors: [[Double]]) -> [[Double]] {
    var out: [[Double]] = []
    for vector in vectors {
      let units = vector.indices.lazy.map { index in vector.indices.map { $0 == index ? 1.0 : 0 } }
      var candidates = [vector].makeIterator()
      var spare = units.makeIterator()
      while let candidate = candidates.next() ?? spare.next() {
        var left = candidate
        let length = norm(left)
        // Twice: what rounding leaves of the others goes too.
        for _ in 0..<2 {
          for other in out {
            let share = zip(left, other).reduce(0) { $0 + $1.0 * $1.1 }
            for index in left.indices { left[index] -= share * other[index] }
          }
        }
        let rest = norm(left)
        guard rest > 1e-9 * length, rest > 0 else { continue }
        out.append(left.map { $0 / rest })
        break
      }
    }
    return out
  }

  private func norm(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
