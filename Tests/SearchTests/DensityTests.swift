import Models
import Pruning
import Randomness
import Search
import Testing

/// A sparsity for each layer, made into a mask at the exact budget.
@Suite struct DensityTests {
  /// Layers of 100, 50 and 10 units; the later a unit, the higher its score.
  private func space(kept: Int, floors: [Int] = [1, 1, 1]) -> MaskSpace {
    MaskSpace(
      scores: (0..<160).map { Float($0 + 1) }, layers: [0..<100, 100..<150, 150..<160],
      neurons: (0..<160).map { $0..<$0 + 1 }, size: .exactly(kept), floors: floors, seed: 1)
  }

  private func counts(_ space: MaskSpace, _ sparsities: [Double]) -> [Int] {
    let mask = space.mask(sparsities: sparsities)
    #expect(space.contains(mask))
    // The best of each layer.
    for layer in space.layers {
      let kept = mask.population(in: layer)
      #expect(layer.suffix(kept).allSatisfy { mask[$0] })
    }
    return space.layers.map { mask.population(in: $0) }
  }

  @Test("Known answers")
  func knownAnswers() {
    #expect(counts(space(kept: 80), [0.5, 0.5, 0.5]) == [50, 25, 5])
    // Densities count by their ratio alone.
    #expect(counts(space(kept: 16), [0.5, 0.5, 0.5]) == [10, 5, 1])
    #expect(counts(space(kept: 16), [0, 0, 0]) == [10, 5, 1])
    // 10 : 50 : 10 for 35, and for 65, where the last but one is full and the last too.
    #expect(counts(space(kept: 35), [0.9, 0, 0]) == [5, 25, 5])
    #expect(counts(space(kept: 75), [0.9, 0, 0]) == [15, 50, 10])
    // The rest of 7 goes to the largest remainders: 4.375, 2.1875, 0.4375 (at its floor of 1), scaled to what is left.
    #expect(counts(space(kept: 7), [0.5, 0.5, 0.5]) == [4, 2, 1])
    #expect(counts(space(kept: 8), [0.5, 0.5, 0.5]) == [5, 2, 1])
    // A layer of no density keeps its floor while others have room, and fills only then.
    #expect(counts(space(kept: 30), [1, 0.5, 0.5]) == [1, 24, 5])
    #expect(counts(space(kept: 65), [1, 0.5, 0.5]) == [5, 50, 10])
    #expect(counts(space(kept: 30, floors: [20, 1, 1]), [1, 0.5, 0.5]) == [20, 8, 2])
    #expect(counts(space(kept: 160), [1, 0.3, 1]) == [100, 50, 10])
    #expect(counts(space(kept: 3), [1, 1, 1]) == [1, 1, 1])
  }

  @Test(
    "Any vector means a mask of the space, and more density of a layer no fewer of its units",
    arguments: MaskSizeTests.cases)
  func everyBudget(test: MaskSizeTests.Case) throws {
    guard test.budget != nil else { return }
    for seed in 0..<4 as Range<UInt64> {
      let space = try test.space(seed: seed)
      for draw in 0..<10 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test, draw)
        var vector = space.layers.map { _ in stream.uniform() }
        if draw == 0 { vector = vector.map { _ in 1 } }
        if draw == 1 { vector = vector.map { _ in 0 } }
        let mask = space.mask(sparsities: vector)
        #expect(space.contains(mask), "seed \(seed), draw \(draw)")
        #expect(space.mask(sparsities: vector) == mask)
        let layer = stream.below(vector.count)
        vector[layer] = vector[layer] * 0.5
        let denser = space.mask(sparsities: vector)
        if case .exactly = space.size {
          let change =
            denser.population(in: space.layers[layer]) - mask.population(in: space.layers[layer])
          // Remainders may move one unit the other way.
          #expect(change >= -1, "seed \(seed), draw \(draw)")
        }
      }
    }
  }

  @Test("Founders are one sparsity everywhere and those of global magnitude; a range adds a gene for the size")
  func founders() {
    let exact = space(kept: 80)
    #expect(exact.sparsitySpace.bounds.count == 3 && exact.sparsitySpace.founders == [[0.5, 0.5, 0.5], [0.8, 0, 0]])
    let masks = exact.sparsitySpace.founders.map(exact.mask(genes:))
    #expect(masks[0] == exact.mask(sparsities: [0, 0, 0]) && masks[1].keptPositions == Array(80..<160))

    let range = MaskSpace(
      scores: (0..<160).map { Float($0 + 1) }, layers: [0..<100, 100..<150, 150..<160],
      neurons: (0..<160).map { $0..<$0 + 1 }, size: .within(10...90), floors: [1, 1, 1], seed: 1)
    #expect(range.sparsitySpace.bounds.count == 4)
    for (gene, kept) in [(0.0, 10), (0.5, 30), (1, 90)] {
      let mask = range.mask(genes: [0.5, 0.5, 0.5, gene])
      #expect(mask.population == kept && range.contains(mask))
    }
    let search = SearchSpace.reals(exact.sparsitySpace)
    let genomes = (0..<4).map { search.founder($0, of: 4, InitialPopulation()) }
    #expect(Array(genomes.prefix(2)) == exact.sparsitySpace.founders.map { .reals($0) } && Set(genomes).count == 4)
  }

  @Test("A search over sparsities finds the layer that a fitness wants dense")
  func search() throws {
    let masks = space(kept: 80)
    var settings = GeneticSettings(populationSize: 16, eliteSize: 8)
    settings.breeding.mutationAmount = 0.3...0.6
    var search = GeneticSearch(settings: settings, space: .reals(masks.sparsitySpace))
    _ = run(&search, trials: 320) { trial in
      Fitness([Double(masks.mask(sparsities: trial.reals).population(in: masks.layers[1]))])
    }
    #expect(search.best?.fitness.value == 50)
  }
}
