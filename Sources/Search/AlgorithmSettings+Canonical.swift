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
    case .random(let settings):
      bytes.append("random")
      bytes.append(settings.generationSize)
      bytes.append(settings.noise)
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
    append(crossovers, to: &bytes)
    bytes.append(mutationRate)
    append(mutations, to: &bytes)
    bytes.append(range: mutationAmount)
    bytes.append(list: successRule.map { [$0] } ?? []) { bytes, rule in
      bytes.append(rule.target)
      bytes.append(rule.step)
      bytes.append(range: rule.range)
    }
  }

  private func append<Operator: RawRepresentable<String>>(
    _ shares: [Share<Operator>], to bytes: inout CanonicalBytes
  ) {
    bytes.append(list: shares) { bytes, share in
      bytes.append(share.kind.rawValue)
      bytes.append(share.share)
    }
  }
}

extension InitialPopulation {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    for value in [magnitude, random, equal, exponential, noise] { bytes.append(value) }
  }
}

extension CanonicalBytes {
  mutating func append(range: ClosedRange<Double>) {
    append(range.lowerBound)
    append(range.upperBound)
  }
}
