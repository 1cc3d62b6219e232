/// The knobs of simulated annealing, by the field's names.
package struct AnnealingSettings: Hashable, Sendable {
  /// Independent chains, each with a founder of its own; as many trials are out at once.
  package var chains: Int
  package var startTemperature: StartTemperature
  /// Steps of each chain at temperature 0 that measure differences; unused where the start temperature is given.
  package var calibrationSteps: Int
  package var stopTemperature: StopTemperature
  package var cooling: Cooling
  /// The horizon of cooling in steps of a chain, never the budget; after it the temperature stays.
  package var coolingSteps: Int
  package var reheating: Reheating?
  /// Mutations with their shares; where there are several, one is drawn for each trial.
  package var mutations: [Share<Mutation>]
  /// How much of a genome one step changes, as ``SearchSpace/mutation(_:of:amount:stream:)`` takes it.
  package var mutationAmount: ClosedRange<Double>
  /// Whether the amount falls with the clock of cooling, log-interpolated from high to low; else it is drawn
  /// log-uniformly.
  package var isNarrowing: Bool
  /// Whether trials carry the threshold below which they are rejected for certain. Histories are the same either way.
  package var isRacing: Bool
  package var initial: InitialPopulation

  package init(
    chains: Int = 8, startTemperature: StartTemperature = .accepting(0.5), calibrationSteps: Int = 16,
    stopTemperature: StopTemperature = .fraction(0.001), cooling: Cooling = .geometric, coolingSteps: Int = 1000,
    reheating: Reheating? = nil, mutation: Mutation = .magnitude, mutationAmount: ClosedRange<Double> = 0.0005...0.02,
    isNarrowing: Bool = true, isRacing: Bool = true, initial: InitialPopulation = InitialPopulation()
  ) {
    self.chains = chains
    self.startTemperature = startTemperature
    self.calibrationSteps = calibrationSteps
    self.stopTemperature = stopTemperature
    self.cooling = cooling
    self.coolingSteps = coolingSteps
    self.reheating = reheating
    mutations = [Share(mutation, 1)]
    self.mutationAmount = mutationAmount
    self.isNarrowing = isNarrowing
    self.isRacing = isRacing
    self.initial = initial
  }
}

/// When a chain that stands still is heated again, and by how much.
///
/// The clock of cooling is set back to the latest time at which it was that hot, so that the chain cools again from there
/// and never gets above the start temperature. A constant temperature stays what it is.
package struct Reheating: Hashable, Sendable {
  /// What ends a standstill.
  package enum Progress: String, Hashable, Sendable, CaseIterable {
    /// A move to another fitness: reheating where the chain is frozen.
    case acceptance
    /// A new best of the chain: reheating where it only wanders. While a chain is hot it finds none for long, so steps
    /// should outlast the cooling from the start.
    case improvement
  }

  /// Steps without progress, counted from the last reheating on.
  package var steps: Int
  package var progress: Progress
  /// What the temperature is multiplied with; above 1.
  package var factor: Double

  package init(steps: Int, progress: Progress = .acceptance, factor: Double) {
    self.steps = steps
    self.progress = progress
    self.factor = factor
  }
}
