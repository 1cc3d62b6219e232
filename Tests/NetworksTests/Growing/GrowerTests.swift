import Digests
import Foundation
import Models
import Networks
import Randomness
import Testing

/// Networks that grow in mid-training.
@Suite struct GrowerTests {
  static let methods: [GrowthMethod] = [
    .random(zero: .incoming), .random(zero: .outgoing), .gradMax, .gradMaxOpt(rounds: 5),
    .firefly(candidates: 8, rounds: 3),
  ]

  @Test("What a network gives stays, at every place and by every method", arguments: methods)
  func outputsStay(_ method: GrowthMethod) throws {
    var grown = 0
    for seed in 0..<60 as Range<UInt64> {
      let network = try RandomNetwork.make(seed)
      let data = try GradientTests.images(network.inputShape, seed, count: 12, classes: network.outputCount)
      let state = Self.state(network, seed)
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: seed)
      for site in network.growthSites {
        let growth = GrowthStep(.neurons(producer: site.producer, count: 1), method, samples: 8)
        do {
          let after = try #require(try grower.grow(state, growth), "seed \(seed)")
          grown += 1
          #expect(after.gain >= 0 && after.state.step == state.step)
          #expect(after.network == (try growth.grown(network)))
          try Self.expectEqual(network, state, after, data, "seed \(seed), \(method)")
        } catch let error as NetworkError {
          // Neurons that give something where nothing takes it back.
          let reasons = ["take it back", "GradMaxOpt is for such"]
          #expect(reasons.contains { error.description.contains($0) }, "seed \(seed): \(error)")
        }
      }
    }
    #expect(grown > 20, "hardly anything grew: \(grown)")
  }

  @Test("New layers change nothing, and learn")
  func layers() throws {
    var grown = 0
    for seed in 0..<60 as Range<UInt64> {
      let network = try RandomNetwork.make(seed)
      let data = try GradientTests.images(network.inputShape, seed, count: 12, classes: network.outputCount)
      let state = Self.state(network, seed)
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: seed)
      for node in 1..<network.logits {
        for kind in [Deepening.Kind.identity, .residual(channels: 3)] {
          let growth = GrowthStep(.layer(behind: node, kind), .random(zero: .incoming), samples: 12)
          guard let deeper = try? growth.grown(network) else { continue }
          grown += 1
          let after = try #require(try grower.grow(state, growth), "seed \(seed)")
          #expect(after.network == deeper && after.network.nodes.count > network.nodes.count)
          try Self.expectEqual(network, state, after, data, "seed \(seed), behind \(node), \(kind)")
        }
      }
    }
    #expect(grown > 100, "hardly anything grew: \(grown)")
  }

  @Test("The gradient behind GradMax is the largest of orthogonal weights of that norm, found by brute force")
  func bruteForce() throws {
    for (seed, count) in zip(1..., [1, 2, 1, 2, 1, 2]) as Zip2Sequence<PartialRangeFrom<UInt64>, [Int]> {
      // Three outgoing weights: a frame of one is a point of the sphere, of two the plane across one.
      let network = try Self.perceptron([4, 5, 3], seed % 2 == 0 ? .relu : .tanh)
      let data = try GradientTests.images([4], seed, count: 30)
      let state = Self.state(network, seed)
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: seed)
      let growth = GrowthStep(.neurons(producer: 1, count: count), .gradMax, samples: 30)
      let best = try #require(try grower.grow(state, growth))
      let site = try network.growthSite(1)
      let layout = ParameterLayout(best.network)
      let frame = (5..<5 + count).map { site.outgoing($0, layout).joined().map { best.state.parameters[$0] } }
      let norm = frame[0].reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
      for (row, weights) in frame.enumerated() {
        for other in frame[...row] {
          let product = zip(weights, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
          #expect(abs(product - (other == weights ? norm * norm : 0)) < 1e-5 * norm * norm)
        }
      }
      let trainer = try Trainer(network: best.network, recipe: Self.recipe, data: data, seed: seed)
      func gain(_ angles: (Double, Double)) -> Double {
        var parameters = best.state.parameters
        for (channel, direction) in Self.frame(angles, count).enumerated() {
          for (place, value) in zip(site.outgoing(5 + channel, layout).joined(), direction) {
            parameters[place] = Float(norm * value)
          }
        }
        let gradient = trainer.gradient(at: parameters, samples: Array(0..<30)).gradient
        return (5..<5 + count).flatMap { site.incoming($0, layout) }.reduce(0.0) {
          $0 + Double(gradient[$1] * gradient[$1])
        }
      }
      var (center, radius, highest) = ((0.0, 0.0), 3.2, 0.0)
      for _ in 0..<8 {
        var next = center
        for row in -8...8 {
          for column in -8...8 {
            let angles = (center.0 + radius * Double(row) / 8, center.1 + radius * Double(column) / 8)
            let value = gain(angles)
            if value > highest { (highest, next) = (value, angles) }
          }
        }
        (center, radius) = (next, radius / 4)
      }
      let gradient = trainer.gradient(at: best.state.parameters, samples: Array(0..<30)).gradient
      let ours = (5..<5 + count).flatMap { site.incoming($0, layout) }.reduce(0.0) {
        $0 + Double(gradient[$1] * gradient[$1])
      }
      #expect(abs(ours - highest) < 1e-4 * highest, "seed \(seed): \(ours), by brute force \(highest)")
    }
  }

  @Test("Orthogonal iteration finds what singular vectors do, and goes on where they do not")
  func optimization() throws {
    for (seed, activation) in zip(1..., [.relu, .tanh, .leakyRelu(slope: 0.1), .sigmoid])
      as Zip2Sequence<PartialRangeFrom<UInt64>, [Activation]>
    {
      let network = try Self.perceptron([6, 8, 5], activation)
      let data = try GradientTests.images([6], seed, count: 40, classes: 5)
      let state = Self.state(network, seed)
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: seed)
      func gain(_ method: GrowthMethod) throws -> Double {
        try #require(try grower.grow(state, GrowthStep(.neurons(producer: 1, count: 2), method, samples: 40))).gain
      }
      let (few, many) = (try gain(.gradMaxOpt(rounds: 1)), try gain(.gradMaxOpt(rounds: 200)))
      #expect(many > 1.01 * few, "\(activation): \(few) and \(many)")
      if activation == .sigmoid {
        #expect(throws: NetworkError.self) { try gain(.gradMax) }
      } else {
        let best = try gain(.gradMax)
        #expect(abs(many - best) < 1e-3 * best, "\(activation): \(many) and by singular vectors \(best)")
      }
    }
  }

  @Test(
    "GradMax has a larger gradient than random directions, and Firefly with more candidates and rounds than with less")
  func gains() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let network = try Self.perceptron([6, 8, 5], .relu)
      let data = try GradientTests.images([6], seed, count: 40, classes: 5)
      let state = Self.state(network, seed)
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: seed)
      func gain(_ method: GrowthMethod, count: Int) throws -> Double {
        try #require(try grower.grow(state, GrowthStep(.neurons(producer: 1, count: count), method, samples: 40))).gain
      }
      #expect(try gain(.gradMax, count: 2) > gain(.random(zero: .incoming), count: 2), "seed \(seed)")
      // Of one neuron: the second has to differ, too.
      let gains = try [(4, 0), (16, 0), (16, 5), (16, 20)].map {
        try gain(.firefly(candidates: $0.0, rounds: $0.1), count: 1)
      }
      #expect(zip(gains, gains.dropFirst()).allSatisfy { $0 <= 1.0001 * $1 }, "seed \(seed): \(gains)")
      #expect(gains[3] > gains[0], "seed \(seed): \(gains)")
    }
  }

  @Test("More neurons than directions: the first have the best, the others random ones of the same norm")
  func moreThanDirections() throws {
    let network = try Self.perceptron([6, 4, 3], .relu)
    let data = try GradientTests.images([6], 9, count: 40)
    let state = Self.state(network, 9)
    let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: 9)
    let site = try network.growthSite(1)
    for method in [GrowthMethod.gradMax, .gradMaxOpt(rounds: 3)] {
      func outgoing(_ count: Int) throws -> [[Float]] {
        let growth = GrowthStep(.neurons(producer: 1, count: count), method, samples: 40)
        let grown = try #require(try grower.grow(state, growth))
        let layout = ParameterLayout(grown.network)
        return (4..<4 + count).map { site.outgoing($0, layout).joined().map { grown.state.parameters[$0] } }
      }
      let (three, five) = (try outgoing(3), try outgoing(5))
      #expect(Set(five).count == 5)
      if method == .gradMax { #expect(Array(five.prefix(3)) == three) }
      let norms = five.map { $0.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot() }
      #expect(norms.allSatisfy { abs($0 - norms[0]) < 1e-5 * norms[0] }, "\(norms)")
    }
  }

  @Test("Neurons that Firefly chooses read different things")
  func differentNeurons() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let network = try Self.perceptron([6, 8, 5], .relu)
      let data = try GradientTests.images([6], seed, count: 40, classes: 5)
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: seed)
      let grown = try #require(
        try grower.grow(
          Self.state(network, seed),
          GrowthStep(.neurons(producer: 1, count: 4), .firefly(candidates: 16, rounds: 30), samples: 40)))
      let layout = ParameterLayout(grown.network)
      let site = try network.growthSite(1)
      let read = (8..<12).map { grown.state.parameters[site.incoming($0, layout)].map(Double.init) }
      for (place, own) in read.enumerated() {
        for other in read[..<place] {
          func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
          let cosine = product(own, other) / (product(own, own) * product(other, other)).squareRoot()
          // What rounds lead to is one direction for most candidates.
          #expect(abs(cosine) < 0.999, "seed \(seed)")
        }
      }
    }
  }

  @Test("Neurons from zero learn where the derivative at 0 is that of the side above, and else never")
  func zerosLearn() throws {
    for zerosLearn in [true, false] {
      let network = try Self.perceptron([6, 8, 5], .relu)
      let data = try GradientTests.images([6], 3, count: 40, classes: 5)
      var recipe = Self.recipe
      recipe.zerosLearn = zerosLearn
      let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: 3)
      let grown = try #require(
        try grower.grow(Self.state(network, 3), GrowthStep(.neurons(producer: 1, count: 1), .gradMax, samples: 40)))
      let trainer = try Trainer(network: grown.network, recipe: recipe, data: data, seed: 3)
      var state = grown.state
      _ = trainer.run(&state, through: state.step + 1)
      let places = try network.growthSite(1).incoming(8, ParameterLayout(grown.network))
      #expect(state.parameters[places].contains { $0 != 0 } == zerosLearn)
    }
  }

  @Test("The neurons go that count least: by the product of the norms on both sides")
  func removal() throws {
    let network = try Self.perceptron([3, 4, 2], .relu)
    let data = try GradientTests.images([3], 2, count: 8, classes: 2)
    let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: 1)
    var state = Self.state(network, 2)
    let site = try network.growthSite(1)
    let layout = ParameterLayout(network)
    // Products 1, 4, 1/4 and 9, of which one side is large where the whole is small.
    for (channel, (incoming, outgoing)) in [(1, 1), (8, 0.5), (0.01, 25), (3, 3)].enumerated() {
      for (offset, place) in site.incoming(channel, layout).enumerated() {
        state.parameters[place] = offset == 0 ? Float(incoming) : 0
      }
      for (offset, place) in site.outgoing(channel, layout).joined().enumerated() {
        state.parameters[place] = offset == 1 ? Float(outgoing) : 0
      }
    }
    let step = GrowthStep(.removal(producer: 1, count: 2), .gradMax, samples: 8)
    let thinner = try #require(try grower.grow(state, step))
    #expect(thinner.network == (try Self.perceptron([3, 2, 2], .relu)) && thinner.state.step == state.step)
    #expect(thinner.state == (try Thinning(network, at: site, keeping: [1, 3])).thinned(state))
    #expect(try step.multiplyAdds(of: network, trainSamples: 8) == 0)
  }

  @Test("A look that holds too many values is known before, with all that the method asks about")
  func memory() throws {
    let network = try Zoo.network(named: "conv-4", shape: [3, 32, 32], classes: 10)
    let site = try #require(network.growthSites.first)
    func fits(_ method: GrowthMethod, samples: Int, of count: Int) throws -> Bool {
      try GrowthStep(.neurons(producer: site.producer, count: 1), method, samples: samples).fits(
        network, trainSamples: count)
    }
    for method in Self.methods {
      #expect(try fits(method, samples: 256, of: 50_000))
      #expect(try !fits(method, samples: 50_000, of: 50_000))
      #expect(try fits(method, samples: 50_000, of: 256), "there are no more samples")
    }
    // 64 neurons without inputs are asked about at once, beside one that comes.
    let samples = (1...4000).last { (try? fits(.random(zero: .incoming), samples: $0, of: 50_000)) ?? false }!
    #expect(try !fits(.gradMax, samples: samples, of: 50_000))
  }

  @Test("Steps of growth come back from the wire")
  func wire() throws {
    let places: [GrowthStep.Place] = [
      .neurons(producer: 3, count: 7), .layer(behind: 2, .identity), .layer(behind: 4, .residual(channels: 9)),
      .removal(producer: 2, count: 3),
    ]
    for place in places {
      for method in Self.methods {
        let step = GrowthStep(place, method, scale: 0.5, samples: 100)
        #expect(try GrowthStep(canonical: step.canonicalBytes.bytes) == step)
      }
    }
    for scale in [0, -1, .leastNonzeroMagnitude, 1e300, .nan, .infinity] as [Double] {
      let bytes = GrowthStep(places[0], .gradMax, scale: scale, samples: 10).canonicalBytes.bytes
      #expect(throws: CanonicalError.self) { try GrowthStep(canonical: bytes) }
    }
  }

  @Test("What is no network ends in an error, not in a trap")
  func impossibleStates() throws {
    let network = try Zoo.network(named: "mobilenet-v1", shape: [3, 16, 16], classes: 3, widthMultiplier: 0.25)
    let data = try GradientTests.images([3, 16, 16], 1, count: 8)
    var state = Self.state(network, 1)
    let layout = ParameterLayout(network)
    let variance = try #require(layout.tensors.first { $0.role == .runningVariance })
    state.parameters[variance.range.lowerBound] = -1
    let grower = try Grower(network: network, recipe: Self.recipe, data: data, seed: 1)
    let site = try #require(network.growthSites.first)
    for method in Self.methods where method != .random(zero: .outgoing) {
      let growth = GrowthStep(.neurons(producer: site.producer, count: 2), method, samples: 8)
      _ = try? grower.grow(state, growth)
    }
    // As large as numbers are.
    let plain = try Self.perceptron([6, 8, 5], .relu)
    let other = try Grower(
      network: plain, recipe: Self.recipe, data: try GradientTests.images([6], 2, count: 8, classes: 5), seed: 1)
    var huge = Self.state(plain, 2)
    huge.parameters = huge.parameters.map { $0 * 1e37 }
    for method in Self.methods {
      _ = try? other.grow(huge, GrowthStep(.neurons(producer: 1, count: 2), method, scale: 1e6, samples: 8))
    }
  }

  static let recipe = TrainingRecipe(epochs: 100, batchSize: 16, learningRate: 0.05, l2: 0, zerosLearn: true)

  /// In mid-training, with something remembered.
  static func state(_ network: NetworkDescription, _ seed: UInt64) -> TrainingState {
    let count = ParameterLayout(network).trainableCount
    return TrainingState(
      parameters: GradientTests.parameters(network, seed),
      slots: [(0..<count).map { Float($0 % 7) * 0.01 }], step: 40)
  }

  static func perceptron(_ widths: [Int], _ activation: Activation) throws -> NetworkDescription {
    var nodes = [NetworkDescription.Node(name: "input", layer: .input([widths[0]]), inputs: [])]
    for (index, width) in widths.dropFirst().enumerated() {
      let dense = nodes.count
      nodes.append(.init(name: "dense\(index)", layer: .dense(outputs: width, bias: true), inputs: [dense - 1]))
      if index < widths.count - 2 {
        nodes.append(.init(name: "f\(index)", layer: .activation(activation), inputs: [dense]))
      }
    }
    return try NetworkDescription(name: "perceptron", nodes: nodes)
  }

  /// Orthonormal directions of space: the one at two angles, or two across it.
  private static func frame(_ angles: (Double, Double), _ count: Int) -> [[Double]] {
    let (a, b) = angles
    if count == 1 { return [[sin(a) * cos(b), sin(a) * sin(b), cos(a)]] }
    return [[cos(a) * cos(b), cos(a) * sin(b), -sin(a)], [-sin(b), cos(b), 0]]
  }

  private static func expectEqual(
    _ network: NetworkDescription, _ state: TrainingState, _ after: Grower.Grown, _ data: LabelledData, _ what: String
  ) throws {
    for sample in 0..<4 {
      let old = try ReferenceEvaluator(network: network, scope: .init(), parameters: state.parameters, data: data)
        .logits(of: sample, nil)
      let new = try ReferenceEvaluator(
        network: after.network, scope: .init(), parameters: after.state.parameters, data: data
      ).logits(of: sample, nil)
      guard let old, let new else { continue }
      let scale = old.reduce(1) { max($0, abs($1)) }
      #expect(zip(old, new).allSatisfy { abs($0 - $1) < 2e-5 * scale }, "\(what): \(old) and \(new)")
    }
  }
}
