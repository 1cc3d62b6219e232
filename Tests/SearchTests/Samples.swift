import Digests
import Models
import Pruning
import Randomness
import Search

/// Normal weights for a layout, under a seed.
func weights(of layout: ParameterLayout, seed: UInt64) -> [Float] {
  var stream = RandomStream(seed: seed, .test, 1)
  return (0..<layout.count).map { _ in Float(stream.normal()) }
}

/// 13 neurons of 20 inputs: 260 prunable weights, which fill no whole number of words.
func oneHiddenLayer() throws -> ParameterLayout {
  ParameterLayout(try NetworkDescription(name: "small", widths: [20, 13, 3]))
}

/// Single weights, 260 of them, at an exact budget.
func maskSpace(kept: Int, seed: UInt64 = 1, weights values: [Float]? = nil) throws -> MaskSpace {
  let layout = try oneHiddenLayer()
  return MaskSpace(
    layout: layout, parameters: values ?? weights(of: layout, seed: seed),
    size: .exactly(kept), seed: seed)
}

/// The same as any algorithm takes it.
func space(kept: Int, seed: UInt64 = 1, weights values: [Float]? = nil) throws -> SearchSpace {
  .masks(try maskSpace(kept: kept, seed: seed, weights: values))
}

/// Free bit strings: any mask of `count` equal units.
func bitStrings(_ count: Int, seed: UInt64 = 1) -> SearchSpace {
  .masks(
    MaskSpace(
      scores: Array(repeating: 1, count: count), layers: [0..<count], neurons: (0..<count).map { $0..<$0 + 1 },
      size: .within(0...count), seed: seed))
}

/// A mask that keeps `kept` random positions.
func randomMask(_ count: Int, kept: Int, _ stream: inout RandomStream) -> Mask {
  Mask(count: count, keeping: stream.choose(kept, of: count))
}

extension Trial {
  /// The mask of a trial in a space of masks.
  var mask: Mask { if case .mask(let mask) = genome { mask } else { preconditionFailure("no mask") } }
  /// The vector of a trial in a space of reals.
  var reals: [Double] { if case .reals(let values) = genome { values } else { preconditionFailure("no reals") } }
}

/// A fitness that depends on the genome alone, in few levels so that many tie.
func hashFitness(_ trial: Trial) -> Fitness {
  let word = trial.genome.digest.firstWord
  return Fitness([Double(word % 16), Double(word >> 8 % 4)])
}

/// The answer that a truthful evaluation of a fitness gives: one below the threshold says no more than that.
func answer(_ trial: Trial, _ fitness: (Trial) -> Fitness) -> Answer {
  let found = fitness(trial)
  if let threshold = trial.threshold, found < threshold { return .worseThanThreshold }
  return .exact(found)
}

/// What a history would say of a trial.
func line(_ trial: Trial) -> String {
  "\(trial.id) \(trial.genome.digest.hex) \(trial.parents.map(\.description).joined(separator: ",")) "
    + "\(trial.threshold.map { "\($0.values)" } ?? "-") \(trial.share)"
}

/// Asks for everything that can be asked, then tells one answer, until `trials` were asked for; gives all their lines.
func run(
  _ search: inout some SearchAlgorithm, trials: Int, fitness: (Trial) -> Fitness = hashFitness
) -> [String] {
  var lines: [String] = []
  while search.told < trials {
    while search.asked < trials, let trial = search.ask() { lines.append(line(trial)) }
    guard let oldest = search.pending.trials.first else { preconditionFailure("nothing to ask and nothing to tell") }
    search.tell(answer(oldest, fitness))
  }
  return lines
}

/// Bytes under a heading of their own, as a study's snapshot has one.
func bytes(_ write: (inout CanonicalBytes) -> Void) -> [UInt8] {
  var out = CanonicalBytes(kind: "test", version: 1)
  write(&out)
  return out.bytes
}

/// Reads such bytes to the end.
func read(_ bytes: [UInt8], _ body: (inout CanonicalReader) throws(CanonicalError) -> Void) throws(CanonicalError) {
  var reader = try CanonicalReader(bytes, kind: "test", version: 1)
  try body(&reader)
  try reader.finish()
}

/// Everything that can be asked for now.
func ask(_ search: inout some SearchAlgorithm) -> [Trial] {
  var trials: [Trial] = []
  while let trial = search.ask() { trials.append(trial) }
  return trials
}

/// Everything that can be asked for now, of one generation.
func ask(_ search: inout some SearchAlgorithm, generation: Int) -> [Trial] {
  var trials: [Trial] = Array(search.pending.trials)
  while search.asked < (generation + 1) * search.generationSize, let trial = search.ask() { trials.append(trial) }
  return trials
}

/// Asks for all that can be asked for and answers it.
func generation(
  _ search: inout some SearchAlgorithm, fitness: (Trial) -> Fitness = hashFitness
) -> [Individual] {
  ask(&search).map { trial in
    let individual = Individual(trial: trial, fitness: fitness(trial))
    search.tell(.exact(individual.fitness))
    return individual
  }
}
