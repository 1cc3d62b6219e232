internal import Models
package import Pruning

/// Masks in files: NPY with one value a prunable weight, 0 for a removed one.
package enum MaskFile {
  /// Writes a mask, whole or not at all.
  ///
  /// - Throws: ``FormatError/unwritable(path:reason:)``.
  package static func save(_ mask: Mask, path: String) throws(FormatError) {
    let bits = (0..<mask.count).map { UInt8(mask[$0] ? 1 : 0) }
    try WholeFile.replace(path, with: NPY.write(NPYArray(shape: [bits.count], values: .bytes(bits))!))
  }

  /// The mask in a file.
  ///
  /// - Parameter count: the number of bits that it must have.
  /// - Throws: ``FormatError`` for a file that is missing or damaged, or holds something else than that many zeros and
  ///   ones.
  package static func load(path: String, count: Int) throws(FormatError) -> Mask {
    do throws(FormatError) {
      let array = try NPY.read(try SampleFile.read(path, limit: 1 << 32).bytes)
      guard array.values.count == count else {
        throw .bad(nil, found: "an array of \(array.shape)", expected: "\(count) values, one a prunable weight")
      }
      let values: [Double] =
        switch array.values {
        case .bytes(let bytes): bytes.map { Double($0) }
        case .ints(let ints): ints.map { Double($0) }
        case .floats(let floats): floats.map { Double($0) }
        }
      if let wrong = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
        throw .bad(nil, found: "\(values[wrong]) at \(wrong)", expected: "zeros and ones")
      }
      return Mask(count: count, keeping: values.indices.filter { values[$0] == 1 })
    } catch { throw error.naming(path) }
  }
}
