package import Digests

extension AlgorithmSettings {
  /// Everything that decides a history.
  package func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .genetic(let settings):
      bytes.append("genetic")
      settings.append(to: &bytes)
    case .steadyState(let settings):
      bytes.append("steady_state")
      settings.append(to: &bytes)
    case .islands(let settings):
      bytes.append("islands")
      settings.append(to: &bytes)
    case .annealing(let settings):
      bytes.append("annealing")
      settings.append(to: &bytes)
    case .tempering(let settings):
      bytes.append("tempering")
      settings.append(to: &bytes)
    case .pareto(let settings):
      bytes.append("nsga2")
      settings.append(to: &bytes)
    case .onePlusLambda(let settings):
      bytes.append("one_plus_lambda")
      settings.append(to: &bytes)
    case .random(let settings):
      bytes.append("random")
      bytes.append(settings.generationSize)
      bytes.append(settings.noise)
      bytes.append(settings.archiveSize ?? 0)
    }
  }
}

extension GeneticSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(populationSize)
    bytes.append(eliteSize)
    breeding.append(to: &bytes)
    initial.append(to: &bytes)
    bytes.append(hallOfFameSize)
  }
}

extension SteadyStateSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(populationSize)
    breeding.append(to: &bytes)
    switch replacement {
    case .worst: bytes.append(0)
    case .tournamentLoser(let size): bytes.append(size)
    }
    bytes.append(lag)
    initial.append(to: &bytes)
    bytes.append(hallOfFameSize)
  }
}

extension IslandSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    genetic.append(to: &bytes)
    bytes.append(islands)
    bytes.append(migrationInterval)
    bytes.append(migrants)
    bytes.append(topology.rawValue)
  }
}

extension AnnealingSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(chains)
    startTemperature.append(to: &bytes)
    bytes.append(calibrationSteps)
    stopTemperature.append(to: &bytes)
    switch cooling {
    case .constant: bytes.append(0)
    case .geometric: bytes.append(1)
    case .rate(let rate):
      bytes.append(2)
      bytes.append(rate)
    case .logarithmic: bytes.append(3)
    case .adaptive: bytes.append(4)
    }
    bytes.append(coolingSteps)
    bytes.append(list: reheating.map { [$0] } ?? []) { bytes, reheating in
      bytes.append(reheating.steps)
      bytes.append(reheating.progress.rawValue)
      bytes.append(reheating.factor)
    }
    bytes.append(shares: mutations)
    bytes.append(range: mutationAmount)
    bytes.append(isNarrowing)
    // Racing changes no history, but what facts a run asks for.
    bytes.append(isRacing)
    initial.append(to: &bytes)
  }
}

extension TemperingSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(temperatures)
    hottest.append(to: &bytes)
    bytes.append(calibrationSteps)
    coldest.append(to: &bytes)
    bytes.append(exchangeInterval)
    bytes.append(shares: mutations)
    bytes.append(range: mutationAmount)
    bytes.append(isNarrowing)
    bytes.append(isRacing)
    initial.append(to: &bytes)
  }
}

extension StartTemperature {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .given(let temperature):
      bytes.append(0)
      bytes.append(temperature)
    case .accepting(let chance):
      bytes.append(1)
      bytes.append(chance)
    }
  }
}

extension StopTemperature {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .given(let temperature):
      bytes.append(0)
      bytes.append(temperature)
    case .fraction(let fraction):
      bytes.append(1)
      bytes.append(fraction)
    }
  }
}

extension ParetoSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(populationSize)
    bytes.append(crossoverRate)
    bytes.append(shares: crossovers)
    bytes.append(mutationRate)
    bytes.append(shares: mutations)
    bytes.append(range: mutationAmount)
    initial.append(to: &bytes)
    bytes.append(archiveSize)
    bytes.append(list: reference ?? []) { $0.append($1) }
  }
}

extension OnePlusLambdaSettings {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(lambda)
    bytes.append(list: shares) { $0.append($1) }
    bytes.append(list: survivors) { $0.append($1) }
    bytes.append(racing)
    bytes.append(shares: mutations)
    bytes.append(range: mutationAmount)
    bytes.append(horizon ?? 0)
    bytes.append(patience ?? 0)
    initial.append(to: &bytes)
  }
}

extension Breeding {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    switch selection {
    case .tournament(let size):
      bytes.append(0)
      bytes.append(size)
    case .roulette: bytes.append(1)
    case .rank(let pressure):
      bytes.append(2)
      bytes.append(pressure)
    case .truncation(let fraction):
      bytes.append(3)
      bytes.append(fraction)
    }
    bytes.append(crossoverRate)
    bytes.append(shares: crossovers)
    bytes.append(mutationRate)
    bytes.append(shares: mutations)
    bytes.append(range: mutationAmount)
    bytes.append(list: successRule.map { [$0] } ?? []) { bytes, rule in
      bytes.append(rule.target)
      bytes.append(rule.step)
      bytes.append(range: rule.range)
    }
  }
}

extension InitialPopulation {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    for value in [magnitude, random, equal, exponential, noise] { bytes.append(value) }
    bytes.append(spread)
  }
}

extension CanonicalBytes {
  mutating func append<Operator: RawRepresentable<String>>(shares: [Share<Operator>]) {
    append(list: shares) { bytes, share in
      bytes.append(share.kind.rawValue)
      bytes.append(share.share)
    }
  }

  mutating func append(range: ClosedRange<Double>) {
    append(range.lowerBound)
    append(range.upperBound)
  }
}
