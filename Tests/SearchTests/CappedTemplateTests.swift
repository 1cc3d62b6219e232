import Models
import Randomness
import Search
import Testing

/// Choices of a template under limits: whatever makes a genome keeps them.
@Suite struct CappedTemplateTests {
  private typealias Stage = ArchitectureTemplate.Stage

  /// 2 · 3 · 4 · 2 · 4 genomes, from 29 parameters to a few thousand.
  private func template() throws -> ArchitectureTemplate {
    try ArchitectureTemplate(
      name: "small", input: [1, 6, 6], classes: 3,
      stages: [
        Stage(.convolution(kernels: [1, 3], isPadded: true, pool: 2), widths: [1, 2, 8]),
        Stage(.dense, widths: [1, 4, 16, 64], activations: [.relu, .tanh]), Stage(.dense, widths: [1, 4, 16, 64]),
      ])
  }

  private func all(_ template: ArchitectureTemplate) -> [[Int]] {
    template.cardinalities.reduce([[]]) { list, count in list.flatMap { head in (0..<count).map { head + [$0] } } }
  }

  @Test("What is within the limits, by recounting")
  func contains() throws {
    let template = try template()
    for (size, flops) in [(300, nil), (nil, 500), (1000, 700), (nil, nil)] as [(Int?, Int?)] {
      let capped = try #require(CappedTemplate(template, size: size, flops: flops))
      let space = ChoiceSpace(capped, seed: 1)
      var within = 0
      for choices in all(template) {
        let cost = try template.cost(choices)
        let isMet = cost.size <= size ?? .max && cost.flops <= flops ?? .max
        #expect(space.contains(choices) == isMet, "\(choices)")
        within += isMet ? 1 : 0
      }
      #expect(within > 0 && (within < 192) == (size != nil || flops != nil), "\(within)")
    }
    let least = try template.cost(template.smallest)
    #expect(CappedTemplate(template, size: least.size, flops: least.flops) != nil)
    #expect(CappedTemplate(template, size: least.size - 1) == nil)
    #expect(CappedTemplate(template, flops: least.flops - 1) == nil)
  }

  @Test("Samples, children and mutants keep the limits, and reach all that is within")
  func operators() throws {
    let template = try template()
    let space = ChoiceSpace(try #require(CappedTemplate(template, size: 200)), seed: 1)
    let within = Set(all(template).filter(space.contains))
    var seen: Set<[Int]> = []
    for seed in 0..<3 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let search = SearchSpace.choices(space)
      var parent = search.sample(noise: 0, stream: &stream)
      for _ in 0..<400 {
        let sample = search.sample(noise: 0, stream: &stream)
        let child = search.crossover(.uniform, parent, sample, stream: &stream)
        let mutant = search.mutation(.magnitude, of: child, amount: 0.4, stream: &stream)
        for genome in [sample, child, mutant] {
          #expect(search.contains(genome), "seed \(seed)")
          if case .choices(let choices) = genome { seen.insert(choices) }
        }
        parent = mutant
      }
    }
    #expect(seen == within, "\(seen.count) of \(within.count)")
  }

  @Test("A mutation that costs too much is paid for by other genes while these can")
  func sparing() throws {
    // Two layers whose widths cost alike: where one grows, the other has to shrink.
    let template = try ArchitectureTemplate(
      name: "pair", input: [10], classes: 10,
      stages: [Stage(.dense, widths: [2, 20]), Stage(.dense, widths: [2, 20])])
    let limit = try template.cost([1, 0]).size
    let space = ChoiceSpace(try #require(CappedTemplate(template, size: limit)), seed: 1)
    #expect(!space.contains([1, 1]) && space.contains([0, 1]))
    var mutants: Set<[Int]> = []
    for seed in 0..<40 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let mutant = SearchSpace.choices(space).mutation(.magnitude, of: .choices([1, 0]), amount: 0.1, stream: &stream)
      if case .choices(let choices) = mutant { mutants.insert(choices) }
    }
    #expect(mutants == [[0, 0], [0, 1]])
  }

  @Test("The laws of searches hold under limits")
  func laws() throws {
    let capped = try #require(CappedTemplate(try template(), size: 400))
    func space(_ seed: UInt64) -> SearchSpace { .choices(ChoiceSpace(capped, seed: seed)) }
    let settings = GeneticSettings(populationSize: 8, eliteSize: 2, breeding: Breeding(mutationAmount: 0.1...0.5))
    try checkLaws(trials: 40) { GeneticSearch(settings: settings, space: space($0)) }
    try checkLaws(trials: 40) { ParetoSearch(settings: ParetoSettings(populationSize: 8), space: space($0)) }
    try checkLaws(trials: 40) { AnnealingSearch(settings: AnnealingSettings(chains: 4), space: space($0)) }
    try checkLaws(trials: 40) {
      OnePlusLambdaSearch(settings: OnePlusLambdaSettings(lambda: 4), space: space($0))
    }
  }
}
