import Digests
import Models
import Testing

@Suite struct TrainingRecipeTests {
  private static let valid: [TrainingRecipe] = [
    TrainingRecipe(),
    TrainingRecipe(epochs: 0, batchSize: 1, learningRate: 1e-9, optimizer: .sgd(momentum: 0, nesterov: false)),
    TrainingRecipe(optimizer: .sgd(momentum: 0.9, nesterov: true), l1: 0.5, l2: 0, warmupEpochs: 5),
    TrainingRecipe(
      optimizer: .adam(.init()), schedule: .milestones([], gamma: 0.1),
      augmentation: .init(cropPadding: 4, flip: true)),
    TrainingRecipe(
      epochs: 100_000, batchSize: 65_536, optimizer: .adamW(.init(beta1: 0, beta2: 0.5, epsilon: 1)),
      schedule: .milestones([1, 2, 90], gamma: 2), augmentation: .init(cropPadding: 0, flip: true)),
    TrainingRecipe(schedule: .cosine(horizon: 1), augmentation: .init(cropPadding: 64, flip: false)),
  ]

  private func bytes(_ recipe: TrainingRecipe) -> [UInt8] { recipe.canonicalBytes.bytes }

  private func recipe(_ bytes: [UInt8]) throws -> TrainingRecipe { try TrainingRecipe(canonical: bytes) }

  @Test func comesBackFromItsStoredForm() throws {
    for valid in Self.valid {
      try valid.check()
      #expect(try recipe(bytes(valid)) == valid)
    }
    #expect(Set(Self.valid.map(bytes)).count == Self.valid.count)
  }

  @Test func truncatedAndUnknownFormsAreRefused() {
    for valid in Self.valid {
      let whole = bytes(valid)
      for length in 0..<whole.count {
        #expect(throws: CanonicalError.self) { try recipe(Array(whole.prefix(length))) }
      }
    }
    // The kind of the optimizer stands behind the heading, two integers and the rate.
    var unknown = bytes(TrainingRecipe())
    let heading = CanonicalBytes(kind: "recipe", version: 1).bytes.count
    unknown[heading + 24] = 4
    #expect(throws: CanonicalError.self) { try recipe(unknown) }
  }

  private static let impossible: [TrainingRecipe] =
    [-1, 100_001].map { TrainingRecipe(epochs: $0) }
    + [0, -1, 65_537].map { TrainingRecipe(batchSize: $0) }
    + [0, -1, .nan, .infinity].map { TrainingRecipe(learningRate: $0) }
    + [-1, .nan, .infinity].map { TrainingRecipe(l1: $0) }
    + [-1, .nan, .infinity].map { TrainingRecipe(l2: $0) }
    + [-1, 100_001].map { TrainingRecipe(warmupEpochs: $0) }
    + [-1, 65].map { TrainingRecipe(augmentation: .init(cropPadding: $0)) }
    + [-0.1, 1, .nan].map { TrainingRecipe(optimizer: .sgd(momentum: $0, nesterov: false)) }
    + [TrainingRecipe(optimizer: .sgd(momentum: 0, nesterov: true))]
    + [-0.1, 1, .nan].flatMap { beta in
      [
        TrainingRecipe(optimizer: .adam(.init(beta1: beta))), TrainingRecipe(optimizer: .adamW(.init(beta2: beta))),
      ]
    }
    + [0, -1, .nan, .infinity].map { TrainingRecipe(optimizer: .adam(.init(epsilon: $0))) }
    + [[0], [-1, 3], [3, 3], [5, 4]].map { TrainingRecipe(schedule: .milestones($0, gamma: 0.1)) }
    + [0, -1, .nan, .infinity].map { TrainingRecipe(schedule: .milestones([1], gamma: $0)) }
    + [0, -1, 100_001].map { TrainingRecipe(schedule: .cosine(horizon: $0)) }

  @Test("What no training can follow is refused, also from bytes", arguments: impossible)
  func refusals(recipe impossible: TrainingRecipe) {
    #expect(throws: NetworkError.self) { try impossible.check() }
    #expect(throws: CanonicalError.self) { try recipe(bytes(impossible)) }
  }

  @Test func aBatchMayBeSmaller() {
    let recipe = TrainingRecipe(batchSize: 64)
    #expect([0, 1, 64, 65, 128].map { recipe.stepsPerEpoch(samples: $0) } == [0, 1, 1, 2, 2])
  }

  @Test func optimizersRememberWhatTheyNeed() {
    #expect(TrainingRecipe.Optimizer.sgd(momentum: 0, nesterov: false).slots == 0)
    #expect(TrainingRecipe.Optimizer.sgd(momentum: 0.9, nesterov: true).slots == 1)
    #expect(TrainingRecipe.Optimizer.adam(.init()).slots == 2)
    #expect(TrainingRecipe.Optimizer.adamW(.init()).slots == 2)
  }
}
