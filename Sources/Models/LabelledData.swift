package import Digests

/// Images and labels, as bytes: a data set or a slice of one.
///
/// A value's real size is `byte / scale` in `Float`; bytes keep a slice four times smaller on the wire and on disk.
package struct LabelledData: Hashable, Sendable {
  /// The shape of one sample, for example [28, 28].
  package let shape: [Int]
  package let classes: Int
  /// What the byte values are divided by: 255 for MNIST, 16 for digits.
  package let scale: Int
  /// `count` × product of `shape` bytes, sample by sample.
  package let pixels: [UInt8]
  package let labels: [UInt8]

  /// - Throws: ``NetworkError`` where counts, shape or labels contradict each other.
  package init(shape: [Int], classes: Int, scale: Int, pixels: [UInt8], labels: [UInt8]) throws(NetworkError) {
    var features = 1
    for side in shape {
      guard side > 0, features <= (1 << 24) / side else { throw NetworkError("impossible sample shape \(shape)") }
      features *= side
    }
    guard classes > 1, classes <= 256, scale > 0, scale <= 1 << 16 else {
      throw NetworkError("impossible number of classes (\(classes)) or scale (\(scale))")
    }
    guard pixels.count == features * labels.count else {
      throw NetworkError(
        "\(labels.count) labels of \(features) values need \(features * labels.count), found \(pixels.count)")
    }
    if let wrong = labels.first(where: { Int($0) >= classes }) {
      throw NetworkError("label \(wrong) in a set of \(classes) classes")
    }
    self.shape = shape
    self.classes = classes
    self.scale = scale
    self.pixels = pixels
    self.labels = labels
  }

  /// The number of samples.
  package var count: Int { labels.count }

  /// The number of values of one sample.
  package var featureCount: Int { shape.reduce(1, *) }

  /// The value of a byte, rounded once.
  package func value(_ byte: UInt8) -> Float { Float(byte) / Float(scale) }

  /// The samples at `indices`, in that order.
  package func selecting(_ indices: [Int]) -> LabelledData {
    let features = featureCount
    var chosen: [UInt8] = []
    chosen.reserveCapacity(indices.count * features)
    for index in indices { chosen.append(contentsOf: pixels[index * features..<(index + 1) * features]) }
    guard
      let slice = try? LabelledData(
        shape: shape, classes: classes, scale: scale, pixels: chosen, labels: indices.map { labels[$0] })
    else { preconditionFailure("a selection of valid data is valid") }
    return slice
  }

  /// The stored form, which the digest is taken over.
  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "data", version: 1)
    bytes.append(list: shape) { $0.append($1) }
    bytes.append(classes)
    bytes.append(scale)
    bytes.append(raw: pixels)
    bytes.append(raw: labels)
    return bytes
  }

  /// Data from its stored form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "data", version: 1)
    let rank = try reader.count(width: 8)
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try reader.int()) }
    let classes = try reader.int()
    let scale = try reader.int()
    let pixels = try reader.raw()
    let labels = try reader.raw()
    try reader.finish()
    do {
      try self.init(shape: shape, classes: classes, scale: scale, pixels: pixels, labels: labels)
    } catch { throw CanonicalError(error.description) }
  }
}
