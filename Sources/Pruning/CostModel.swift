/// What a budget counts.
package enum CostMeasure: String, Hashable, Sendable, CaseIterable {
  /// Parameters that stay, biases and normalisation included.
  case keptWeights = "kept_weights"
  /// Multiply-adds of one sample.
  case multiplyAdds = "multiply_adds"
}

/// The exact cost of a network as a function of which units are kept.
///
/// Units of one *kind* cost the same, so counts decide: cost = constant + Σ linear[kind] · kept(kind)
/// + Σ factor · kept(first) · kept(second). The products are the weights between two layers of removable neurons; a
/// weight between two removed ones is thereby counted once. No factor is negative: a mask that keeps more costs no less.
package struct CostModel: Hashable, Sendable {
  /// A run of consecutive units of one kind.
  package struct Run: Hashable, Sendable {
    package let units: Range<Int>
    package let kind: Int

    package init(units: Range<Int>, kind: Int) {
      self.units = units
      self.kind = kind
    }
  }

  /// A product term; first ≤ second, and equal for weights among units of one kind.
  package struct Product: Hashable, Sendable {
    package let first: Int
    package let second: Int
    package let factor: Int

    package init(first: Int, second: Int, factor: Int) {
      self.first = first
      self.second = second
      self.factor = factor
    }
  }

  /// The cost with no unit kept.
  package let constant: Int
  /// For each kind what one unit costs by itself.
  package let linear: [Int]
  package let products: [Product]
  /// All units in order, without gaps.
  package let runs: [Run]
  /// For each kind how many units there are.
  package let sizes: [Int]
  /// The products that each kind takes part in.
  private let involved: [[Product]]

  package init(constant: Int, linear: [Int], products: [Product], runs: [Run]) {
    self.constant = constant
    self.linear = linear
    self.products = products
    self.runs = runs
    var sizes = [Int](repeating: 0, count: linear.count)
    var end = 0
    for run in runs {
      precondition(run.units.lowerBound == end, "the runs of a cost model have no gaps")
      end = run.units.upperBound
      sizes[run.kind] += run.units.count
    }
    self.sizes = sizes
    var involved = [[Product]](repeating: [], count: linear.count)
    for product in products {
      involved[product.first].append(product)
      if product.second != product.first { involved[product.second].append(product) }
    }
    self.involved = involved
  }

  /// The cost for so many kept units of each kind.
  package func cost(_ counts: [Int]) -> Int {
    zip(linear, counts).reduce(constant) { $0 + $1.0 * $1.1 }
      + products.reduce(0) { $0 + $1.factor * counts[$1.first] * counts[$1.second] }
  }

  /// The cost of a mask over the units.
  ///
  /// - Complexity: linear in the words of the mask and in the runs.
  package func cost(of mask: Mask) -> Int { cost(counts(of: mask)) }

  /// The cost with all units kept.
  package var whole: Int { cost(sizes) }

  /// The kept units of each kind.
  package func counts(of mask: Mask) -> [Int] {
    var counts = [Int](repeating: 0, count: linear.count)
    for run in runs { counts[run.kind] += mask.population(in: run.units) }
    return counts
  }

  /// What one more unit of a kind would add.
  package func increase(_ kind: Int, _ counts: [Int]) -> Int {
    involved[kind].reduce(linear[kind]) { sum, product in
      if product.first == product.second { return sum + product.factor * (2 * counts[kind] + 1) }
      return sum + product.factor * counts[product.first == kind ? product.second : product.first]
    }
  }

  /// The kind of a unit.
  ///
  /// - Complexity: logarithmic in the runs.
  package func kind(of unit: Int) -> Int {
    var (low, high) = (0, runs.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if runs[middle].units.lowerBound <= unit { low = middle } else { high = middle - 1 }
    }
    return runs[low].kind
  }
}

/// A cost that no mask may exceed, and that every mask fills until no further unit fits.
package struct CostCap: Hashable, Sendable {
  package let model: CostModel
  package let limit: Int

  package init(_ model: CostModel, limit: Int) {
    self.model = model
    self.limit = limit
  }

  /// The cap of ⌊whole / compression⌋, so that the ratio that is reached is never less than the one asked for.
  ///
  /// - Throws: ``BudgetError`` for a compression not above 1.
  package init(_ model: CostModel, compression: Double) throws(BudgetError) {
    guard compression.isFinite, compression > 1 else {
      throw BudgetError(description: "compression must be above 1, found \(compression)")
    }
    self.init(model, limit: Int((Double(model.whole) / compression).rounded(.down)))
  }

  /// Whether a mask costs at most the limit and no further unit fits.
  package func isMet(by mask: Mask) -> Bool {
    let tally = CostTally(self, mask)
    return !tally.isOver && tally.isFull
  }
}

/// The cost of a mask that changes unit by unit.
package struct CostTally: Sendable {
  package let cap: CostCap
  package private(set) var counts: [Int]
  package private(set) var cost: Int
  /// Whether no unit that is away fits.
  package private(set) var isFull = false

  package init(_ cap: CostCap, _ mask: Mask) { self.init(cap, counts: cap.model.counts(of: mask)) }

  package init(_ cap: CostCap, counts: [Int]) {
    self.cap = cap
    self.counts = counts
    cost = cap.model.cost(counts)
    review()
  }

  package var isOver: Bool { cost > cap.limit }

  /// Whether one more unit of a kind is there and fits.
  package func fits(_ kind: Int) -> Bool {
    counts[kind] < cap.model.sizes[kind] && cost + cap.model.increase(kind, counts) <= cap.limit
  }

  package mutating func add(_ kind: Int) {
    cost += cap.model.increase(kind, counts)
    counts[kind] += 1
    review()
  }

  package mutating func remove(_ kind: Int) {
    counts[kind] -= 1
    cost -= cap.model.increase(kind, counts)
    review()
  }

  private mutating func review() { isFull = !counts.indices.contains { fits($0) } }
}
