internal import Elementary

/// How the temperature of annealing falls from its start; t counts the steps of a chain since then.
package enum Cooling: Hashable, Sendable {
  /// Not at all: the Metropolis algorithm.
  case constant
  /// By the same factor at each step, such that the horizon ends at the stop temperature.
  case geometric
  /// By this factor at each step, between 0 and 1, down to the stop temperature. Source: Kirkpatrick et al. 1983.
  case rate(Double)
  /// start · log 2 / log(2 + t), down to the stop temperature. Source: Geman and Geman 1984; Hajek 1988.
  case logarithmic
  /// Rises and falls so that acceptance follows the schedule of Lam: from 1 to 0.44 in the first 15 % of the horizon, at
  /// 0.44 until 65 %, then down to 0.001; between stop and start. Source: Lam and Delosme 1988 as simplified by Swartz
  /// 1993 and Boyan 1998.
  case adaptive
}

/// A cooling with its numbers: temperatures as a function of a chain's clock, which stands still at the horizon.
struct CoolingSchedule: Sendable {
  let cooling: Cooling
  /// The horizon in steps.
  let steps: Int
  let start: Double
  let stop: Double

  /// The temperature at a time; for the adaptive cooling the highest it can be.
  func temperature(_ clock: Int) -> Double {
    guard start > 0 else { return 0 }
    switch cooling {
    case .constant, .adaptive: return start
    case .geometric:
      guard clock < steps else { return stop }
      let share = Double(clock) / Double(steps)
      return max(stop, start * Elementary.exp(share * (Elementary.log(stop) - Elementary.log(start))))
    case .rate(let rate): return max(stop, start * Elementary.exp(Double(clock) * Elementary.log(rate)))
    case .logarithmic: return max(stop, start * Elementary.log(2) / Elementary.log(2 + Double(clock)))
    }
  }

  /// The latest time at which it was `factor` times as hot as now, or the start.
  func reheated(_ clock: Int, factor: Double) -> Int {
    let wanted = min(start, temperature(clock) * factor)
    var (low, high) = (0, clock)
    while low < high {
      let middle = high - (high - low) / 2
      if temperature(middle) >= wanted { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The acceptance that the adaptive cooling aims at.
  func target(_ clock: Int) -> Double {
    let time = Double(clock) / Double(steps)
    if time < 0.15 { return 0.44 + 0.56 * Elementary.exp(-time / 0.15 * Elementary.log(560)) }
    if time < 0.65 { return 0.44 }
    return 0.44 * Elementary.exp(-(time - 0.65) / 0.35 * Elementary.log(440))
  }

  /// Over how many steps the adaptive cooling measures acceptance; 500 in the source, less where the horizon is short.
  var window: Double { min(500, max(10, Double(steps) / 50)) }
}
