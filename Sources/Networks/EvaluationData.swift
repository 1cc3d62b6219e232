package import Models
internal import Synchronization

/// Labelled data laid out for evaluation, shared by all lanes of a process; in another order, too, once that is asked for.
///
/// Bytes stay bytes: at one evaluation a pass over the data, memory is read four times less and that measured faster
/// than any layout of `Float`, although each pass divides anew.
package final class EvaluationData: @unchecked Sendable {
  // Unchecked, but safe: the memory is written in `init` only, and the cache has a lock.

  /// [block][feature][lane]; lanes behind the last sample hold 0 and are never counted.
  enum Blocks {
    case bytes(AlignedBuffer<UInt8>, scale: Float)
    case floats(AlignedBuffer<Float>)
  }

  let blocks: Blocks
  /// Applied by whoever reads the blocks.
  let normalization: LabelledData.Normalization?
  /// Whether every value is finite as the network sees it; a normalisation can overflow.
  let isFinite: Bool
  let labels: AlignedBuffer<UInt8>
  /// [samples][outputs]; nil where there are labels alone.
  let targets: AlignedBuffer<Float>?
  /// The number of samples.
  package let count: Int
  /// The shape of a sample.
  package let shape: [Int]
  /// The number of values of a sample.
  package let featureCount: Int
  /// The number of classes.
  package let classes: Int
  /// The first so many samples in another order, for the last few numbers that were asked for.
  private let ordered = Mutex<[(samples: Int, OrderedSamples)]>([])

  /// - Complexity: linear in the number of values.
  package init(_ data: LabelledData) {
    count = data.count
    shape = data.shape
    featureCount = data.featureCount
    classes = data.classes
    normalization = data.normalization
    labels = AlignedBuffer(data.labels)
    targets = data.targets.map { AlignedBuffer($0) }
    switch data.values {
    case .bytes(let bytes, let scale):
      blocks = .bytes(Self.transposed(bytes, count: count, features: featureCount), scale: Float(scale))
      isFinite = Self.isFinite(bytes, in: data) { Float($0) / Float(scale) }
    case .floats(let floats):
      // −0 becomes +0, as behind every layer.
      blocks = .floats(Self.transposed(floats.map { $0 + 0 }, count: count, features: featureCount))
      isFinite = Self.isFinite(floats, in: data) { $0 }
    }
  }

  /// The samples at these places of another laid out anew.
  private init(_ other: EvaluationData, at places: [Int]) {
    count = places.count
    (shape, featureCount, classes) = (other.shape, other.featureCount, other.classes)
    (normalization, isFinite) = (other.normalization, other.isFinite)
    labels = AlignedBuffer(places.map { other.labels.base[$0] })
    let outputs = classes
    targets = other.targets.map { targets in
      AlignedBuffer(places.flatMap { place in (0..<outputs).map { targets.base[place * outputs + $0] } })
    }
    func moved<Value: BitwiseCopyable>(_ values: AlignedBuffer<Value>) -> AlignedBuffer<Value> {
      let lanes = Kernels.lanes
      let buffer = AlignedBuffer<Value>(count: (places.count + lanes - 1) / lanes * other.featureCount * lanes)
      for (new, old) in places.enumerated() {
        let from = values.base + old / lanes * other.featureCount * lanes + old % lanes
        let to = buffer.base + new / lanes * other.featureCount * lanes + new % lanes
        for feature in 0..<other.featureCount { to[feature * lanes] = from[feature * lanes] }
      }
      return buffer
    }
    switch other.blocks {
    case .bytes(let bytes, let scale): blocks = .bytes(moved(bytes), scale: scale)
    case .floats(let floats): blocks = .floats(moved(floats))
    }
  }

  /// The samples at these places, in that order.
  func reordered(_ places: [Int]) -> EvaluationData { EvaluationData(self, at: places) }

  /// The first samples in the order in which most can be skipped; made once.
  func ordered(samples: Int) -> OrderedSamples {
    ordered.withLock { ordered in
      if let found = ordered.first(where: { $0.samples == samples }) { return found.1 }
      let fresh = OrderedSamples(self, samples: samples)
      // Searches that race ask for a few growing shares in turn.
      ordered = ordered.suffix(3) + [(samples, fresh)]
      return fresh
    }
  }

  /// Calls `body` with sample and feature of each value of the first samples that is not zero, before normalisation.
  func forEachNonzero(samples: Int, _ body: (_ sample: Int, _ feature: Int) -> Void) {
    func visit<Value: BitwiseCopyable & Equatable & ExpressibleByIntegerLiteral>(_ values: AlignedBuffer<Value>) {
      let lanes = Kernels.lanes
      for first in stride(from: 0, to: samples, by: lanes) {
        for feature in 0..<featureCount {
          let row = values.base + (first / lanes * featureCount + feature) * lanes
          for lane in 0..<min(lanes, samples - first) where row[lane] != 0 { body(first + lane, feature) }
        }
      }
    }
    switch blocks {
    case .bytes(let bytes, _): visit(bytes)
    case .floats(let floats): visit(floats)
    }
  }

  /// Normalisation is monotone, so the extremes of each channel tell.
  private static func isFinite<Value: Comparable>(
    _ values: [Value], in data: LabelledData, as float: (Value) -> Float
  ) -> Bool {
    guard let normalization = data.normalization, data.count > 0 else { return true }
    let size = data.featureCount / data.channels
    return values.withUnsafeBufferPointer { values in
      (0..<data.channels).allSatisfy { channel in
        var (low, high) = (values[channel * size], values[channel * size])
        for sample in 0..<data.count {
          let first = sample * data.featureCount + channel * size
          for index in first..<first + size {
            low = min(low, values[index])
            high = max(high, values[index])
          }
        }
        return [low, high].allSatisfy {
          ((float($0) - normalization.mean[channel]) / normalization.deviation[channel]).isFinite
        }
      }
    }
  }

  private static func transposed<Value: BitwiseCopyable>(
    _ values: [Value], count: Int, features: Int
  ) -> AlignedBuffer<Value> {
    let lanes = Kernels.lanes
    let buffer = AlignedBuffer<Value>(count: (count + lanes - 1) / lanes * features * lanes)
    values.withUnsafeBufferPointer { values in
      for sample in 0..<count {
        let lane = buffer.base + sample / lanes * features * lanes + sample % lanes
        for feature in 0..<features { lane[feature * lanes] = values[sample * features + feature] }
      }
    }
    return buffer
  }

  /// Writes some features of a block as the network sees them: [features][lanes].
  func expand(block: Int, features: Range<Int>, with kernels: Kernels, into values: UnsafeMutablePointer<Float>) {
    let first = (block * featureCount + features.lowerBound) * Kernels.lanes
    let count = features.count * Kernels.lanes
    switch blocks {
    case .bytes(let bytes, let scale): kernels.expand(bytes.base + first, scale: scale, count: count, into: values)
    case .floats(let floats): values.update(from: floats.base + first, count: count)
    }
    guard let normalization else { return }
    let size = featureCount / normalization.mean.count
    for (channel, (mean, deviation)) in zip(normalization.mean, normalization.deviation).enumerated() {
      let part = features.clamped(to: channel * size..<(channel + 1) * size)
      kernels.normalize(
        values + (part.lowerBound - features.lowerBound) * Kernels.lanes, count: part.count * Kernels.lanes,
        mean: mean, deviation: deviation)
    }
  }
}
