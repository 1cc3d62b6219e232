import Models
import Networks
import Pruning
import Testing

/// Networks with more neurons: they give what they gave.
@Suite struct WideningTests {
  @Test("New neurons that give nothing, or that nothing reads, change no output")
  func outputsStay() throws {
    var grown = 0
    for seed in 0..<200 as Range<UInt64> {
      let model = try randomModel(seed)
      var random = Seeded(seed &+ 3_000_000)
      for site in model.network.growthSites {
        let widening = try Widening(model.network, at: site, by: random.pick([1, 2, 5]))
        var parameters = widening.widened(parameters: model.parameters)
        // Of new neurons either what they read or what reads them may be anything.
        let layout = ParameterLayout(widening.after)
        let readsNothing = random.chance(0.5)
        let places = widening.channels.flatMap { channel in
          readsNothing ? site.outgoing(channel, layout) : [site.incoming(channel, layout)]
        }
        for place in places.joined() { parameters[place] = random.values(1, in: -1...1)[0] }
        if readsNothing {
          // A neuron without inputs gives f(0), which not every function has at 0, and neither have layers between.
          let isPlain = site.between.allSatisfy { node in
            switch model.network.nodes[node].layer {
            case .activation(.sigmoid), .activation(.clip), .batchNorm, .convolution: false
            default: true
            }
          }
          guard isPlain else { continue }
        }
        grown += 1
        #expect(parameters.count == layout.count)
        let after = try Model(network: widening.after, parameters: parameters)
        let sample = random.values(model.network.inputCount, in: -2...2)
        let (old, new) = (forward(model, sample), forward(after, sample))
        #expect(relativeDifference(old, new) < 1e-5, "seed \(seed): \(old) and \(new)")
      }
    }
    #expect(grown > 100, "hardly anything grew: \(grown)")
  }

  @Test("Known networks grow where they can")
  func sites() throws {
    func names(_ zoo: String, _ shape: [Int]) throws -> [String] {
      let network = try Zoo.network(named: zoo, shape: shape, classes: 10)
      return network.growthSites.map { network.nodes[$0.producer].name }
    }
    #expect(try names("lenet-300-100", [784]) == ["dense1", "dense2"])
    #expect(try names("lenet-5", [1, 28, 28]).count == 3)
    #expect(try names("vgg-11", [3, 32, 32]).count == 8)
    // The first of both convolutions of each of nine blocks; what sums tie stays.
    #expect(try names("resnet-20", [3, 32, 32]).count == 9)
    // Each pointwise convolution, and the first one, with the depthwise one behind it.
    #expect(try names("mobilenet-v1", [3, 32, 32]).count == 14)
  }

  @Test("Narrowed networks grow back to what they were, at the same places")
  func narrowing() throws {
    for (zoo, shape) in [
      ("lenet-300-100", [784]), ("lenet-5", [1, 28, 28]), ("vgg-11", [3, 32, 32]), ("resnet-20", [3, 32, 32]),
      ("mobilenet-v1", [3, 32, 32]), ("wide-resnet-16-1", [3, 32, 32]),
    ] {
      let network = try Zoo.network(named: zoo, shape: shape, classes: 10, widthMultiplier: 0.125)
      for share in [0.01, 0.25, 0.5, 0.9] {
        let small = try network.scalingChannels(by: share)
        #expect(small.growthSites == network.growthSites, "\(zoo), \(share)")
        var grown = small
        for site in network.growthSites {
          let missing = network.shapes[site.producer][0] - grown.shapes[site.producer][0]
          guard missing > 0 else { continue }
          grown = try Widening(grown, at: try grown.growthSite(site.producer), by: missing).after
        }
        #expect(grown == network, "\(zoo), \(share)")
      }
    }
  }

  @Test("Values keep their neurons, in weights and in what the optimizer remembers")
  func places() throws {
    let network = try NetworkDescription(name: "small", widths: [2, 2, 1])
    let site = try #require(network.growthSites.first)
    let widening = try Widening(network, at: site, by: 1)
    // Hidden weights, hidden biases, output weights, output bias.
    let state = TrainingState(
      parameters: [1, 2, 3, 4, 5, 6, 7, 8, 9], slots: [Array(11...19).map { Float($0) }], step: 4)
    let grown = widening.widened(state)
    #expect(grown.parameters == [1, 2, 3, 4, 0, 0, 5, 6, 0, 7, 8, 0, 9])
    #expect(grown.slots == [[11, 12, 13, 14, 0, 0, 15, 16, 0, 17, 18, 0, 19]])
    let layout = ParameterLayout(widening.after)
    #expect(grown.step == 4 && widening.channels == 2..<3)
    #expect(site.incoming(2, layout) == 4..<6 && site.outgoing(2, layout) == [11..<12])
  }
}
