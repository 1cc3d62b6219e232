internal import Models
internal import Randomness

extension Grower {
  /// Incoming weights of those candidates whose outgoing weights, zero as they are, would change the loss the most.
  ///
  /// Candidates are random directions and splits of the old neurons: copies of what one reads, so that both share what
  /// reads it, all of it at first the old one's. In each round every candidate moves along the gradient of the norm of
  /// its outgoing gradient, and keeps its own norm; the best moment of each counts, and of candidates that read nearly the
  /// same the best. Against the paper, outgoing weights of new neurons are zero instead of small and splits are uneven
  /// instead of even, because the network must give what it gave, and even splits of neurons with ReLU have no gain of
  /// the first order at all.
  ///
  /// Source: Wu, Liu, Stone, Liu, "Firefly neural architecture descent", NeurIPS 2020, section 2.
  func firefly(
    _ neurons: NewNeurons, candidates: Int, rounds: Int, _ look: Look
  ) throws(NetworkError) -> [Float]? {
    let old = neurons.widening.channels.lowerBound
    let candidates = max(candidates, neurons.widening.count)
    let pool = NewNeurons(
      try Widening(network, at: neurons.widening.site, by: candidates + old), neurons.narrow, scale: 1)
    var stream = look.stream
    var starts: [Candidate] = (0..<candidates).map { _ in
      Candidate(weights: stream.direction(neurons.incomingCount, norm: neurons.incomingNorm), bias: 0)
    }
    let bias = pool.layout[pool.widening.site.producer, .bias]?.range.lowerBound
    for channel in 0..<old {
      starts.append(
        Candidate(
          weights: pool.incoming(channel, of: pool.parameters), bias: bias.map { pool.parameters[$0 + channel] } ?? 0))
    }
    guard let best = try improved(starts, pool, bias, rounds: rounds, look) else { return nil }
    let chosen = Candidate.different(best, neurons.widening.count)
    var parameters = neurons.parameters
    let place = neurons.layout[neurons.widening.site.producer, .bias]?.range.lowerBound
    for (channel, index) in zip(neurons.widening.channels, chosen) {
      neurons.setIncoming(channel, best[index].weights, in: &parameters)
      if let place { parameters[place + channel] = best[index].bias }
    }
    return parameters
  }

  private struct Candidate {
    var weights: [Float]
    let bias: Float
    /// The squared norm of the gradient of its outgoing weights.
    var gain = -1.0

    /// The places of so many, the best first: each next one has the largest gain times the squared sine of the least angle
    /// between what it reads and what one before reads. By their gains alone they would be near copies of one.
    static func different(_ all: [Candidate], _ count: Int) -> [Int] {
      func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
      let squares = all.map { product($0.weights, $0.weights) }
      var share = all.map { _ in 1.0 }
      var chosen: [Int] = []
      var isOpen = all.map { _ in true }
      while chosen.count < count {
        let next = isOpen.indices.reduce(isOpen.firstIndex(of: true)!) { best, place in
          isOpen[place] && all[place].gain * share[place] > all[best].gain * share[best] ? place : best
        }
        chosen.append(next)
        isOpen[next] = false
        for place in all.indices where squares[place] > 0 && squares[next] > 0 {
          let along = product(all[place].weights, all[next].weights)
          share[place] = min(share[place], max(0, 1 - along * along / (squares[place] * squares[next])))
        }
      }
      return chosen
    }
  }

  /// Each candidate at its best moment.
  private func improved(
    _ starts: [Candidate], _ pool: NewNeurons, _ bias: Int?, rounds: Int, _ look: Look
  ) throws(NetworkError) -> [Candidate]? {
    var (now, best) = (starts, starts)
    let channels = pool.widening.channels
    for round in 0...rounds {
      var parameters = pool.parameters
      for (channel, candidate) in zip(channels, now) {
        pool.setIncoming(channel, candidate.weights, in: &parameters)
        if let bias { parameters[bias + channel] = candidate.bias }
      }
      guard let gradient = try look.gradient(pool.after, parameters) else { return nil }
      let outgoing = channels.map { pool.outgoing($0, of: gradient) }
      for index in now.indices {
        now[index].gain = outgoing[index].reduce(0.0) { $0 + Double($1) * Double($1) }
        if now[index].gain > best[index].gain { best[index] = now[index] }
      }
      guard round < rounds else { break }
      // With a little of the outgoing weights against their gradient, the loss falls by their norm: its gradient by the
      // incoming weights shows where the norm becomes larger.
      for (index, channel) in channels.enumerated() {
        let norm = now[index].gain.squareRoot()
        guard norm > 0 else { continue }
        let factor = Float(-0.001 * pool.outgoingNorm / norm)
        pool.setOutgoing(channel, outgoing[index].map { factor * $0 }, in: &parameters)
      }
      guard let slope = try look.gradient(pool.after, parameters) else { return nil }
      for (index, channel) in channels.enumerated() {
        now[index].weights = moved(now[index].weights, against: pool.incoming(channel, of: slope))
      }
    }
    return best
  }

  /// Weights a tenth of their norm further, with the same norm.
  private func moved(_ weights: [Float], against slope: [Float]) -> [Float] {
    func norm(_ values: [Float]) -> Double { values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
    let (length, steepness) = (norm(weights), norm(slope))
    guard length > 0, steepness > 0 else { return weights }
    let moved = zip(weights, slope).map { Double($0) - 0.1 * length / steepness * Double($1) }
    let rest = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return rest > 0 ? moved.map { Float(length / rest * $0) } : weights
  }
}
