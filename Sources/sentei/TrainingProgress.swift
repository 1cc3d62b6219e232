import Models

/// A training that is under way, with what early stopping remembers.
struct TrainingProgress {
  var state: TrainingState
  /// Nil without early stopping.
  private var watch: EarlyStopping.Watch?
  /// The weights with the lowest validation loss so far; nil while no loss was finite.
  private(set) var best: [Float]?
  private(set) var isStopped = false
  /// Validation losses so far, from which the watch is made again.
  private(set) var losses: [Double] = []

  init(state: TrainingState, earlyStopping: EarlyStopping?) {
    self.state = state
    watch = earlyStopping.map { EarlyStopping.Watch($0) }
  }

  /// Takes the validation loss behind an epoch; infinity for one that is not finite.
  mutating func judge(_ loss: Double) {
    if observe(loss) { best = state.parameters }
  }

  /// Goes on from where another process was, whose early stopping was the same.
  mutating func resume(_ state: TrainingState, best: [Float]?, losses: [Double]) {
    self.state = state
    self.best = best
    for loss in losses { _ = observe(loss) }
  }

  /// The weights that training is for.
  ///
  /// - Throws: ``ComputationError`` where early stopping has none to choose.
  var result: [Float] {
    get throws {
      guard watch != nil, !losses.isEmpty else { return state.parameters }
      guard let best else { throw ComputationError("no loss on validation was finite; lower --learning-rate") }
      return best
    }
  }

  private mutating func observe(_ loss: Double) -> Bool {
    losses.append(loss)
    guard let (isBest, stops) = watch?.observe(loss) else { return false }
    isStopped = stops
    return isBest
  }
}
