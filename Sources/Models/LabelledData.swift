package import Digests

/// Samples and labels: a data set or a slice of one. With targets the samples have numbers to come near to, and their
/// labels say only which is the largest.
///
/// Whole numbers stay bytes, which keeps a slice four times smaller on the wire and on disk.
package struct LabelledData: Hashable, Sendable {
  /// What is stored for each value of each sample.
  package enum Values: Hashable, Sendable {
    /// A value is `byte / scale` in `Float`: 255 for MNIST, 16 for digits.
    case bytes([UInt8], scale: Int)
    case floats([Float])

    package var count: Int {
      switch self {
      case .bytes(let bytes, _): bytes.count
      case .floats(let floats): floats.count
      }
    }
  }

  /// The shape of one sample: [features] or [channels, height, width].
  package let shape: [Int]
  /// The number of classes, or of a sample's targets: the outputs of a network.
  package let classes: Int
  /// `count` × product of `shape` values, sample by sample.
  package let values: Values
  /// Applied to each value, after the division.
  package let normalization: Normalization?
  package let labels: [UInt8]
  /// What the outputs should be, [samples][classes]: the loss is then the mean squared error. Nil for classes alone,
  /// whose loss is the cross-entropy.
  package let targets: [Float]?

  /// Checked data; a shape [height, width] becomes [1, height, width].
  ///
  /// - Throws: ``NetworkError`` where counts, shape, labels, targets or normalisation contradict each other, or a value
  ///   or target is not finite.
  package init(
    shape: [Int], classes: Int, values: Values, labels: [UInt8], normalization: Normalization? = nil,
    targets: [Float]? = nil
  ) throws(NetworkError) {
    let shape = shape.count == 2 ? [1] + shape : shape
    var features = 1
    for side in shape {
      guard side > 0, features <= Layer.maximumValues / side else {
        throw NetworkError("impossible sample shape \(shape)")
      }
      features *= side
    }
    guard shape.count == 1 || shape.count == 3 else {
      throw NetworkError("a sample is [features], [height, width] or [channels, height, width], found \(shape)")
    }
    guard classes > 1, classes <= 256 else {
      throw NetworkError("a data set has 2 to 256 classes, found \(classes)")
    }
    switch values {
    case .bytes(_, let scale):
      guard scale > 0, scale <= 1 << 16 else { throw NetworkError("impossible scale \(scale)") }
    case .floats(let floats):
      if let index = floats.firstIndex(where: { !$0.isFinite }) {
        throw NetworkError("value \(index % features) of sample \(index / features) is \(floats[index])")
      }
    }
    guard values.count == features * labels.count else {
      throw NetworkError(
        "\(labels.count) labels of \(features) values need \(features * labels.count), found \(values.count)")
    }
    if let wrong = labels.first(where: { Int($0) >= classes }) {
      throw NetworkError("label \(wrong) in a set of \(classes) classes")
    }
    try normalization?.check(channels: Self.channels(shape))
    if let targets { try Self.check(targets, classes: classes, labels: labels) }
    self.shape = shape
    self.classes = classes
    self.values = values
    self.normalization = normalization
    self.labels = labels
    self.targets = targets
  }

  private static func check(_ targets: [Float], classes: Int, labels: [UInt8]) throws(NetworkError) {
    guard targets.count == classes * labels.count else {
      throw NetworkError(
        "\(labels.count) samples of \(classes) targets need \(classes * labels.count), found \(targets.count)")
    }
    if let index = targets.firstIndex(where: { !$0.isFinite }) {
      throw NetworkError("target \(index % classes) of sample \(index / classes) is \(targets[index])")
    }
    for (sample, label) in labels.enumerated() {
      let largest = firstLargest(of: targets[sample * classes..<(sample + 1) * classes])
      guard label == largest else {
        throw NetworkError("the first largest target of sample \(sample) is \(largest), its label \(label)")
      }
    }
  }

  /// The label of a sample with these targets: the place of the first largest.
  ///
  /// - Precondition: there are 1 to 256.
  package static func firstLargest(of targets: ArraySlice<Float>) -> UInt8 {
    var best = targets.startIndex
    for index in targets.indices where targets[index] > targets[best] { best = index }
    return UInt8(best - targets.startIndex)
  }

  /// Data of bytes.
  ///
  /// - Throws: ``NetworkError`` as the other initializer does.
  package init(shape: [Int], classes: Int, scale: Int, pixels: [UInt8], labels: [UInt8]) throws(NetworkError) {
    try self.init(shape: shape, classes: classes, values: .bytes(pixels, scale: scale), labels: labels)
  }

  /// The number of samples.
  package var count: Int { labels.count }

  /// The number of values of one sample.
  package var featureCount: Int { shape.reduce(1, *) }

  /// The number of channels that a normalisation has values for: 1 for samples without channels.
  package var channels: Int { Self.channels(shape) }

  private static func channels(_ shape: [Int]) -> Int { shape.count == 3 ? shape[0] : 1 }

  /// What a network sees of one sample, each step rounded once: the definition for all faster ways.
  package func inputs(of sample: Int) -> [Float] {
    let range = sample * featureCount..<(sample + 1) * featureCount
    var out: [Float]
    switch values {
    case .bytes(let bytes, let scale): out = bytes[range].map { Float($0) / Float(scale) }
    case .floats(let floats): out = Array(floats[range])
    }
    if let normalization {
      let size = featureCount / channels
      for index in out.indices {
        out[index] = (out[index] - normalization.mean[index / size]) / normalization.deviation[index / size]
      }
    }
    return out
  }

  /// The same data seen through a normalisation; nil takes one away.
  ///
  /// - Throws: ``NetworkError`` if it is not of this number of channels or impossible.
  package func normalized(by normalization: Normalization?) throws(NetworkError) -> LabelledData {
    try LabelledData(
      shape: shape, classes: classes, values: values, labels: labels, normalization: normalization, targets: targets)
  }

  /// The samples at `indices`, in that order.
  package func selecting(_ indices: [Int]) -> LabelledData {
    let chosen: Values
    switch values {
    case .bytes(let bytes, let scale): chosen = .bytes(selected(bytes, indices, featureCount), scale: scale)
    case .floats(let floats): chosen = .floats(selected(floats, indices, featureCount))
    }
    guard
      let slice = try? LabelledData(
        shape: shape, classes: classes, values: chosen, labels: indices.map { labels[$0] },
        normalization: normalization, targets: targets.map { selected($0, indices, classes) })
    else { preconditionFailure("a selection of valid data is valid") }
    return slice
  }

  private func selected<Value>(_ values: [Value], _ indices: [Int], _ width: Int) -> [Value] {
    var chosen: [Value] = []
    chosen.reserveCapacity(indices.count * width)
    for index in indices { chosen.append(contentsOf: values[index * width..<(index + 1) * width]) }
    return chosen
  }
}

