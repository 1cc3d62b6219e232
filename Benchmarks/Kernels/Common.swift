import Glibc
import Models
import Networks
import Pruning
import Randomness

let rounds = 7
let scope = PruningScope()

func syntheticData(samples: Int, shape: [Int] = [28, 28]) throws -> LabelledData {
  var stream = RandomStream(seed: 1, .test, 1)
  var pixels = [UInt8](repeating: 0, count: samples * shape.reduce(1, *))
  for index in pixels.indices where stream.chance(0.19) { pixels[index] = UInt8(1 + stream.below(255)) }
  let labels = (0..<samples).map { _ in UInt8(stream.below(10)) }
  return try LabelledData(shape: shape, classes: 10, scale: 255, pixels: pixels, labels: labels)
}

func randomMask(count: Int, sparsity: Double, id: UInt64) -> Mask {
  var stream = RandomStream(seed: 1, .test, 2, id)
  return Mask(count: count, keeping: stream.choose(Int((Double(count) * (1 - sparsity)).rounded()), of: count))
}

/// The median over rounds of evaluations per second, each round running for at least a quarter of a second.
func rate(_ masks: [Mask], _ evaluate: (Mask) -> Void) -> Double {
  let clock = ContinuousClock()
  evaluate(masks[0])
  var rates: [Double] = []
  for _ in 0..<rounds {
    var count = 0
    let start = clock.now
    repeat {
      evaluate(masks[count % masks.count])
      count += 1
    } while clock.now - start < .milliseconds(250)
    rates.append(Double(count) / ((clock.now - start) / .seconds(1)))
  }
  return rates.sorted()[rounds / 2]
}

func column(_ value: Double, _ digits: Int = 1) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let whole = Int((value * scale).rounded())
  let text = digits == 0 ? "\(whole)" : "\(whole / Int(scale)).\(whole % Int(scale))"
  return String(repeating: " ", count: max(10 - text.count, 0)) + text
}

/// Seconds of processor time that the process has taken.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
