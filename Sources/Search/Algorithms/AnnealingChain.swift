internal import Digests
internal import Elementary

/// A walk of simulated annealing: where it is and how far it has cooled.
struct AnnealingChain: Hashable, Sendable {
  private(set) var current: Individual
  /// The best fitness of this chain.
  private var best: Fitness
  /// Steps of cooling, set back by reheating, up to the horizon.
  private var clock = 0
  /// Steps without progress.
  private var quiet = 0
  /// Recent acceptance, and the temperature as a fraction of the start: for adaptive cooling alone.
  private var rate = 1.0
  private var fraction = 1.0

  init(_ founder: Individual) {
    current = founder
    best = founder.fitness
  }

  func temperature(_ schedule: CoolingSchedule) -> Double {
    schedule.cooling == .adaptive ? max(schedule.stop, schedule.start * fraction) : schedule.temperature(clock)
  }

  /// The amount of the next mutation where it narrows: from the highest to the lowest along the horizon.
  func amount(_ range: ClosedRange<Double>, _ schedule: CoolingSchedule) -> Double {
    let (high, low) = (Elementary.log(range.upperBound), Elementary.log(range.lowerBound))
    return Elementary.exp(high + (low - high) * (Double(clock) / Double(schedule.steps)))
  }

  /// Moves to an accepted neighbour; whether it made progress.
  mutating func move(to neighbour: Individual, _ progress: Reheating.Progress? = nil) -> Bool {
    let isOther = neighbour.fitness != current.fitness
    let isBest = neighbour.fitness > best
    current = neighbour
    if isBest { best = neighbour.fitness }
    return progress == .improvement ? isBest : isOther
  }

  /// A step of annealing: the move, where the neighbour was accepted, then cooling or reheating.
  mutating func step(accepted neighbour: Individual?, _ reheating: Reheating?, _ schedule: CoolingSchedule) {
    let isProgress = neighbour.map { move(to: $0, reheating?.progress) } ?? false
    quiet = isProgress ? 0 : quiet + 1
    adapt(neighbour != nil, schedule)
    clock = min(clock + 1, schedule.steps)
    guard let reheating, quiet >= reheating.steps else { return }
    quiet = 0
    guard schedule.cooling == .adaptive else {
      clock = schedule.reheated(clock, factor: reheating.factor)
      return
    }
    fraction = min(1, fraction * reheating.factor)
  }

  private mutating func adapt(_ isAccepted: Bool, _ schedule: CoolingSchedule) {
    guard schedule.cooling == .adaptive, schedule.start > 0 else { return }
    rate += ((isAccepted ? 1 : 0) - rate) / schedule.window
    let change = Elementary.exp((rate > schedule.target(clock) ? -0.5 : 0.5) / schedule.window)
    fraction = min(1, max(schedule.stop / schedule.start, fraction * change))
  }

  func append(to bytes: inout CanonicalBytes) {
    current.append(to: &bytes)
    best.append(to: &bytes)
    bytes.append(clock)
    bytes.append(quiet)
    bytes.append(rate)
    bytes.append(fraction)
  }

  /// - Throws: `CanonicalError` for a chain that is not of this space and horizon.
  init(from reader: inout CanonicalReader, space: SearchSpace, steps: Int, told: Int) throws(CanonicalError) {
    current = try reader.state(of: space)
    best = try Fitness(from: &reader)
    clock = try reader.int()
    quiet = try reader.int()
    rate = try reader.double()
    fraction = try reader.double()
    guard (0...steps).contains(clock), (0...told).contains(quiet), (0...1).contains(rate), (0...1).contains(fraction),
      best.values.count == current.fitness.values.count
    else { throw CanonicalError("a chain is of another search") }
  }
}
