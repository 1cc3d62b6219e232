import Models
import Pruning
import Search
import Testing

/// A template is searched as a space of choices: each genome is a network, whose cost a fitness may read.
@Suite struct ArchitectureSearchTests {
  @Test("The largest network under a bound on the second layer")
  func sizes() throws {
    typealias Stage = ArchitectureTemplate.Stage
    let widths = Array(stride(from: 20, through: 400, by: 20))
    let template = try ArchitectureTemplate(
      name: "mlp", input: [784], classes: 10, stages: [Stage(.dense, widths: widths), Stage(.dense, widths: widths)])
    let space = SearchSpace.choices(ChoiceSpace(cardinalities: template.cardinalities, seed: 1))
    var settings = GeneticSettings(populationSize: 20, eliteSize: 10)
    settings.breeding.mutationAmount = 0.3...0.6
    var search = GeneticSearch(settings: settings, space: space)
    _ = run(&search, trials: 800) { trial in
      guard case .choices(let choices) = trial.genome, let cost = try? template.cost(choices) else {
        return .worst(values: 1)
      }
      return Fitness([Double(cost.flops)], violation: Double(max(0, widths[choices[1]] - 100)))
    }
    guard case .choices(let choices) = search.best?.trial.genome else {
      Issue.record("no genome of choices")
      return
    }
    #expect(choices.map { widths[$0] } == [400, 100])
  }
}