extension LabelledData {
  /// (value − mean) / deviation, by channel.
  package struct Normalization: Hashable, Sendable {
    package let mean: [Float]
    package let deviation: [Float]

    package init(mean: [Float], deviation: [Float]) {
      self.mean = mean
      self.deviation = deviation
    }

    fileprivate func check(channels: Int) throws(NetworkError) {
      guard mean.count == channels, deviation.count == channels else {
        throw NetworkError(
          "normalisation needs a mean and a deviation for each of \(channels) channels, found \(mean.count) and "
            + "\(deviation.count)")
      }
      guard mean.allSatisfy(\.isFinite), deviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw NetworkError("normalisation needs finite means and deviations above 0")
      }
    }
  }

  /// The stored form, which the digest is taken over: version 2, or 3 with targets behind everything.
  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "data", version: targets == nil ? 2 : 3)
    bytes.append(list: shape) { $0.append($1) }
    bytes.append(classes)
    switch values {
    case .bytes(let values, let scale):
      bytes.append(scale)
      bytes.append(raw: values)
    case .floats(let values):
      bytes.append(0)
      Parameters.append(values, to: &bytes)
    }
    Parameters.append(normalization?.mean ?? [], to: &bytes)
    Parameters.append(normalization?.deviation ?? [], to: &bytes)
    bytes.append(raw: labels)
    if let targets { Parameters.append(targets, to: &bytes) }
    return bytes
  }

  /// Data from its stored form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "data", versions: 2...3)
    let rank = try reader.count(width: 8)
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try reader.int()) }
    let classes = try reader.int()
    let scale = try reader.int()
    let values: Values =
      scale == 0 ? .floats(try Parameters.read(from: &reader)) : .bytes(try reader.raw(), scale: scale)
    let (mean, deviation) = (try Parameters.read(from: &reader), try Parameters.read(from: &reader))
    let labels = try reader.raw()
    let targets = reader.version == 3 ? try Parameters.read(from: &reader) : nil
    try reader.finish()
    do {
      try self.init(
        shape: shape, classes: classes, values: values, labels: labels,
        normalization: mean.isEmpty && deviation.isEmpty ? nil : Normalization(mean: mean, deviation: deviation),
        targets: targets)
    } catch { throw CanonicalError(error.description) }
  }
}
