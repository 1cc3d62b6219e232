internal import Digests

/// Iterative magnitude pruning with resetting: how lottery tickets are drawn.
///
/// Source: Frankle, Carbin, "The lottery ticket hypothesis", ICLR 2019; late rewinding: Frankle, Dziugaite, Roy, Carbin,
/// "Linear mode connectivity and the lottery ticket hypothesis", ICML 2020.
package struct TicketPlan: Hashable, Sendable {
  /// The share of what is left that a level removes.
  package var pruningFraction: Double
  /// Of layers that have another one, by name.
  package var fractions: [String: Double]
  /// Over what the smallest weights are looked for. Fractions of layers are for ``PruningReach/layer`` alone.
  package var reach: PruningReach
  /// Levels behind the dense network, which is level 0.
  package var levels: Int
  /// Whether all is removed at once, from the weights of the dense network.
  package var isOneShot: Bool
  /// The accuracy on `validation` below which a level is the last one.
  package var leastAccuracy: Double?

  package init(
    pruningFraction: Double = 0.2, fractions: [String: Double] = [:], reach: PruningReach = .layer, levels: Int,
    isOneShot: Bool = false, leastAccuracy: Double? = nil
  ) {
    self.pruningFraction = pruningFraction
    self.fractions = fractions
    self.reach = reach
    self.levels = levels
    self.isOneShot = isOneShot
    self.leastAccuracy = leastAccuracy
  }

  /// How many units of layers are left behind a level: of each layer one at least, or of all as many as layers.
  ///
  /// - Parameter layers: name and size of each.
  /// - Returns: one number a layer, or under ``PruningReach/global`` one for all.
  func kept(atLevel level: Int, of layers: [(name: String, count: Int)]) -> [Int] {
    func left(_ count: Int, _ fraction: Double) -> Int {
      var share = 1.0
      for _ in 0..<level { share *= 1 - fraction }
      return min(count, max(1, Int((Double(count) * share).rounded())))
    }
    guard reach == .layer else {
      return [max(layers.count, left(layers.reduce(0) { $0 + $1.count }, pruningFraction))]
    }
    return layers.map { left($0.count, fractions[$0.name] ?? pruningFraction) }
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(pruningFraction)
    bytes.append(list: fractions.sorted { $0.key < $1.key }) { bytes, fraction in
      bytes.append(fraction.key)
      bytes.append(fraction.value)
    }
    bytes.append(reach.rawValue)
    bytes.append(levels)
    bytes.append(isOneShot)
    bytes.append(list: leastAccuracy.map { [$0] } ?? []) { $0.append($1) }
  }
}

/// What is trained with the sizes of a winning ticket.
package enum TicketControl: String, Hashable, Sendable, CaseIterable {
  /// The ticket itself: its mask, on the weights that it is reset to.
  case none
  /// Its mask on other fresh weights.
  case reinitialize = "randomly_reinitialize"
  /// A random mask with as many weights in each layer, on the weights that the ticket is reset to.
  case shuffleLayers = "randomly_prune_layerwise"
  /// A random mask with as many weights as a whole.
  case shuffle = "randomly_prune_global"

  /// The name of its lines in reports.
  func strategy(isOneShot: Bool) -> Strategy {
    let name =
      switch self {
      case .none: "WinningTicket"
      case .reinitialize: "RandomReinit"
      case .shuffleLayers: "ShuffledLayers"
      case .shuffle: "Shuffled"
      }
    return Strategy(isOneShot ? "\(name)/one-shot" : name)
  }
}
