package import Digests

/// A network as a value: its layers in order, without any weights.
package struct NetworkDescription: Hashable, Sendable {
  /// The name in reports, for example `lenet-300-100`; not part of the identity.
  package let name: String
  package let layers: [Layer]

  /// The largest width of a layer that is accepted, so that a hostile description cannot exhaust memory.
  package static let maximumWidth = 1 << 16

  /// A checked description.
  ///
  /// - Throws: ``NetworkError`` if it is empty, sizes are out of bounds, neighbours do not fit together, or the last
  ///   layer is not dense (its outputs are the class scores).
  package init(name: String, layers: [Layer]) throws(NetworkError) {
    var width: Int?
    for (index, layer) in layers.enumerated() {
      switch layer {
      case .dense(let inputs, let outputs):
        for size in [inputs, outputs] where size < 1 || size > Self.maximumWidth {
          throw NetworkError("layer \(index): a width lies between 1 and \(Self.maximumWidth), found \(size)")
        }
        if let width, width != inputs {
          throw NetworkError("layer \(index) expects \(inputs) inputs, the layer before gives \(width)")
        }
        width = outputs
      case .relu:
        if width == nil { throw NetworkError("the first layer must be dense") }
      }
    }
    guard case .dense = layers.last else { throw NetworkError("the last layer must be dense") }
    self.name = name
    self.layers = layers
  }

  /// Dense layers of the given widths (inputs first, classes last) with ReLU between them.
  ///
  /// - Throws: ``NetworkError`` for fewer than two widths or widths out of bounds.
  package init(name: String, widths: [Int]) throws(NetworkError) {
    guard widths.count >= 2 else { throw NetworkError("a network needs at least two widths, found \(widths.count)") }
    var layers: [Layer] = []
    for index in 1..<widths.count {
      if index > 1 { layers.append(.relu) }
      layers.append(.dense(inputs: widths[index - 1], outputs: widths[index]))
    }
    try self.init(name: name, layers: layers)
  }

  /// The number of values that one sample has.
  package var inputCount: Int {
    guard case .dense(let inputs, _) = layers[0] else { preconditionFailure("checked in init") }
    return inputs
  }

  /// The number of classes.
  package var outputCount: Int {
    guard case .dense(_, let outputs) = layers[layers.count - 1] else { preconditionFailure("checked in init") }
    return outputs
  }

  /// The layers alone, so that two names of one structure are one network.
  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "network", version: 1)
    bytes.append(list: layers) { bytes, layer in layer.append(to: &bytes) }
    return bytes
  }

  package var digest: Digest { canonicalBytes.digest }
}
