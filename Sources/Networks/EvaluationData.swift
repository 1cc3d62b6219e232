package import Models

/// Labelled data laid out once for evaluation, shared read-only by all lanes of a process.
///
/// Bytes, not `Float`: at one evaluation a pass over the data, memory is read four times less and that measured faster
/// than any layout of `Float`, although each pass divides anew.
package final class EvaluationData: @unchecked Sendable {
  // Unchecked, but safe: the memory is written in `init` only.

  /// [block][feature][lane]; lanes behind the last sample hold 0 and are never counted.
  let bytes: AlignedBuffer<UInt8>
  let labels: AlignedBuffer<UInt8>
  let scale: Float
  /// The number of samples.
  package let count: Int
  /// The shape of a sample.
  package let shape: [Int]
  /// The number of values of a sample.
  package let featureCount: Int
  /// The number of classes.
  package let classes: Int

  /// - Complexity: linear in the number of bytes.
  package init(_ data: LabelledData) {
    let lanes = Kernels.lanes
    count = data.count
    shape = data.shape
    featureCount = data.featureCount
    classes = data.classes
    guard case .bytes(let stored, let divisor) = data.values, data.normalization == nil else {
      preconditionFailure("only bytes yet")
    }
    scale = Float(divisor)
    labels = AlignedBuffer(data.labels)
    let blocks = (count + lanes - 1) / lanes
    bytes = AlignedBuffer(count: blocks * featureCount * lanes)
    stored.withUnsafeBufferPointer { pixels in
      for sample in 0..<count {
        let lane = bytes.base + sample / lanes * featureCount * lanes + sample % lanes
        for feature in 0..<featureCount { lane[feature * lanes] = pixels[sample * featureCount + feature] }
      }
    }
  }
}
