import Search
import Studies
import StudyFile
import Testing

/// What a range of sizes and a Pareto objective mean for searches.
@Suite struct SizeRangeTests {
  private static let objectives = [
    "{ minimize: size, subject_to: { accuracy: 0.9 }, compression: [2, 5] }",
    "{ minimize: flops, subject_to: { loss: 0.5 }, compression: [2, 5] }",
  ]
  private let halves = [Share(Mutation.magnitude, 0.5), Share(Mutation.resize, 0.5)]

  private func searches(_ objective: String, _ search: String) throws -> [AlgorithmSettings] {
    let text = try replacing(
      "objective: { maximize: accuracy, at_compression: 2 }", by: "objective: \(objective)",
      in: replacing("search: {}", by: "search: \(search)", in: minimal).text
    ).text
    return try study(of: StudyDocument(text: text, file: "x.yaml")).searches.map(\.settings)
  }

  /// Whether founders have all sizes, and the mutations.
  private func knobs(_ settings: AlgorithmSettings) -> (spread: Bool, mutations: [Share<Mutation>])? {
    switch settings {
    case .genetic(let settings): (settings.initial.spread, settings.breeding.mutations)
    case .steadyState(let settings): (settings.initial.spread, settings.breeding.mutations)
    case .islands(let settings): (settings.genetic.initial.spread, settings.genetic.breeding.mutations)
    case .annealing(let settings): (settings.initial.spread, settings.mutations)
    case .tempering(let settings): (settings.initial.spread, settings.mutations)
    case .onePlusLambda(let settings): (settings.initial.spread, settings.mutations)
    case .pareto(let settings): (settings.initial.spread, settings.mutations)
    default: nil
    }
  }

  @Test("Under a range founders have all sizes and half of the mutations resize, unless the file says otherwise")
  func defaults() throws {
    for name in ["genetic", "steady_state", "islands", "annealing", "tempering", "one_plus_lambda"] {
      for objective in Self.objectives {
        var found = try #require(knobs(searches(objective, "{ algorithm: \(name) }")[0]))
        #expect(found.spread && found.mutations == halves, "\(name)")
        found = try #require(
          knobs(searches(objective, "{ algorithm: \(name), mutation: bit_flip, initial_population: magnitude }")[0]))
        #expect(found.spread && found.mutations == [Share(.bitFlip, 1)], "\(name)")
        found = try #require(
          knobs(
            searches(objective, "{ algorithm: \(name), initial_population: { magnitude: 1, spread: false } }")[0]))
        #expect(!found.spread && found.mutations == halves, "\(name)")
      }
      let exact = try #require(
        knobs(searches("{ minimize: loss, at_compression: 2 }", "{ algorithm: \(name) }")[0]))
      #expect(!exact.spread && exact.mutations == [Share(.magnitude, 1)], "\(name)")
    }
  }

  @Test("Several mutations have shares in every search that mutates")
  func shares() throws {
    for name in ["annealing", "tempering", "one_plus_lambda", "genetic", "nsga2"] {
      let objective = name == "nsga2" ? "{ pareto: [loss, size], compression: [2, 5] }" : Self.objectives[0]
      let settings = try searches(objective, "{ algorithm: \(name), mutation: { magnitude: 3, resize: 1 } }")[0]
      #expect(knobs(settings)?.mutations == [Share(.magnitude, 3), Share(.resize, 1)], "\(name)")
    }
  }

  @Test("Beside NSGA-II random search remembers a front; beside others the best")
  func randomFront() throws {
    let pareto = try searches("{ pareto: [accuracy, size], compression: [2, 5] }", "{ algorithm: nsga2 }")
    #expect(pareto.count == 2 && pareto[1] == .random(RandomSettings(generationSize: 100, archiveSize: 200)))
    #expect(try #require(knobs(pareto[0])).spread)
    let alone = try searches("{ pareto: [accuracy, size], compression: [2, 5] }", "{ algorithm: random }")
    #expect(alone == [.random(RandomSettings(archiveSize: 200))])
    #expect(try searches(Self.objectives[0], "{}")[1] == .random(RandomSettings(generationSize: 64)))
  }
}
