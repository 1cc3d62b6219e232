internal import Digests
internal import Elementary

/// The rule of Metropolis et al. 1953 on fitnesses that are maximised, feasibility first.
enum Metropolis {
  /// By how much `next` is worse than `current`; negative where it is better.
  ///
  /// Between feasible fitnesses the difference of the first values; between infeasible ones that of the violations, in
  /// their own unit; infinite between a feasible and an infeasible one.
  static func difference(from current: Fitness, to next: Fitness) -> Double {
    switch (current.violation > 0, next.violation > 0) {
    case (false, true): return .infinity
    case (true, false): return -.infinity
    // Two infinities would give NaN.
    case (true, true): return next.violation == current.violation ? 0 : next.violation - current.violation
    case (false, false): return next.value == current.value ? 0 : current.value - next.value
    }
  }

  /// The fitness below which a neighbour of `current` is rejected under the acceptance number `u`; at it and above it is
  /// accepted, so that ties always are.
  ///
  /// exp(−Δ / T) ≥ u is asked as Δ ≤ −T · log u, which is known before Δ is. Acceptance with and without racing is one
  /// comparison with this limit, so that rounding cannot tell them apart. The limit is never above `current`: what lies
  /// below it can be no new best.
  static func limit(_ current: Fitness, temperature: Double, u: Double) -> Fitness {
    let margin = -temperature * Elementary.log(u)
    var values = Array(repeating: -Double.infinity, count: current.values.count)
    guard current.violation <= 0 else { return Fitness(values, violation: current.violation + margin) }
    let value = current.value - margin
    values[0] = value.isNaN ? current.value : value
    return Fitness(values)
  }

  /// The chance that two chains exchange their states: min(1, exp((1/T₁ − 1/T₂) · (E₁ − E₂))).
  static func exchangeChance(cold: Fitness, hot: Fitness, at temperatures: (cold: Double, hot: Double)) -> Double {
    let worse = difference(from: cold, to: hot)
    // Apart from certain exchanges the exponent is negative; where both temperatures are 0 it is NaN, which no number
    // is below.
    return worse <= 0 ? 1 : Elementary.exp(worse * (1 / temperatures.hot - 1 / temperatures.cold))
  }
}

/// Where temperatures begin, in units of the first value of the fitness.
package enum StartTemperature: Hashable, Sendable {
  case given(Double)
  /// Such that a worsening of median size is accepted with this chance, which lies between 0 and 1.
  case accepting(Double)
}

/// Where temperatures end; never above where they begin.
package enum StopTemperature: Hashable, Sendable {
  case given(Double)
  /// A fraction of the start.
  case fraction(Double)
}

extension CanonicalReader {
  /// Where a chain is.
  ///
  /// - Throws: `CanonicalError` where that is outside a space or was never weighed.
  mutating func state(of space: SearchSpace) throws(CanonicalError) -> Individual {
    let state = try Individual(from: &self)
    guard space.contains(state.trial.genome), !state.fitness.values.isEmpty else {
      throw CanonicalError("the state of a chain is of another search")
    }
    return state
  }

  /// A list of such.
  ///
  /// - Throws: `CanonicalError` where one is not.
  mutating func states(of space: SearchSpace) throws(CanonicalError) -> [Individual] {
    var list: [Individual] = []
    for _ in 0..<(try count(width: 64)) { list.append(try state(of: space)) }
    return list
  }
}
