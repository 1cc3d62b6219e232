package import Models
internal import Networks

/// Models with shared weights and Huffman codes.
///
/// Source: Han, Mao, Dally, "Deep Compression: Compressing Deep Neural Networks with Pruning, Trained Quantization and
/// Huffman Coding", ICLR 2016; without the training of centroids.
extension Safetensors {
  /// The metadata key that names the shared tensors, with their shapes and numbers of entries as JSON.
  static let sharedKey = "sentei.shared"

  /// How many bits tell the centroids of a layer apart.
  package struct SharingBits: Hashable, Sendable {
    /// For each dense layer.
    package let dense: Int
    /// For each convolution.
    package let convolution: Int

    /// Bits from 1 to 8; the defaults are the paper's.
    package init(dense: Int = 5, convolution: Int = 8) {
      precondition((1...8).contains(dense) && (1...8).contains(convolution))
      (self.dense, self.convolution) = (dense, convolution)
    }
  }

  /// What became of one layer's weights.
  package struct SharedLayer: Hashable, Sendable {
    /// The tensor's name.
    package let name: String
    /// All weights.
    package let weights: Int
    /// Weights other than zero.
    package let nonzero: Int
    /// Entries that only fill a gap between positions.
    package let fillers: Int
    /// The values that weights other than zero have.
    package let centroids: Int
    /// The Huffman code of positions.
    package let positionBytes: Int
    /// The Huffman code of centroids' indices.
    package let indexBytes: Int
    /// The centroids as floats.
    package let codebookBytes: Int
    /// The lengths of both codes' words.
    package let lengthBytes: Int
    /// Whether the layer is stored so; else all of its weights are there as floats, which is smaller or was asked for.
    package let isShared: Bool

    /// Bytes of all parts.
    package var bytes: Int { positionBytes + indexBytes + codebookBytes + lengthBytes }
  }

  /// A model's file, and what became of its layers with weights.
  package struct SharedFile: Sendable {
    package let bytes: [UInt8]
    package let layers: [SharedLayer]
  }

  /// A file with shared weights where that is smaller, and the rest as ``write(_:)`` has it.
  ///
  /// A layer is shared if a mask of `scope` is over it or it has zeros. Its weights other than zero become centroids,
  /// and come back as them; positions and indices are two streams of Huffman codes.
  ///
  /// - Complexity: that of ``Codebook``, for each layer.
  package static func writeShared(_ model: Model, scope: PruningScope, bits: SharingBits = .init()) -> SharedFile {
    var parts: [SafetensorsFile.Part] = []
    var layers: [SharedLayer] = []
    var entries: [String] = []
    for tensor in ParameterLayout(model.network, scope: scope).tensors {
      guard tensor.role == .weight else {
        parts.append(dense(tensor, of: model))
        continue
      }
      let weights = model.parameters[tensor.range]
      let isWanted = tensor.maskRange != nil || weights.contains(0)
      let isConvolution = tensor.shape.count > 2
      let packed = SharedWeights(
        weights, bits: isConvolution ? bits.convolution : bits.dense, positionBits: isConvolution ? 8 : 5)
      let stored = packed.parts(tensor.name)
      let size = stored.reduce(sharedHeaderCost) { $0 + $1.elements.size }
      let isShared = isWanted && size < 4 * weights.count
      layers.append(packed.summary(tensor.name, weights: weights.count, isShared: isShared))
      guard isShared else {
        parts.append(dense(tensor, of: model))
        continue
      }
      parts += stored
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(SafetensorsFile.json(tensor.name)):{\"shape\":[\(shape)],\"entries\":\(packed.positions.steps.count)}")
    }
    let entry = (key: sharedKey, value: "{\(entries.joined(separator: ","))}")
    return SharedFile(
      bytes: SafetensorsFile.bytes(tensors: parts, metadata: metadata(model.network) + [entry]), layers: layers)
  }

  /// What four more tensors take in the header, roughly.
  private static let sharedHeaderCost = 360

  /// The tensors that metadata say are shared, with shapes and numbers of entries.
  static func sharedEntries(
    _ metadata: [String: String]
  ) throws(FormatError) -> [(name: String, (shape: [Int], entries: Int))] {
    try entries(metadata[sharedKey], key: sharedKey) { (cursor) throws(FormatError) in
      var shape: [Int]?
      var entries: Int?
      try cursor.object { (cursor, key, place) throws(FormatError) in
        switch key {
        case "shape" where shape == nil: shape = try cursor.integers(atMost: SafetensorsHeader.maximumRank)
        case "entries" where entries == nil: entries = try cursor.integer()
        default: throw .bad(place, found: quoted(key), expected: "shape and entries, each once")
        }
      }
      guard let shape, let entries else {
        throw .bad(nil, found: "a shared tensor without shape or entries", expected: "both")
      }
      return (shape, entries)
    }
  }
}
