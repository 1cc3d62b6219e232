/// What a stream of random numbers is for. The raw value is part of every history: never reuse or renumber one.
package enum Purpose: UInt64, Sendable {
  case split = 1
  case initialWeights = 2
  case batchOrder = 3
  case initialPopulation = 4
  case selection = 5
  case crossover = 6
  case repair = 7
  case mutation = 8
  case randomPruning = 9
  case randomSearch = 10
  case audit = 11
  case golden = 12
  case sampling = 13
  case augmentation = 14
  case dropout = 15
  /// The number against which annealing weighs a worse neighbour.
  case acceptance = 16
  /// Whether two replicas exchange their places.
  case exchange = 17
  case migration = 18
  /// Which few images of each class a draw takes.
  case draw = 19
  case neighbour = 20
  /// Seeds of searches within a study.
  case search = 21
  case exploration = 22
  /// What edge-popup begins with.
  case popupScores = 26
  /// Values that the kept weights of a ticket are reset to.
  case resetting = 31
  /// What new neurons begin with.
  case growth = 32
  /// Genomes that say when and where networks grow and shrink.
  case structure = 33
  /// The weights of a teacher, by layer.
  case teacherWeights = 41
  /// What a teacher is asked, by sample.
  case teacherInputs = 42
  case test = 999
}

/// A random stream named by what it is for, not by who drew before.
///
/// `RandomStream(seed, .mutation, generation, index)` gives the same numbers on every machine, in every order of
/// evaluation and after every restart.
@frozen
package struct RandomStream: Sendable {
  @usableFromInline var key: (UInt32, UInt32)
  @usableFromInline var high: (UInt32, UInt32)
  @usableFromInline var index: UInt64 = 0
  @usableFromInline var spare: UInt64 = 0
  @usableFromInline var hasSpare = false

  /// The stream of `purpose` under `seed`, told apart from its siblings by `ids` (generation, index, ...).
  ///
  /// The name is folded through Philox itself, 64 bits at a time, into a key and half of a counter.
  package init(seed: UInt64, _ purpose: Purpose, _ ids: UInt64...) {
    var state = Self.fold((UInt32(ids.count), 0, 0, 0), seed)
    state = Self.fold(state, purpose.rawValue)
    for id in ids { state = Self.fold(state, id) }
    key = (state.0, state.1)
    high = (state.2, state.3)
  }

  private static func fold(
    _ state: (UInt32, UInt32, UInt32, UInt32), _ word: UInt64
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    Philox.block(state, key: (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word &>> 32)))
  }

  /// The next 64 random bits.
  @inlinable
  package mutating func next() -> UInt64 {
    if hasSpare {
      hasSpare = false
      return spare
    }
    let block = Philox.block(
      (UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index &>> 32), high.0, high.1), key: key)
    index &+= 1
    spare = UInt64(block.2) | UInt64(block.3) &<< 32
    hasSpare = true
    return UInt64(block.0) | UInt64(block.1) &<< 32
  }

  /// A number in [0, 1) with 53 random bits.
  @inlinable
  package mutating func uniform() -> Double { Double(next() &>> 11) * 0x1p-53 }

  /// A number in (0, 1), safe for logarithms.
  @inlinable
  package mutating func openUniform() -> Double { (Double(next() &>> 12) + 0.5) * 0x1p-52 }

  /// An integer in 0..<n without bias. Source: Lemire, "Fast random integer generation in an interval", 2019.
  @inlinable
  package mutating func below(_ n: Int) -> Int {
    precondition(n > 0, "an empty interval has no random member")
    let bound = UInt64(n)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// True with probability `p`.
  @inlinable
  package mutating func chance(_ p: Double) -> Bool { uniform() < p }
}
