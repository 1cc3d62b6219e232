/// The knobs of parallel tempering, by the field's names.
package struct TemperingSettings: Hashable, Sendable {
  /// How many temperatures there are, a chain at each: a geometric ladder from coldest to hottest.
  package var temperatures: Int
  package var hottest: StartTemperature
  /// Steps of each chain at temperature 0 that measure differences; unused where the hottest temperature is given.
  package var calibrationSteps: Int
  package var coldest: StopTemperature
  /// Steps between exchanges, in which the pairs that begin at even and at odd temperatures take turns.
  package var exchangeInterval: Int
  /// Mutations with their shares; where there are several, one is drawn for each trial.
  package var mutations: [Share<Mutation>]
  /// How much of a genome one step changes, as ``SearchSpace/mutation(_:of:amount:stream:)`` takes it.
  package var mutationAmount: ClosedRange<Double>
  /// Whether the amount is fixed at each temperature, log-interpolated from low at the coldest to high at the hottest;
  /// else it is drawn log-uniformly.
  package var isNarrowing: Bool
  /// Whether trials carry the threshold below which they are rejected for certain. Histories are the same either way.
  package var isRacing: Bool
  package var initial: InitialPopulation

  package init(
    temperatures: Int = 8, hottest: StartTemperature = .accepting(0.5), calibrationSteps: Int = 16,
    coldest: StopTemperature = .fraction(0.01), exchangeInterval: Int = 4, mutation: Mutation = .magnitude,
    mutationAmount: ClosedRange<Double> = 0.0005...0.02, isNarrowing: Bool = true, isRacing: Bool = true,
    initial: InitialPopulation = InitialPopulation()
  ) {
    self.temperatures = temperatures
    self.hottest = hottest
    self.calibrationSteps = calibrationSteps
    self.coldest = coldest
    self.exchangeInterval = exchangeInterval
    mutations = [Share(mutation, 1)]
    self.mutationAmount = mutationAmount
    self.isNarrowing = isNarrowing
    self.isRacing = isRacing
    self.initial = initial
  }
}
