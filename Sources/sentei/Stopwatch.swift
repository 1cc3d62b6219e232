/// Times of computations beside each other.
enum Stopwatch {
  /// What one measurement takes at least, so that the clock's steps and interrupts are small beside it.
  private static let least = Duration.milliseconds(20)

  /// The median seconds of each computation, in their order.
  ///
  /// All are run once before. A measurement repeats a computation for about 20 ms; each round measures all of them one after
  /// another, so that whatever else the machine does meets all alike.
  static func medians(of computations: [() -> Void], rounds: Int) -> [Double] {
    precondition(rounds > 0)
    let clock = ContinuousClock()
    let counts = computations.map { computation in
      computation()
      let once = max(clock.measure(computation), .nanoseconds(100))
      return max(1, Int(least / once))
    }
    var seconds = computations.map { _ in [Double]() }
    for _ in 0..<rounds {
      for (place, computation) in computations.enumerated() {
        let time = clock.measure { for _ in 0..<counts[place] { computation() } }
        seconds[place].append(time / .seconds(1) / Double(counts[place]))
      }
    }
    return seconds.map(median)
  }

  /// The middle of an odd number of values, the mean of the two in the middle of an even one.
  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
