/// An array of samples or labels from a file of any format that has arrays.
struct SampleArray {
  /// How messages call the file, with the member of an archive.
  let file: String
  let array: NPYArray

  /// A whole file with what it holds.
  enum Content {
    case array(SampleArray)
    case archive(NPZ, file: String)
    case text(SampleFile)
  }

  /// The file at a path, told by its content: NPY, NPZ or IDX, plain or gzipped, and text for all else.
  ///
  /// - Throws: ``FormatError`` where it is missing, unreadable, too large or not what it begins like.
  static func read(_ path: String, limit: Int) throws(FormatError) -> Content {
    let file = try SampleFile.read(path, limit: limit)
    do throws(FormatError) {
      if NPY.isNPY(file.bytes) { return .array(SampleArray(file: file.name, array: try NPY.read(file.bytes))) }
      if ZipArchive.isZip(file.bytes) { return .archive(try NPZ(file.bytes, limit: limit), file: file.name) }
      if file.bytes.starts(with: [0, 0]) {
        let idx = try IDX.read(file.bytes)
        guard let array = NPYArray(shape: idx.dimensions, values: .bytes(idx.values)) else {
          throw .bad(.byte(3), found: "\(idx.dimensions.count) dimensions", expected: "at most \(NPYArray.maximumRank)")
        }
        return .array(SampleArray(file: file.name, array: array))
      }
    } catch { throw error.naming(file.name) }
    return .text(file)
  }

  /// The labels 0...255 that the array holds: [N] or, as some write them, [N, 1].
  func labels() throws(FormatError) -> [UInt8] {
    let shape = array.shape
    guard shape.count == 1 || shape.count == 2 && shape[1] == 1 else {
      throw wrong(found: "labels of shape \(Dimensions.words(shape))", expected: "one dimension")
    }
    switch array.values {
    case .bytes(let values): return values
    case .ints(let values):
      if let index = values.firstIndex(where: { UInt8(exactly: $0) == nil }) {
        throw wrong(found: "label \(values[index]) of sample \(index)", expected: "a label from 0 to 255")
      }
      return values.map { UInt8($0) }
    case .floats: throw wrong(found: "decimals", expected: "labels, which are integers")
    }
  }

  /// The array with the channels of [N, H, W, C] put before the rows.
  func channelsFirst() throws(FormatError) -> SampleArray {
    guard array.shape.count == 4 else {
      throw wrong(found: "the shape \(Dimensions.words(array.shape))", expected: "samples × rows × columns × channels")
    }
    let values: NPYArray.Values =
      switch array.values {
      case .bytes(let values): .bytes(channelsFirst(values))
      case .ints(let values): .ints(channelsFirst(values))
      case .floats(let values): .floats(channelsFirst(values))
      }
    let shape = [array.shape[0], array.shape[3], array.shape[1], array.shape[2]]
    guard let moved = NPYArray(shape: shape, values: values) else { preconditionFailure("the same number of values") }
    return SampleArray(file: file, array: moved)
  }

  private func channelsFirst<Value>(_ values: [Value]) -> [Value] {
    let (channels, pixels) = (array.shape[3], array.shape[1] * array.shape[2])
    var out: [Value] = []
    out.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: max(1, channels * pixels)) {
      for channel in 0..<channels {
        for pixel in 0..<pixels { out.append(values[start + pixel * channels + channel]) }
      }
    }
    return out
  }

  func wrong(found: String, expected: String) -> FormatError {
    .badData(file: file, place: nil, found: found, expected: expected)
  }
}
