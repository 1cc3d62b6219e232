internal import Search

/// The algorithms by their names in study files.
enum Algorithm: String, CaseIterable {
  case genetic
  case steadyState = "steady_state"
  case islands
  case annealing
  case tempering
  case nsga2
  case onePlusLambda = "one_plus_lambda"
  case random

  /// The name in tables, unless the study gives another.
  var strategy: String {
    switch self {
    case .genetic: "GeneticAlgorithm"
    case .steadyState: "SteadyState"
    case .islands: "Islands"
    case .annealing: "SimulatedAnnealing"
    case .tempering: "ParallelTempering"
    case .nsga2: "NSGA-II"
    case .onePlusLambda: "OnePlusLambda"
    case .random: "RandomSearch"
    }
  }

  /// Reads the keys of the algorithm.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  func settings(_ section: inout Section) throws(StudyFileError) -> AlgorithmSettings {
    switch self {
    case .genetic: .genetic(try GeneticSettings(&section))
    case .steadyState: .steadyState(try SteadyStateSettings(&section))
    case .islands: .islands(try IslandSettings(&section))
    case .annealing: .annealing(try AnnealingSettings(&section))
    case .tempering: .tempering(try TemperingSettings(&section))
    case .nsga2: .pareto(try ParetoSettings(&section))
    case .onePlusLambda: .onePlusLambda(try OnePlusLambdaSettings(&section))
    case .random: .random(try RandomSettings(&section))
    }
  }
}

extension RandomSettings {
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    generationSize = try section.int("population_size", 1...100_000) ?? generationSize
    noise = try section.double("noise", "a number of at least 0", { $0 >= 0 }) ?? noise
  }
}
