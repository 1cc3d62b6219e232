import Formats
import Foundation
import Models
import Networks
import Pruning
import Randomness

/// Evaluations per second of masks on MNIST's 10,000 test images, together and one after the other, and of an
/// annealing's steps, printed as `KEY RATE` lines, medians of five.
///
/// - Parameters:
///   - name: a network of the zoo for MNIST.
///   - folder: where mnist lies.
///   - masks: a file with a byte of 0 or 1 for each prunable weight of each mask; nil draws 64 at a sparsity of 0.9.
///   - exchange: where network, masks and scores are written for whoever wants to compute the same.
func populationTimes(_ name: String, folder: String, masks file: String?, exchange: String, key: String) throws {
  guard let data = try DataFolder.load(named: "mnist", folder: folder).officialTest else { return }
  let network = try Zoo.network(named: name, shape: name == "lenet-5" ? data.shape : [784], classes: 10)
  let parameters = initialParameters(network, seed: 1)
  let evaluator = try MaskedEvaluator(
    network: network, scope: scope, parameters: parameters, data: EvaluationData(data))
  let size = evaluator.maskCount
  let masks =
    try file.map { try readMasks($0, size: size) } ?? (0..<64).map { randomMask(count: size, sparsity: 0.9, id: $0) }
  let queries = masks.map { MaskedEvaluator.Query(mask: $0) }
  var scores: [Score?] = []
  let together = median { scores = evaluator.evaluate(queries) }
  let few = masks.prefix(8)
  var alone: [Score] = []
  let single = median { alone = few.map { evaluator.evaluate($0) } }
  precondition(scores.prefix(8).elementsEqual(alone), "masks together and alone have other bits")
  print("\(key).together \(Double(masks.count) / together)")
  print("\(key).alone \(Double(few.count) / single)")

  var layout = Data()
  for mask in masks { layout.append(contentsOf: (0..<size).map { mask[$0] ? 1 : 0 }) }
  try layout.write(to: URL(filePath: exchange + "/masks.u8"))
  try parameters.withUnsafeBytes { try Data($0).write(to: URL(filePath: exchange + "/parameters.f32")) }
  let lines = scores.map { score in
    guard case .exact(let correct, _, let loss) = score else { return "nonfinite" }
    return "\(correct) \(loss)"
  }
  try lines.joined(separator: "\n").write(toFile: exchange + "/scores.txt", atomically: true, encoding: .utf8)
}

private func readMasks(_ file: String, size: Int) throws -> [Mask] {
  let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
  return stride(from: 0, to: bytes.count, by: size).map { first in
    Mask(count: size, keeping: (0..<size).filter { bytes[first + $0] != 0 })
  }
}

/// Steps per second of walks that flip 16 weights of lenet-300-100 at a sparsity of 0.9, each judged on MNIST's 10,000
/// test images: one walk of whose steps some, none or all are accepted, eight at once, as an annealing has them, and 16 steps
/// from one state at once, as hill climbing has them, also without activations that are kept.
func annealingTimes(folder: String) throws {
  guard let data = try DataFolder.load(named: "mnist", folder: folder).officialTest else { return }
  let network = try Zoo.network(named: "lenet-300-100", shape: [784], classes: 10)
  for (key, walks, brood, acceptance, memory) in [
    ("annealing", 1, 1, 0.3, nil), ("annealing.none", 1, 1, 0, nil), ("annealing.all", 1, 1, 1, nil),
    ("annealing.chains", 8, 1, 0.3, nil), ("annealing.brood", 1, 16, 0.02, nil),
    ("annealing.brood.unkept", 1, 16, 0.02, 0),
  ] as [(String, Int, Int, Double, Int?)] {
    let evaluator = try MaskedEvaluator(
      network: network, scope: scope, parameters: initialParameters(network, seed: 1), data: EvaluationData(data),
      memory: memory)
    var states = (0..<walks).map { randomMask(count: evaluator.maskCount, sparsity: 0.9, id: UInt64($0)) }
    var stream = RandomStream(seed: 1, .test, 3)
    func step(isChecked: Bool = false) {
      var masks = states.flatMap { Array(repeating: $0, count: brood) }
      for place in masks.indices {
        for bit in stream.choose(16, of: evaluator.maskCount) { masks[place][bit].toggle() }
      }
      let scores = evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) })
      precondition(!isChecked || scores == masks.map { evaluator.evaluate($0) }, "a step has other bits")
      for place in masks.indices where stream.chance(acceptance) { states[place / brood] = masks[place] }
    }
    for _ in 0..<8 { step(isChecked: true) }
    let steps = 480 / (walks * brood)
    let seconds = median { for _ in 0..<steps { step() } }
    print("\(key) \(Double(steps * walks * brood) / seconds)")
  }
}
