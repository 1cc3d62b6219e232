package import Models

/// Labelled data laid out once for evaluation, shared read-only by all lanes of a process.
///
/// Bytes stay bytes: at one evaluation a pass over the data, memory is read four times less and that measured faster
/// than any layout of `Float`, although each pass divides anew.
package final class EvaluationData: @unchecked Sendable {
  // Unchecked, but safe: the memory is written in `init` only.

  /// [block][feature][lane]; lanes behind the last sample hold 0 and are never counted.
  enum Blocks {
    case bytes(AlignedBuffer<UInt8>, scale: Float)
    case floats(AlignedBuffer<Float>)
  }

  let blocks: Blocks
  /// Applied by whoever reads the blocks.
  let normalization: LabelledData.Normalization?
  let labels: AlignedBuffer<UInt8>
  /// The number of samples.
  package let count: Int
  /// The shape of a sample.
  package let shape: [Int]
  /// The number of values of a sample.
  package let featureCount: Int
  /// The number of classes.
  package let classes: Int

  /// - Complexity: linear in the number of values.
  package init(_ data: LabelledData) {
    count = data.count
    shape = data.shape
    featureCount = data.featureCount
    classes = data.classes
    normalization = data.normalization
    labels = AlignedBuffer(data.labels)
    switch data.values {
    case .bytes(let bytes, let scale):
      blocks = .bytes(Self.transposed(bytes, count: count, features: featureCount), scale: Float(scale))
    case .floats(let floats):
      blocks = .floats(Self.transposed(floats, count: count, features: featureCount))
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
