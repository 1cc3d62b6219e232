import Models
import Networks
import Pruning
import Testing

/// Networks with fewer neurons: they give what the larger one gives without those.
@Suite struct ThinningTests {
  @Test("A network without some neurons gives what it gives where nothing reads them")
  func outputs() throws {
    var thinned = 0
    for seed in 0..<200 as Range<UInt64> {
      let model = try randomModel(seed)
      var random = Seeded(seed &+ 7_000_000)
      let layout = ParameterLayout(model.network)
      for site in model.network.growthSites {
        let channels = model.network.shapes[site.producer][0]
        let least = model.network.least(site)
        guard channels > least else { continue }
        var kept = (0..<channels).filter { _ in random.chance(0.6) }
        while kept.count < least { kept = Array(0..<least) }
        let thinning = try Thinning(model.network, at: site, keeping: kept)
        var parameters = model.parameters
        for channel in 0..<channels where !kept.contains(channel) {
          for place in site.outgoing(channel, layout).joined() { parameters[place] = 0 }
        }
        let silenced = try Model(network: model.network, parameters: parameters)
        let smaller = try Model(network: thinning.after, parameters: thinning.thinned(model.parameters))
        let sample = random.values(model.network.inputCount, in: -2...2)
        let (expected, found) = (forward(silenced, sample), forward(smaller, sample))
        #expect(relativeDifference(expected, found) < 1e-5, "seed \(seed): \(expected) and \(found)")
        thinned += 1
      }
    }
    #expect(thinned > 100, "hardly anything got thinner: \(thinned)")
  }

  @Test("What came behind the old neurons and goes again leaves what there was")
  func backAgain() throws {
    for (zoo, shape) in [("lenet-5", [1, 28, 28]), ("vgg-11", [3, 32, 32]), ("mobilenet-v1", [3, 32, 32])] {
      let network = try Zoo.network(named: zoo, shape: shape, classes: 10, widthMultiplier: 0.125)
      var random = Seeded(9)
      let layout = ParameterLayout(network)
      let state = TrainingState(
        parameters: random.values(layout.count, in: -1...1), slots: [random.values(layout.trainableCount, in: -1...1)],
        step: 7)
      for site in network.growthSites {
        let widening = try Widening(network, at: site, by: 3)
        let thinning = try Thinning(
          widening.after, at: try widening.after.growthSite(site.producer),
          keeping: Array(0..<network.shapes[site.producer][0]))
        #expect(thinning.after == network)
        #expect(thinning.thinned(widening.widened(state)) == state, "\(zoo), layer \(site.producer)")
      }
    }
  }

  @Test("A layer keeps what it needs to stay what it is")
  func least() throws {
    let network = try NetworkDescription(name: "small", widths: [2, 2, 1])
    let step = GrowthStep(.removal(producer: 1, count: 2), .gradMax, samples: 1)
    #expect(throws: NetworkError.self) { try step.grown(network) }
    #expect(try GrowthStep(.removal(producer: 1, count: 1), .gradMax, samples: 1).grown(network).shapes[1] == [1])
  }

  @Test("The number of parameters follows from the widths")
  func counts() throws {
    for (zoo, shape) in [
      ("lenet-300-100", [784]), ("lenet-5", [1, 28, 28]), ("vgg-11", [3, 32, 32]), ("resnet-20", [3, 32, 32]),
      ("mobilenet-v1", [3, 32, 32]),
    ] {
      let network = try Zoo.network(named: zoo, shape: shape, classes: 10, widthMultiplier: 0.25)
      let size = try ParameterCount(network)
      var random = Seeded(11)
      for _ in 0..<10 {
        let counts = network.growthSites.map { network.least($0) + random.pick(Array(0..<40)) }
        let other = try network.withChannelCounts(counts)
        #expect(size(counts) == ParameterLayout(other).trainableCount && other.channelCounts == counts, "\(zoo)")
      }
    }
  }
}
