package import Pruning
internal import Randomness

/// What the founders of a population are made of, as shares that are normalised to the population's size.
package struct InitialPopulation: Hashable, Sendable {
  /// Global magnitude with noise graded from none to `noise`, so that the founders reach from one mask to many.
  package var magnitude: Double
  /// Uniformly random masks.
  package var random: Double
  /// Global magnitude itself, again and again.
  package var equal: Double
  /// Kept with a chance that grows with exp(|w| / (noise · mean |w|)).
  package var exponential: Double
  /// The largest Gumbel noise on log |w| of the graded members, and the temperature of the exponential ones.
  package var noise: Double
  /// Where a range of sizes is allowed: whether founders reach through all of it, or have its middle.
  package var spread: Bool

  package init(
    magnitude: Double = 0.9, random: Double = 0.1, equal: Double = 0, exponential: Double = 0, noise: Double = 0.5,
    spread: Bool = false
  ) {
    self.magnitude = magnitude
    self.random = random
    self.equal = equal
    self.exponential = exponential
    self.noise = noise
    self.spread = spread
  }

  /// How many members of each kind a population of `size` has, in the order equal, magnitude, exponential, random.
  package func counts(size: Int) -> [Int] {
    // Shares are compared as whole parts of 2²⁰, so that rounding is the same everywhere.
    let parts = [equal, magnitude, exponential, random].map { Int(($0 * 1_048_576).rounded()) }
    return Apportionment.shares(of: size, sizes: parts)
  }

  /// Founder `index` of `size`: a function of the space's seed and the index alone.
  ///
  /// - Complexity: O(n) in the number of weights.
  package func founder(_ index: Int, of size: Int, in space: MaskSpace) -> Mask {
    let counts = counts(size: size)
    let space = spread ? space.spread(index) : space
    var stream = RandomStream(seed: space.seed, .initialPopulation, UInt64(index))
    var place = index
    if place < counts[0] { return space.selected(space.tables.magnitudes) }
    place -= counts[0]
    if place < counts[1] {
      let graded = counts[1] == 1 ? 0 : noise * Double(place) / Double(counts[1] - 1)
      return space.sample(noise: graded, stream: &stream)
    }
    place -= counts[1]
    if place < counts[2] {
      return space.selected(space.tables.exponentialScores(temperature: noise, stream: &stream))
    }
    return space.random(&stream)
  }
}
