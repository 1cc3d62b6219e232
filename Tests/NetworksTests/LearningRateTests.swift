import Models
import Networks
import Testing

@Suite struct LearningRateTests {
  func rates(_ recipe: TrainingRecipe, _ steps: [Int]) -> [Double] {
    steps.map { recipe.learningRate(step: $0, stepsPerEpoch: 10) }
  }

  @Test func constant() {
    #expect(rates(TrainingRecipe(learningRate: 0.5), [0, 9, 10, 10_000]) == [0.5, 0.5, 0.5, 0.5])
  }

  @Test func milestonesTakeEffectAtTheBeginningOfTheirEpoch() {
    let recipe = TrainingRecipe(learningRate: 1, schedule: .milestones([2, 5], gamma: 0.5))
    #expect(rates(recipe, [0, 19, 20, 49, 50, 1000]) == [1, 1, 0.5, 0.5, 0.25, 0.25])
  }

  @Test func cosineFallsToZeroByEpochs() {
    let recipe = TrainingRecipe(learningRate: 2, schedule: .cosine(horizon: 4))
    let expected = [2, 2, 1 + 0.5.squareRoot(), 1, 1 - 0.5.squareRoot(), 0, 0]
    for (rate, value) in zip(rates(recipe, [0, 9, 10, 20, 30, 40, 1000]), expected) {
      #expect(abs(rate - value) < 1e-15)
    }
  }

  @Test func warmUpRisesStepByStepAndTheScheduleBeginsBehindIt() {
    let recipe = TrainingRecipe(learningRate: 1, schedule: .milestones([1], gamma: 0.1), warmupEpochs: 2)
    #expect(rates(recipe, [0, 9, 19, 20, 29, 30]) == [0.05, 0.5, 1, 1, 1, 0.1])
  }
}
