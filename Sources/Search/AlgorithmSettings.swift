/// Which algorithm searches, with its knobs.
package enum AlgorithmSettings: Hashable, Sendable {
  case genetic(GeneticSettings)
  case steadyState(SteadyStateSettings)
  case islands(IslandSettings)
  case annealing(AnnealingSettings)
  case tempering(TemperingSettings)
  case pareto(ParetoSettings)
  case onePlusLambda(OnePlusLambdaSettings)
  case random(RandomSettings)

  /// The search at its start.
  ///
  /// - Parameter memory: what genomes may take, where a search can do with less.
  package func search(in space: SearchSpace, memory: GenomeMemory = GenomeMemory()) -> any SearchAlgorithm {
    switch self {
    case .genetic(let settings): GeneticSearch(settings: settings, space: space, memory: memory)
    case .steadyState(let settings): SteadyStateSearch(settings: settings, space: space)
    case .islands(let settings): IslandSearch(settings: settings, space: space, memory: memory)
    case .annealing(let settings): AnnealingSearch(settings: settings, space: space)
    case .tempering(let settings): TemperingSearch(settings: settings, space: space)
    case .pareto(let settings): ParetoSearch(settings: settings, space: space)
    case .onePlusLambda(let settings): OnePlusLambdaSearch(settings: settings, space: space)
    case .random(let settings):
      RandomSearch(
        generationSize: settings.generationSize, noise: settings.noise, archiveSize: settings.archiveSize, space: space)
    }
  }

  /// Trials of a generation, in which budgets are counted.
  package var generationSize: Int {
    switch self {
    case .genetic(let settings): settings.populationSize
    case .steadyState(let settings): settings.populationSize
    case .islands(let settings): settings.islands * settings.genetic.populationSize
    case .annealing(let settings): settings.chains
    case .tempering(let settings): settings.temperatures
    case .pareto(let settings): settings.populationSize
    case .onePlusLambda(let settings): settings.lambda + settings.survivors.reduce(0, +)
    case .random(let settings): settings.generationSize
    }
  }
}
