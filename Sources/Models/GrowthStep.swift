package import Digests

/// One step in which a network grows or shrinks: where, by how much, and how what is new begins.
package struct GrowthStep: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// So many more channels of a layer that is the producer of a ``GrowthSite``.
    case neurons(producer: Int, count: Int)
    /// A new layer behind a node.
    case layer(behind: Int, Deepening.Kind)
    /// So many fewer channels of such a layer: those with the least product of the norms of what they read and of what
    /// reads them.
    case removal(producer: Int, count: Int)
  }

  package var place: Place
  /// How new neurons begin; new layers always begin as ``Deepening`` says.
  package var method: GrowthMethod
  /// The norms of what new neurons read, and of what reads them, in those of the old ones of the layer, on average.
  package var scale: Double
  /// The scales that there are.
  package static let scales = 1e-6...1e6
  /// Samples of `train` that are looked at.
  package var samples: Int

  package init(_ place: Place, _ method: GrowthMethod, scale: Double = 1, samples: Int) {
    self.place = place
    self.method = method
    self.scale = scale
    self.samples = samples
  }

  /// What a network becomes.
  ///
  /// - Throws: ``NetworkError`` where it cannot grow there, or would be larger than networks may be.
  package func grown(_ network: NetworkDescription) throws(NetworkError) -> NetworkDescription {
    switch place {
    case .neurons(let producer, let count):
      return try Widening(network, at: try network.growthSite(producer), by: count).after
    case .layer(let node, let kind): return try Deepening(network, behind: node, kind).after
    case .removal(let producer, let count):
      let site = try network.growthSite(producer)
      return try Thinning(network, at: site, keeping: Array(0..<max(0, network.shapes[producer][0] - count))).after
    }
  }
}

extension GrowthStep {
  /// The most values of all layers over all samples that a look may hold at once; as many derivatives lie beside them.
  package static let mostValues = 1 << 29

  /// Whether each look of the step holds no more values than a worker should.
  ///
  /// - Parameter count: samples of `train`.
  /// - Throws: ``NetworkError`` where the network cannot grow so.
  package func fits(_ network: NetworkDescription, trainSamples count: Int) throws(NetworkError) -> Bool {
    func fits(_ network: NetworkDescription) -> Bool {
      network.shapes.reduce(0) { $0 + $1.reduce(1, *) } <= Self.mostValues / max(1, min(samples, count))
    }
    let grown = try grown(network)
    guard case .neurons(let producer, _) = place else { return fits(grown) }
    let site = try network.growthSite(producer)
    let more: Int
    switch method {
    case .random, .gradMaxOpt: return fits(grown)
    case .gradMax:
      let outgoing = site.outgoing(0, ParameterLayout(network)).reduce(0) { $0 + $1.count }
      more = min(outgoing, GrowthMethod.probes)
    case .firefly: more = candidates(network.shapes[producer][0])
    }
    let asked = try Widening(network, at: site, by: more).after
    return fits(grown) && fits(asked)
  }

  /// Multiply-adds that the step costs: three for each one of a sample in each look there and back, at the networks that
  /// are looked at, whose layer has as many neurons as are asked about at once.
  ///
  /// - Parameter count: samples of `train`.
  /// - Throws: ``NetworkError`` where the network cannot grow so.
  package func multiplyAdds(of network: NetworkDescription, trainSamples count: Int) throws(NetworkError) -> Double {
    func looks(_ number: Int, at grown: NetworkDescription) -> Double {
      3 * Double(number) * Double(min(samples, count)) * Double(ParameterLayout(grown).multiplyAdds)
    }
    if case .removal = place { return 0 }
    // The last look is for the gain.
    let sum = looks(1, at: try grown(network))
    guard case .neurons(let producer, _) = place else { return sum }
    let site = try network.growthSite(producer)
    switch method {
    case .random: return sum
    case .gradMax:
      let outgoing = site.outgoing(0, ParameterLayout(network)).reduce(0) { $0 + $1.count }
      let probes = min(outgoing, GrowthMethod.probes)
      return sum + looks((outgoing + probes - 1) / probes, at: try Widening(network, at: site, by: probes).after)
    case .gradMaxOpt(let rounds): return sum + looks(3 * rounds, at: try grown(network))
    case .firefly(_, let rounds):
      let pool = try Widening(network, at: site, by: candidates(network.shapes[producer][0]))
      return sum + looks(2 * rounds + 1, at: pool.after)
    }
  }

  /// Neurons that ``GrowthMethod/firefly(candidates:rounds:)`` chooses from: random ones, as many at least as are asked for,
  /// and splits.
  ///
  /// - Parameter old: neurons that the layer has.
  package func candidates(_ old: Int) -> Int {
    guard case .firefly(let candidates, _) = method, case .neurons(_, let count) = place else { return 0 }
    return max(candidates, count) + old
  }
}

