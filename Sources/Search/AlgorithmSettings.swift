package import Digests

/// Which algorithm searches, with its knobs.
package enum AlgorithmSettings: Hashable, Sendable {
  case genetic(GeneticSettings)
  case random(RandomSettings)

  /// The search at its start.
  package func search(in space: SearchSpace) -> any SearchAlgorithm {
    switch self {
    case .genetic(let settings): GeneticSearch(settings: settings, space: space)
    case .random(let settings):
      RandomSearch(generationSize: settings.generationSize, noise: settings.noise, space: space)
    }
  }

  /// Trials of a generation, in which budgets are counted.
  package var generationSize: Int {
    switch self {
    case .genetic(let settings): settings.populationSize
    case .random(let settings): settings.generationSize
    }
  }

  package func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .genetic(let settings):
      bytes.append("genetic")
      settings.append(to: &bytes)
    case .random(let settings):
      bytes.append("random")
      settings.append(to: &bytes)
    }
  }
}
