internal import Digests
internal import Pruning

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
  /// What decides which weights of a layer are the smallest.
  package var criterion: TicketCriterion
  /// Levels behind the dense network, which is level 0.
  package var levels: Int
  /// Whether all is removed at once, from the weights of the dense network.
  package var isOneShot: Bool
  /// The accuracy on `validation` below which a level is the last one.
  package var leastAccuracy: Double?

  package init(
    pruningFraction: Double = 0.2, fractions: [String: Double] = [:], reach: PruningReach = .layer,
    criterion: TicketCriterion = .largeFinal, levels: Int, isOneShot: Bool = false, leastAccuracy: Double? = nil
  ) {
    self.pruningFraction = pruningFraction
    self.fractions = fractions
    self.reach = reach
    self.criterion = criterion
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

  /// The name of its lines in reports, or of a control's.
  func strategy(_ control: TicketControl) -> Strategy {
    let name = control.strategy(isOneShot: isOneShot)
    return criterion == .largeFinal ? name : Strategy("\(name)/\(criterion.rawValue)")
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(pruningFraction)
    bytes.append(list: fractions.sorted { $0.key < $1.key }) { bytes, fraction in
      bytes.append(fraction.key)
      bytes.append(fraction.value)
    }
    bytes.append(reach.rawValue + (criterion == .largeFinal ? "" : "/\(criterion.rawValue)"))
    bytes.append(levels)
    bytes.append(isOneShot)
    bytes.append(list: leastAccuracy.map { [$0] } ?? []) { $0.append($1) }
  }
}

/// What decides which weights a ticket keeps, from their initial values i and their trained ones f: the highest scores.
///
/// Source: Zhou, Lan, Liu, Yosinski, "Deconstructing lottery tickets: zeros, signs, and the supermask", NeurIPS 2019,
/// section 2.
package enum TicketCriterion: String, Hashable, Sendable, CaseIterable {
  /// |f|: lottery tickets as they were found.
  case largeFinal = "large_final"
  /// −|f|.
  case smallFinal = "small_final"
  /// |i|.
  case largeInitial = "large_init"
  /// −|i|.
  case smallInitial = "small_init"
  /// min(α·|f|, |i|), α such that both have the same mean in a layer.
  case largeInitialLargeFinal = "large_init_large_final"
  /// |f| − |i|.
  case magnitudeIncrease = "magnitude_increase"
  /// |f − i|.
  case movement
  /// f · sign(i), what changed its sign last: masks that are good without training.
  case largeFinalSameSign = "large_final_same_sign"
  /// By chance.
  case random
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
  /// Its mask on fresh magnitudes, with the signs of the weights that it is reset to.
  case reinitializeKeepingSigns = "reinitialize_keep_signs"
  /// Its mask on the kept weights of each layer in another order, without and with the sign of each place.
  case reshuffle
  case reshuffleKeepingSigns = "reshuffle_keep_signs"
  /// Its mask on weights of one magnitude a layer, with random signs or those of the weights that it is reset to.
  case constant
  case constantKeepingSigns = "constant_keep_signs"
  /// The ticket as it is reset, never trained: a supermask; and the same on signed constants.
  case supermask
  case supermaskConstant = "supermask_constant"

  /// Those that a study file may name.
  package static let names = allCases.filter { $0 != .none }.map(\.rawValue)

  /// What the kept weights are reset to instead of initial values; nil where that is something else.
  func resetting(seed: UInt64) -> ResetRule? {
    switch self {
    case .none, .reinitialize, .shuffleLayers, .shuffle, .supermask: nil
    case .reinitializeKeepingSigns: ResetRule(.fresh, keepsSigns: true, seed: seed)
    case .reshuffle: ResetRule(.shuffled, keepsSigns: false, seed: seed)
    case .reshuffleKeepingSigns: ResetRule(.shuffled, keepsSigns: true, seed: seed)
    case .constant: ResetRule(.constant, keepsSigns: false, seed: seed)
    case .constantKeepingSigns, .supermaskConstant: ResetRule(.constant, keepsSigns: true, seed: seed)
    }
  }

  /// Whether it is judged without any training.
  var isUntrained: Bool { self == .supermask || self == .supermaskConstant }

  /// The name of its lines in reports.
  func strategy(isOneShot: Bool) -> Strategy {
    let name =
      switch self {
      case .none: "WinningTicket"
      case .reinitialize: "RandomReinit"
      case .shuffleLayers: "ShuffledLayers"
      case .shuffle: "Shuffled"
      case .reinitializeKeepingSigns: "ReinitKeepSigns"
      case .reshuffle: "Reshuffle"
      case .reshuffleKeepingSigns: "ReshuffleKeepSigns"
      case .constant: "Constant"
      case .constantKeepingSigns: "ConstantKeepSigns"
      case .supermask: "Supermask"
      case .supermaskConstant: "SupermaskConstant"
      }
    return Strategy(isOneShot ? "\(name)/one-shot" : name)
  }
}