/// How new neurons begin, such that the network gives what it gave.
package enum GrowthMethod: Hashable, Sendable {
  /// One side is zero, the other has random directions.
  case random(zero: Side)
  /// Incoming zero, outgoing such that the gradient of the incoming weights has the largest norm, by singular vectors.
  case gradMax
  /// The same by ascent in so many rounds, for functions with another value than 0 or another slope than 1 at 0.
  case gradMaxOpt(rounds: Int)
  /// Outgoing zero, incoming those of so many candidates and of splits of the old neurons, improved in some rounds, whose
  /// outgoing weights have the largest gradients.
  case firefly(candidates: Int, rounds: Int)

  package enum Side: Int, Hashable, Sendable {
    case incoming
    case outgoing
  }

  /// One of each kind.
  package static let kinds: [GrowthMethod] = [
    .random(zero: .incoming), .random(zero: .outgoing), .gradMax, .gradMaxOpt(rounds: 10),
    .firefly(candidates: 32, rounds: 10),
  ]

  /// Outgoing weights that ``gradMax`` asks about in one pass.
  package static let probes = 64

  /// The name of its lines in reports.
  package var name: String {
    switch self {
    case .random(.incoming): "Random"
    case .random(.outgoing): "Random/outgoing-zero"
    case .gradMax: "GradMax"
    case .gradMaxOpt: "GradMaxOpt"
    case .firefly: "Firefly"
    }
  }
}

extension NetworkDescription {
  /// The place around a layer where neurons can be added.
  ///
  /// - Throws: ``NetworkError`` where there is none.
  package func growthSite(_ producer: Int) throws(NetworkError) -> GrowthSite {
    guard let site = growthSites.first(where: { $0.producer == producer }) else {
      let name = nodes.indices.contains(producer) ? nodes[producer].name : "layer \(producer)"
      throw NetworkError("\(self.name): \(name) cannot get more neurons; a sum, the output or nothing reads it")
    }
    return site
  }
}

extension GrowthStep {
  /// What decides the grown state, and the sent form.
  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "growth-step", version: 1)
    switch place {
    case .neurons(let producer, let count):
      bytes.append(1)
      bytes.append(producer)
      bytes.append(count)
    case .layer(let node, let kind):
      bytes.append(2)
      bytes.append(node)
      kind.append(to: &bytes)
    case .removal(let producer, let count):
      bytes.append(3)
      bytes.append(producer)
      bytes.append(count)
    }
    method.append(to: &bytes)
    bytes.append(scale)
    bytes.append(samples)
    return bytes
  }

  /// A step from its sent form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form, or an impossible step.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "growth-step", version: 1)
    switch try reader.int() {
    case 1: place = .neurons(producer: try reader.int(), count: try reader.int())
    case 2: place = .layer(behind: try reader.int(), try Deepening.Kind(from: &reader))
    case 3: place = .removal(producer: try reader.int(), count: try reader.int())
    case let other: throw CanonicalError("a growth of kind \(other), which this build does not know")
    }
    method = try GrowthMethod(from: &reader)
    scale = try reader.double()
    samples = try reader.int()
    try reader.finish()
    switch place {
    case .neurons(_, let count), .removal(_, let count):
      guard (1...1 << 20).contains(count) else { throw CanonicalError("a growth by \(count) neurons") }
    case .layer: break
    }
    guard Self.scales.contains(scale), (1...1 << 32).contains(samples) else {
      throw CanonicalError("a growth of scale \(scale) by \(samples) samples")
    }
  }
}

extension GrowthMethod {
  package func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .random(let zero):
      bytes.append(1)
      bytes.append(zero.rawValue)
    case .gradMax: bytes.append(2)
    case .gradMaxOpt(let rounds):
      bytes.append(3)
      bytes.append(rounds)
    case .firefly(let candidates, let rounds):
      bytes.append(4)
      bytes.append(candidates)
      bytes.append(rounds)
    }
  }

  fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.int() {
    case 1:
      guard let zero = Side(rawValue: try reader.int()) else { throw CanonicalError("a side of no neuron") }
      self = .random(zero: zero)
    case 2: self = .gradMax
    case 3: self = .gradMaxOpt(rounds: try reader.int())
    case 4: self = .firefly(candidates: try reader.int(), rounds: try reader.int())
    case let other: throw CanonicalError("a way to grow of kind \(other), which this build does not know")
    }
    switch self {
    case .gradMaxOpt(let rounds):
      guard (1...10_000).contains(rounds) else { throw CanonicalError("\(rounds) rounds of ascent") }
    case .firefly(let candidates, let rounds):
      guard (0...1 << 12).contains(candidates), (0...10_000).contains(rounds) else {
        throw CanonicalError("\(candidates) candidates in \(rounds) rounds")
      }
    case .random, .gradMax: break
    }
  }
}
