import Models
import Networks
import Pruning
import Randomness
import Testing

/// What is left of a trained network at a tenth of its weights.
@Suite struct PrunedByCurvatureTests {
  /// Ten classes of two clouds each among features of which half mean nothing.
  private static func data(_ seed: UInt64, count: Int, noise: Double) throws -> LabelledData {
    var stream = RandomStream(seed: 99, .test)
    let centres = (0..<20).map { _ in (0..<40).map { $0 < 20 ? stream.normal() : 0 } }
    stream = RandomStream(seed: seed, .test)
    let labels = (0..<count).map { _ in UInt8(stream.below(10)) }
    let values = labels.flatMap { label in
      let centre = centres[2 * Int(label) + stream.below(2)]
      return centre.map { Float($0 + noise * stream.normal()) }
    }
    return try LabelledData(shape: [40], classes: 10, values: .floats(values), labels: labels)
  }

  @Test("At a tenth of the weights curvature beats chance by far; at half, kept weights that make up lower the loss")
  func trained() throws {
    let (train, test) = (try Self.data(1, count: 2000, noise: 0.6), try Self.data(2, count: 1000, noise: 0.6))
    let network = try NetworkDescription(name: "clouds", widths: [40, 80, 40, 10])
    let recipe = TrainingRecipe(epochs: 15, learningRate: 0.1)
    let trainer = try Trainer(network: network, recipe: recipe, data: train, seed: 1)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    _ = trainer.run(&state, through: recipe.epochs * trainer.stepsPerEpoch)
    let scope = PruningScope()
    let layout = ParameterLayout(network, scope: scope)
    func score(_ parameters: [Float], _ mask: Mask?, _ data: LabelledData) throws -> Score {
      try MaskedEvaluator(network: network, scope: scope, parameters: parameters, data: data).evaluate(mask)
    }
    func mask(_ scores: [Float]?, compression: Int) throws -> Mask {
      let budget = Budget(exactly: layout.prunableCount / compression)
      return ScorePruning.perLayer(scores: try #require(scores), budget: budget, layout: layout)
    }
    #expect(try score(state.parameters, nil, test).accuracy > 0.98)
    var stream = RandomStream(seed: 3, .test)
    let chance = try (0..<10).map { _ in
      let scores = (0..<layout.prunableCount).map { _ in Float(stream.uniform()) }
      return try score(state.parameters, mask(scores, compression: 10), test).accuracy
    }
    let weights = try WeightScores(
      network: network, scope: scope, parameters: state.parameters, data: train, samples: 500)
    let surgeons = try [WeightScores.SampleLosses.labels, .predictions].map {
      try BlockFisher(
        network: network, scope: scope, parameters: state.parameters, data: train, samples: 500, losses: $0, damping: 1)
    }
    for scores in try [weights.fisher(), weights.optimalBrainDamage(), surgeons[0].scores(), surgeons[1].scores()] {
      let accuracy = try score(state.parameters, mask(scores, compression: 10), test).accuracy
      #expect(accuracy > 2 * chance.max()! && accuracy > 0.5, "\(accuracy), by chance \(chance)")
    }
    for surgeon in surgeons {
      let half = try mask(surgeon.scores(), compression: 2)
      let bare = try score(state.parameters, half, train).loss
      let made = try score(try #require(surgeon.compensated(keeping: half)), half, train).loss
      #expect(made < 0.9 * bare, "\(made) instead of \(bare)")
    }
  }
}
