internal import Digests
package import Models
package import Pruning

/// A network that grows while it is trained: from a part of the subject's network to the whole.
///
/// Source: Evci, van Merriënboer, Unterthiner, Vladymyrov, Pedregosa, "GradMax: growing neural networks using gradient
/// information", ICLR 2022, section 4.
package struct GrowthPlan: Hashable, Sendable {
  /// Which layers grow when growing is due.
  package enum Order: String, Hashable, Sendable, CaseIterable {
    case allAtOnce = "all_at_once"
    /// One after another.
    case roundRobin = "round_robin"
    /// The one where the squared norm of the new gradient is largest for what it costs in multiply-adds.
    case largestGain = "largest_gain"
  }

  /// When growing is due, from ``firstStep`` on.
  package enum Timing: Hashable, Sendable {
    /// After so many optimizer steps, again and again.
    case every(Int)
    /// Where so many looks in a row brought no training loss that is lower by this.
    case plateau(EarlyStopping)
  }

  /// How many neurons a layer gets at once; never more than it has in the subject's network.
  package enum Amount: Hashable, Sendable {
    /// The same each time, such that ``GrowthPlan/growths`` of them are all.
    case even
    case neurons(Int)
    /// Of those that it has.
    case fraction(Double)
  }

  /// Nil for a baseline, which does not grow.
  package var method: GrowthMethod?
  /// The neurons of each growable layer that the network begins with, as a part of the subject's.
  package var share: Double
  package var order: Order
  package var timing: Timing
  /// The optimizer step before which nothing grows.
  package var firstStep: Int
  /// How often a layer grows, under ``Amount/even``.
  package var growths: Int
  package var amount: Amount
  /// Layers that are new once all widths are whole, each when growing is due: behind the node of that name.
  package var layers: [NewLayer]
  package var scale: Double
  /// Samples that a step of growth looks at.
  package var samples: Int
  /// Optimizer steps from one look at loss and gradient to the next.
  package var lookEvery: Int

  package struct NewLayer: Hashable, Sendable {
    package let behind: String
    package let kind: Deepening.Kind

    package init(behind: String, _ kind: Deepening.Kind) { (self.behind, self.kind) = (behind, kind) }
  }

  package init(
    _ method: GrowthMethod?, share: Double, order: Order = .roundRobin, timing: Timing, firstStep: Int, growths: Int,
    amount: Amount = .even, layers: [NewLayer] = [], scale: Double = 1, samples: Int, lookEvery: Int
  ) {
    self.method = method
    self.share = share
    self.order = order
    self.timing = timing
    self.firstStep = firstStep
    self.growths = growths
    self.amount = amount
    self.layers = layers
    self.scale = scale
    self.samples = samples
    self.lookEvery = lookEvery
  }

  /// The name of its lines in reports.
  package var strategy: Strategy {
    guard let method else { return share < 1 ? .baselineSmall : .baselineBig }
    return Strategy(method.name)
  }

  /// How many neurons a layer gets next, below its target.
  ///
  /// - Parameters:
  ///   - now: that it has.
  ///   - first: that it began with.
  func count(now: Int, target: Int, first: Int, grownTimes: Int) -> Int {
    switch amount {
    case .even:
      let missing = target - first
      let times = min(growths, missing)
      return missing * (grownTimes + 1) / times - missing * grownTimes / times
    case .neurons(let count): return min(count, target - now)
    case .fraction(let share): return min(max(1, Int((share * Double(now)).rounded())), target - now)
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: method.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(share)
    bytes.append(order.rawValue)
    switch timing {
    case .every(let steps):
      bytes.append(0)
      bytes.append(steps)
    case .plateau(let rule):
      bytes.append(1)
      rule.append(to: &bytes)
    }
    bytes.append(firstStep)
    bytes.append(growths)
    switch amount {
    case .even: bytes.append(0)
    case .neurons(let count):
      bytes.append(1)
      bytes.append(count)
    case .fraction(let share):
      bytes.append(2)
      bytes.append(share)
    }
    bytes.append(list: layers) { bytes, layer in
      bytes.append(layer.behind)
      layer.kind.append(to: &bytes)
    }
    bytes.append(scale)
    bytes.append(samples)
    bytes.append(lookEvery)
  }
}

/// What was seen of a training in which a network grew, or of a baseline beside it.
package struct GrowthCourse: Hashable, Sendable {
  /// A look at the network, behind the growth of that step.
  package struct Look: Hashable, Sendable {
    /// Optimizer steps done.
    package let step: Int
    /// On as many samples of `train` as a step of growth looks at.
    package let train: Score
    /// ‖∂L/∂θ‖ on the same samples.
    package let gradientNorm: Double
    /// Multiply-adds of the training until then: three times those of the network for each sample, and those of growing.
    package let multiplyAdds: Double
  }

  /// A step of growth.
  package struct Event: Hashable, Sendable {
    package let step: Int
    /// The layer that got neurons, or in front of a new one.
    package let layer: String
    /// New neurons; below 0 those that went, 0 for a new layer.
    package let count: Int
    /// The sum of squares of the gradient by what is new.
    package let gain: Double
  }

  /// The neurons that a layer has in the end.
  package struct Width: Hashable, Sendable {
    package let layer: String
    package let count: Int
  }

  package internal(set) var looks: [Look] = []
  package internal(set) var events: [Event] = []
  /// The genomes behind a network that a search found, founders first, itself last; empty elsewhere.
  package internal(set) var lineage: [StructureAncestor] = []
  /// Of the layers whose widths genomes decide.
  package internal(set) var widths: [Width] = []

  package init() {}
}
