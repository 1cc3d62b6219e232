import Digests
import Elementary
import Pruning
import Randomness
import Search
import Testing

/// Independent uniform numbers for all masks of a few units: as rugged as can be.
struct RuggedLandscape {
  let values: [Double]

  init(units: Int, seed: UInt64) {
    var stream = RandomStream(seed: seed, .test, 90)
    values = (0..<1 << units).map { _ in stream.uniform() }
  }

  func state(_ trial: Trial) -> Int { Int(trial.mask.words[0]) }
  func fitness(_ trial: Trial) -> Fitness { Fitness([values[state(trial)]]) }

  /// exp(f / T), normalised.
  func boltzmann(_ temperature: Double) -> [Double] {
    let weights = values.map { Elementary.exp($0 / temperature) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}

/// Half the sum of absolute differences of two distributions.
func totalVariation(_ left: [Double], _ right: [Double]) -> Double {
  zip(left, right).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
}

/// Two wells with a barrier between: a founder is the top of the lower one, its complement that of the higher one.
struct TwoWells {
  let founder: Mask

  init(_ space: SearchSpace) {
    guard case .mask(let mask) = space.founder(0, of: 1, .equal) else { preconditionFailure("no mask") }
    founder = mask
  }

  /// 1 at the founder, 0 where half of the units differ, 1.5 at the complement.
  func fitness(_ trial: Trial) -> Fitness {
    let half = Double(founder.count) / 2
    let distance = Double(founder.symmetricDifference(trial.mask).population)
    return Fitness([distance < half ? (half - distance) / half : 1.5 * (distance - half) / half])
  }
}

extension InitialPopulation {
  /// Nothing but the founder by score.
  static var equal: InitialPopulation { InitialPopulation(magnitude: 0, random: 0, equal: 1) }
  /// Nothing but random ones.
  static var random: InitialPopulation { InitialPopulation(magnitude: 0, random: 1) }
}

/// A planted mask under concatenated traps: units are judged in threes, of which all right pay 3, none right 2, one 1 and
/// two nothing. A hill climb ends with about one three in four right. Source: Deb and Goldberg 1993.
struct PlantedMask {
  let space: SearchSpace
  let mask: Mask

  init(threes: Int, seed: UInt64) {
    space = bitStrings(3 * threes, seed: seed)
    var stream = RandomStream(seed: seed, .test, 91)
    mask = randomMask(3 * threes, kept: stream.below(3 * threes), &stream)
  }

  func fitness(_ trial: Trial) -> Fitness {
    let threes = mask.count / 3
    var value = 0.0
    for first in 0..<threes {
      let right = (0..<3).count { mask[first + $0 * threes] == trial.mask[first + $0 * threes] }
      value += [2, 1, 0, 3][right]
    }
    return Fitness([value])
  }
}

/// Fitnesses in few levels, a part of them infeasible, so that every pair of kinds meets and many tie.
func constrainedFitness(_ trial: Trial) -> Fitness {
  let word = trial.genome.digest.firstWord
  switch word >> 20 % 8 {
  case 0: return .worst(values: 2)
  case 1, 2: return Fitness([Double(word % 4), 1], violation: Double(word >> 8 % 3 + 1))
  case 3: return Fitness([-.infinity, 0])
  default: return hashFitness(trial)
  }
}

/// What racing must not change: trials without their thresholds, then where the search is after each answer.
///
/// - Parameter look: the state of the search that is compared.
/// - Returns: lines, and how many answers were no more than "worse than the threshold".
func tracks<Algorithm: SearchAlgorithm>(
  _ search: Algorithm, trials: Int, fitness: (Trial) -> Fitness, _ look: (Algorithm) -> [Individual]
) -> (lines: [String], raced: Int) {
  var search = search
  var lines: [String] = []
  var raced = 0
  while search.told < trials {
    while let trial = search.ask() { lines.append("\(trial.id) \(trial.genome.digest.hex) \(trial.parents)") }
    let given = answer(search.pending.trials.first!, fitness)
    if given == .worseThanThreshold { raced += 1 }
    search.tell(given)
    let states = look(search).map { "\($0.trial.id) \($0.fitness)" }
    lines.append("\(search.best!.trial.id) \(search.best!.fitness) \(states)")
  }
  return (lines, raced)
}

/// Restores a search from every damaged form of a snapshot: cut short, or with a byte changed. Each either throws or
/// gives a search that goes on.
func checkDamage<Algorithm: SearchAlgorithm>(
  after trials: Int, fitness: (Trial) -> Fitness = hashFitness, _ make: () throws -> Algorithm
) throws {
  var search = try make()
  _ = run(&search, trials: trials, fitness: fitness)
  for _ in 0..<3 { _ = search.ask() }
  let stored = bytes { search.append(to: &$0) }
  for length in stride(from: 0, to: stored.count, by: 3) {
    #expect(throws: CanonicalError.self, "cut at \(length)") {
      var restored = try make()
      try read(Array(stored[..<length])) { (reader) throws(CanonicalError) in try restored.restore(from: &reader) }
    }
  }
  var stream = RandomStream(seed: UInt64(trials), .test, 92)
  var thrown = 0
  for place in stored.indices {
    var damaged = stored
    damaged[place] ^= [1, 0x80, 0xff, UInt8(1 + stream.below(255))][stream.below(4)]
    var restored = try make()
    do throws(CanonicalError) {
      try read(damaged) { (reader) throws(CanonicalError) in try restored.restore(from: &reader) }
    } catch {
      thrown += 1
      continue
    }
    _ = run(&restored, trials: restored.told + 12, fitness: fitness)
  }
  #expect(thrown > stored.count / 3, "hardly any damage was noticed")
}
