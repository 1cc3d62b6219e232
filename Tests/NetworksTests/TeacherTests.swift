import Models
import Networks
import Pruning
import Testing

/// Data that a random network answers.
@Suite struct TeacherTests {
  private func plan(_ widths: [Int] = [20, 10, 10], samples: Int = 300) throws -> TeacherPlan {
    try TeacherPlan(widths: widths, samples: samples)
  }

  @Test("Equal seeds give equal teachers and samples, other seeds others")
  func seeds() throws {
    let plan = try plan()
    let data = try plan.data(seed: 1)
    #expect(try plan.data(seed: 1) == data)
    let other = try plan.data(seed: 2)
    #expect(other.values != data.values && other.targets != data.targets)
    #expect(plan.parameters(seed: 1) != plan.parameters(seed: 2))
    #expect(data.count == 300 && data.shape == [20] && data.classes == 10 && data.targets?.count == 3000)
  }

  @Test("A longer set begins with a shorter one of the same teacher")
  func prefixes() throws {
    let (long, short) = (try plan(samples: 130).data(seed: 7), try plan(samples: 65).data(seed: 7))
    #expect(long.selecting(Array(0..<65)) == short)
  }

  @Test(
    "A student with the teacher's weights has no loss and no gradient",
    arguments: [[20, 10, 10], [7, 3], [5, 9, 4, 2]])
  func perfectStudent(widths: [Int]) throws {
    let plan = try plan(widths, samples: 130)
    let data = try plan.data(seed: 5)
    let parameters = plan.parameters(seed: 5)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: plan.network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data),
        variant: variant)
      #expect(evaluator.evaluate(nil) == .exact(correct: 130, count: 130, loss: 0), "\(variant)")
    }
    let reference = try ReferenceEvaluator(
      network: plan.network, scope: PruningScope(), parameters: parameters, data: data)
    #expect(reference.evaluate(nil) == .exact(correct: 130, count: 130, loss: 0))
    // Training multiplies matrices in another order, so only nearly.
    let trainer = try Trainer(network: plan.network, recipe: TrainingRecipe(), data: data, seed: 1)
    let (loss, gradient) = trainer.gradient(at: parameters, samples: Array(0..<130))
    #expect(loss < 1e-9 && gradient.allSatisfy { abs($0) < 1e-5 })
  }

  @Test("Inputs are standard normal, weights as normal as they should be, biases zero")
  func distributions() throws {
    let plan = try plan([50, 80, 40], samples: 1000)
    guard case .floats(let inputs) = try plan.data(seed: 3).values else { throw NetworkError("not floats") }
    func check(_ values: some Collection<Float>, deviation: Double, _ what: String) {
      let count = Double(values.count)
      let mean = values.reduce(0.0) { $0 + Double($1) } / count
      let variance = values.reduce(0.0) { $0 + Double($1) * Double($1) } / count
      // Five standard errors of each.
      #expect(abs(mean) < 5 * deviation / count.squareRoot(), "\(what): mean \(mean)")
      #expect(
        abs(variance / (deviation * deviation) - 1) < 5 * (2 / count).squareRoot(), "\(what): variance \(variance)")
    }
    check(inputs, deviation: 1, "inputs")
    let layout = ParameterLayout(plan.network)
    let parameters = plan.parameters(seed: 3)
    let weights = layout.tensors.filter { $0.role == .weight }
    check(parameters[weights[0].range], deviation: (2.0 / 50).squareRoot(), "hidden weights")
    check(parameters[weights[1].range], deviation: (1.0 / 80).squareRoot(), "last weights")
    for tensor in layout.tensors where tensor.role == .bias {
      #expect(parameters[tensor.range].allSatisfy { $0 == 0 })
    }
  }

  @Test("A student learns from it")
  func learning() throws {
    let plan = try plan([6, 4, 3], samples: 400)
    let data = try plan.data(seed: 11)
    let network = try NetworkDescription(name: "student", widths: [6, 16, 3])
    let recipe = TrainingRecipe(epochs: 60, batchSize: 32, learningRate: 0.02)
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 1)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    func loss() throws -> Double {
      try MaskedEvaluator(network: network, scope: PruningScope(), parameters: state.parameters, data: data)
        .evaluate(nil).loss
    }
    let before = try loss()
    _ = trainer.run(&state, through: 60 * trainer.stepsPerEpoch)
    #expect(try loss() < 0.05 * before)
  }
}
