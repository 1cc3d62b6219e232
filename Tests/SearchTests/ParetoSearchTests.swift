import Digests
import Pruning
import Randomness
import Search
import Testing

/// NSGA-II: its laws, and its fronts beside another implementation's.
@Suite struct ParetoSearchTests {
  /// Accuracy stands for how many of the large units are kept, size for how few of all.
  private func tradeOff(_ trial: Trial, in space: MaskSpace) -> Fitness {
    var sum: Float = 0
    trial.mask.forEachKept { sum += space.tables.magnitudes[$0] }
    return Fitness([Double(sum), -Double(trial.mask.population)])
  }

  private func sizes(seed: UInt64) throws -> MaskSpace {
    let layout = try oneHiddenLayer()
    let values = weights(of: layout, seed: seed)
    return MaskSpace(
      scores: layout.prunableValues(of: values), layers: layout.prunable.compactMap(\.maskRange),
      neurons: (0..<26).map { $0 * 10..<$0 * 10 + 10 }, size: .within(20...200), seed: seed)
  }

  @Test("The laws of every search, for masks of one size and of many, reals and choices")
  func laws() throws {
    let settings = ParetoSettings(populationSize: 12, mutationAmount: 0.01...0.2, archiveSize: 7)
    try checkLaws(trials: 60) { ParetoSearch(settings: settings, space: try space(kept: 90, seed: $0)) }
    try checkLaws(trials: 60) { ParetoSearch(settings: settings, space: .masks(try sizes(seed: $0))) }
    try checkLaws(trials: 60, fitness: zdt1) { ParetoSearch(settings: settings, space: reals(6, seed: $0)) }
    // So few genomes that no child is new after a while.
    try checkLaws(trials: 60) {
      ParetoSearch(settings: settings, space: .choices(ChoiceSpace(cardinalities: [2, 3, 1], seed: $0)))
    }
  }

  // MARK: ZDT1

  private func reals(_ count: Int, seed: UInt64) -> SearchSpace {
    .reals(RealSpace(bounds: Array(repeating: 0...1, count: count), seed: seed))
  }

  /// Zitzler, Deb, Thiele 2000, maximised: the front is f₂ = 1 − √f₁.
  private func zdt1(_ trial: Trial) -> Fitness {
    let x = trial.reals
    let g = 1 + 9 * x.dropFirst().reduce(0, +) / Double(x.count - 1)
    return Fitness([-x[0], -g * (1 - (x[0] / g).squareRoot())])
  }

  @Test("ZDT1: the hypervolume is that of pymoo's NSGA-II")
  func besidePymoo() {
    // Benchmarks/peers/zdt1_pymoo.py with pymoo 0.6.2: ten seeds, mean and sample standard deviation.
    let peer = (mean: 0.868296, deviation: 0.000453)
    let settings = ParetoSettings(
      crossoverRate: 0.9, crossovers: [Share(.uniform, 1)], mutationRate: 1, mutationAmount: 1 / 30...1 / 30,
      reference: [-1.1, -1.1])
    var volumes: [Double] = []
    for seed in 1...10 as ClosedRange<UInt64> {
      var search = ParetoSearch(settings: settings, space: reals(30, seed: seed))
      _ = drive(&search, trials: 20_000, zdt1)
      #expect(search.hypervolumes.count == 200)
      let volume = Hypervolume.of(search.front, reference: [-1.1, -1.1])
      #expect(search.hypervolumes.last == volume)
      // No front can reach the true one's volume: 1.21 − ∫(1 − √x) = 1.21 − 1/3, exactly above f₁ < 1.
      #expect(volume < 1.21 - 1 / 3.0)
      volumes.append(volume)
    }
    let mean = volumes.reduce(0, +) / 10
    print(mean, volumes)
    #expect(abs(mean - peer.mean) < 0.02 * peer.mean, "mean \(mean): \(volumes)")
  }
}

/// Like `run`, without the lines; how many answers were only below the threshold.
func drive(_ search: inout some SearchAlgorithm, trials: Int, _ fitness: (Trial) -> Fitness) -> Int {
  var cut = 0
  while search.told < trials {
    while search.asked < trials, search.ask() != nil {}
    guard let oldest = search.pending.trials.first else { preconditionFailure("nothing to ask and nothing to tell") }
    let given = answer(oldest, fitness)
    if given == .worseThanThreshold { cut += 1 }
    search.tell(given)
  }
  return cut
}
