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

/// A space over 260 weights.
func space(kept: Int, seed: UInt64 = 1, weights values: [Float]? = nil) throws -> SearchSpace {
  let layout = try oneHiddenLayer()
  return SearchSpace(
    layout: layout, parameters: values ?? weights(of: layout, seed: seed),
    budget: try Budget(kept: kept, layout: layout), seed: seed)
}

/// A mask that keeps `kept` random positions.
func randomMask(_ count: Int, kept: Int, _ stream: inout RandomStream) -> Mask {
  Mask(count: count, keeping: stream.choose(kept, of: count))
}

/// A fitness that depends on the mask alone, in few levels so that many tie.
func hashFitness(_ trial: Trial) -> Fitness {
  let word = trial.mask.digest.firstWord
  return Fitness(value: Double(word % 16), tieBreak: Double(word >> 8 % 4))
}

/// What a history would say of a trial.
func line(_ trial: Trial) -> String {
  "\(trial.id) \(trial.mask.digest.hex) \(trial.parents.map(\.description).joined(separator: ","))"
}

/// Runs some generations and tells the lines of all their trials.
func history(
  of search: inout GeneticSearch, generations: Int, fitness: (Trial) -> Fitness = hashFitness
) -> [String] {
  var lines: [String] = []
  for _ in 0..<generations {
    let trials = search.ask()
    lines += trials.map(line)
    search.tell(trials.map(fitness))
  }
  return lines
}

/// The same of random search.
func history(of search: inout RandomSearch, generations: Int) -> [String] {
  var lines: [String] = []
  for _ in 0..<generations {
    let trials = search.ask()
    lines += trials.map(line)
    search.tell(trials.map(hashFitness))
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
