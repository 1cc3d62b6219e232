import Digests
import Models
import Pruning
import Randomness
import Search

/// Microseconds that breeding a child takes, and naming it: masks of lenet-300-100 at a tenth, generations of 64 by eights,
/// as studies ask for them.
struct BreedingBenchmark {
  private let space: MaskSpace

  init() throws {
    let layout = ParameterLayout(try NetworkDescription(name: "lenet-300-100", widths: [784, 300, 100, 10]))
    var stream = RandomStream(seed: 1, .test, 1)
    let parameters = (0..<layout.count).map { _ in Float(stream.normal()) * 0.05 }
    space = MaskSpace(layout: layout, parameters: parameters, size: .exactly(layout.prunableCount / 10), seed: 1)
  }

  /// The median over generations.
  ///
  /// - Parameter seconds: the clock: of the thread where one does it all, else of the wall.
  func run(by executor: Executor, _ seconds: () -> Double) -> (breed: Double, digest: Double) {
    var search = GeneticSearch(settings: GeneticSettings(populationSize: 64), space: .masks(space))
    var costs: [(breed: Double, digest: Double)] = []
    for generation in 0..<12 {
      var cost = (breed: 0.0, digest: 0.0)
      var digests: [Digest] = []
      while digests.count < 64 {
        let start = seconds()
        let trials = search.ask(upTo: 8, by: executor)
        let bred = seconds()
        digests += executor.map(trials.indices) { trials[$0].genome.digest }
        cost.breed += (bred - start) / 64 * 1e6
        cost.digest += (seconds() - bred) / 64 * 1e6
      }
      if generation > 1 { costs.append(cost) }
      for digest in digests { search.tell(Answer.exact(Fitness([Double(digest.firstWord >> 40)]))) }
    }
    return (median(costs.map(\.breed)), median(costs.map(\.digest)))
  }
}
