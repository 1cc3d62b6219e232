import Digests
import Models
import Pruning
import Randomness
import Search

/// Microseconds that breeding a child takes, and naming it: masks of lenet-300-100 at a tenth, generations of 64.
func breedingCost() throws -> (breed: Double, digest: Double) {
  let layout = ParameterLayout(try NetworkDescription(name: "lenet-300-100", widths: [784, 300, 100, 10]))
  var stream = RandomStream(seed: 1, .test, 1)
  let parameters = (0..<layout.count).map { _ in Float(stream.normal()) * 0.05 }
  let space = MaskSpace(
    layout: layout, parameters: parameters, size: .exactly(layout.prunableCount / 10), seed: 1)
  var search = GeneticSearch(settings: GeneticSettings(populationSize: 64), space: .masks(space))
  var costs: [(breed: Double, digest: Double)] = []
  for generation in 0..<12 {
    let start = threadSeconds()
    var trials: [Trial] = []
    while let trial = search.ask() { trials.append(trial) }
    let bred = threadSeconds()
    let digests = trials.map(\.genome.digest)
    let named = threadSeconds()
    if generation > 1 { costs.append(((bred - start) / 64 * 1e6, (named - bred) / 64 * 1e6)) }
    for digest in digests { search.tell(Answer.exact(Fitness([Double(digest.firstWord >> 40)]))) }
  }
  return (median(costs.map(\.breed)), median(costs.map(\.digest)))
}
