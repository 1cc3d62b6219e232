import Models
import Networks
import Pruning
import Testing

/// Neurons that a mask over units removes are those that compaction takes away, and cost what the cost model says.
@Suite struct UnitCompactionTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func removedUnitsGo(seed: UInt64) throws {
    let model = try randomModel(seed)
    // A graph whose sums and groups tie everything to its inputs has none.
    guard let units = try? Units(.neurons, of: model.network) else { return }
    var random = Seeded(seed &+ 2_000_000)
    let density = random.pick([0.3, 0.6, 0.9])
    var mask = Mask(count: units.count)
    for layer in units.layers {
      for unit in layer.range { mask[unit] = random.chance(density) }
      mask[random.pick(Array(layer.range))] = true
    }
    let scope = PruningScope(prunesClassifier: true)
    let masked = model.masked(by: units.weightMask(mask), scope: scope)
    let small = compacted(masked)
    let layout = ParameterLayout(small.network)
    #expect(layout.trainableCount <= units.cost(.keptWeights).cost(of: mask), "seed \(seed)")
    #expect(layout.multiplyAdds <= units.cost(.multiplyAdds).cost(of: mask), "seed \(seed)")
    // What compaction finds in the dense model has nothing to do with the mask.
    if compacted(model).network == model.network {
      #expect(layout.trainableCount == units.cost(.keptWeights).cost(of: mask), "seed \(seed)")
      #expect(layout.multiplyAdds == units.cost(.multiplyAdds).cost(of: mask), "seed \(seed)")
    }
    let sample = random.values(model.network.inputCount, in: -2...2)
    #expect(relativeDifference(forward(masked, sample), forward(small, sample)) < 1e-5, "seed \(seed)")
  }
}
