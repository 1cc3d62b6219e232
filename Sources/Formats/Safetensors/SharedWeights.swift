internal import Networks

/// One layer's weights as centroids, positions and indices, ready to be written.
struct SharedWeights {
  let positions: RelativeIndex
  private let codebook: Codebook
  private let positionCode: HuffmanCode
  private let positionStream: [UInt8]
  private let indexCode: HuffmanCode
  private let indexStream: [UInt8]

  /// What the tensors are called, behind the name of what they hold.
  fileprivate static let suffixes = (
    codebook: ".codebook", positions: ".positions", positionLengths: ".position_lengths", indices: ".indices",
    indexLengths: ".index_lengths"
  )

  /// - Complexity: that of ``Codebook``, and linear in the number of weights.
  init(_ weights: ArraySlice<Float>, bits: Int, positionBits: Int) {
    let nonzero = weights.indices.filter { weights[$0] != 0 }
    let positions = RelativeIndex(nonzero.map { $0 - weights.startIndex }, bits: positionBits)
    let codebook = Codebook(nonzero.map { weights[$0] }, bits: bits)
    // The index behind the last centroid is that of fillers, which stand for zero.
    let filler = UInt16(codebook.centroids.count)
    var rest = nonzero[...]
    let indices = positions.isFiller.map { isFiller in
      isFiller ? filler : UInt16(codebook.index(of: weights[rest.removeFirst()]))
    }
    positionCode = HuffmanCode(frequencies: Self.frequencies(positions.steps, of: 1 << positionBits))
    indexCode = HuffmanCode(frequencies: Self.frequencies(indices, of: Int(filler) + 1))
    positionStream = positionCode.encode(positions.steps)
    indexStream = indexCode.encode(indices)
    (self.positions, self.codebook) = (positions, codebook)
  }

  private static func frequencies(_ symbols: [UInt16], of count: Int) -> [Int] {
    var frequencies = [Int](repeating: 0, count: count)
    for symbol in symbols { frequencies[Int(symbol)] += 1 }
    return frequencies
  }

  /// The tensors of a file that hold the weights of a tensor of this name.
  func parts(_ name: String) -> [SafetensorsFile.Part] {
    func bytes(_ suffix: String, _ bytes: [UInt8]) -> SafetensorsFile.Part {
      (name + suffix, [bytes.count], .bytes(bytes, .uint8))
    }
    return [
      (name + Self.suffixes.codebook, [codebook.centroids.count], .floats(codebook.centroids[...])),
      bytes(Self.suffixes.positions, positionStream), bytes(Self.suffixes.positionLengths, positionCode.lengths),
      bytes(Self.suffixes.indices, indexStream), bytes(Self.suffixes.indexLengths, indexCode.lengths),
    ]
  }

  /// What became of the weights.
  func summary(_ name: String, weights: Int, isShared: Bool) -> Safetensors.SharedLayer {
    let fillers = positions.isFiller.count { $0 }
    return Safetensors.SharedLayer(
      name: name, weights: weights, nonzero: positions.steps.count - fillers, fillers: fillers,
      centroids: codebook.centroids.count, positionBytes: positionStream.count, indexBytes: indexStream.count,
      codebookBytes: 4 * codebook.centroids.count,
      lengthBytes: positionCode.lengths.count + indexCode.lengths.count, isShared: isShared)
  }
}

/// The five tensors of a file that are one tensor of shared weights.
struct StoredShares {
  private let entries: Int
  private let codebook: SafetensorsFile.Tensor
  private let positions: SafetensorsFile.Tensor
  private let positionLengths: SafetensorsFile.Tensor
  private let indices: SafetensorsFile.Tensor
  private let indexLengths: SafetensorsFile.Tensor

  /// Takes the five out of a file.
  ///
  /// - Parameter entries: how many code words each of both streams has.
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` where one is not there.
  init(_ name: String, entries: Int, from parts: inout StoredParts) throws(FormatError) {
    self.entries = entries
    let suffixes = SharedWeights.suffixes
    codebook = try parts.take(name + suffixes.codebook)
    positions = try parts.take(name + suffixes.positions)
    positionLengths = try parts.take(name + suffixes.positionLengths)
    indices = try parts.take(name + suffixes.indices)
    indexLengths = try parts.take(name + suffixes.indexLengths)
  }

  /// The values of a tensor of this shape: centroids and zeros.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for parts that contradict each other.
  func unpacked(shape: [Int]) throws(FormatError) -> [Float] {
    guard let count = Dimensions.product(shape) else {
      throw .bad(nil, found: "shared weights of shape \(shape)", expected: "a possible one")
    }
    // Each entry, fillers too, is at a place of its own.
    guard entries <= count else {
      throw .bad(nil, found: "\(entries) entries", expected: "at most \(count), one for each value")
    }
    let types = [codebook, positions, positionLengths, indices, indexLengths].map(\.type)
    guard types == [.float32, .uint8, .uint8, .uint8, .uint8] else {
      throw .bad(
        nil, found: "parts of types \(types.map(\.rawValue).joined(separator: ", "))",
        expected: "a codebook of F32, and U8")
    }
    let centroids = codebook.values
    guard centroids.count <= 256, indexLengths.bytes.count == centroids.count + 1 else {
      throw .bad(
        nil, found: "\(centroids.count) centroids and \(indexLengths.bytes.count) code lengths",
        expected: "at most 256 centroids, and one length more")
    }
    guard let bits = (1...8).first(where: { 1 << $0 == positionLengths.bytes.count }) else {
      throw .bad(
        nil, found: "code lengths of \(positionLengths.bytes.count) distances", expected: "a power of two up to 256")
    }
    let steps = try HuffmanCode(lengths: Array(positionLengths.bytes)).decode(positions.bytes, count: entries)
    let symbols = try HuffmanCode(lengths: Array(indexLengths.bytes)).decode(indices.bytes, count: entries)
    let fillers = symbols.map { $0 == centroids.count }
    let places = try RelativeIndex(steps: steps, isFiller: fillers, bits: bits).positions(below: count)
    var values = [Float](repeating: 0, count: count)
    var rest = places[...]
    for symbol in symbols where symbol != centroids.count { values[rest.removeFirst()] = centroids[Int(symbol)] }
    return values
  }
}
