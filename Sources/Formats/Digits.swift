package import Models

/// The UCI optical handwritten digits, which come inside the binary.
///
/// 1,797 images of 8 × 8 pixels with values 0...16: the test part of E. Alpaydin, C. Kaynak, "Optical Recognition of
/// Handwritten Digits", UCI Machine Learning Repository, 1998, licensed under CC BY 4.0.
package enum Digits {
  /// The number of samples.
  package static let count = 1797

  /// All samples, in the order of the original file; there is no official test set.
  ///
  /// - Complexity: unpacks and parses 264,712 bytes at each call; keep the result.
  package static func load() -> LabelledData {
    let columns = Array(repeating: 0...16, count: 64) + [0...9]
    do {
      let text = try Gzip.decompress(PackageResources.digits_csv_gz, limit: 1 << 20)
      let values = try CSV.readIntegers(text, columns: columns, rows: count)
      var pixels: [UInt8] = []
      pixels.reserveCapacity(64 * count)
      var labels: [UInt8] = []
      labels.reserveCapacity(count)
      for row in stride(from: 0, to: values.count, by: columns.count) {
        for value in values[row..<row + 64] { pixels.append(UInt8(value)) }
        labels.append(UInt8(values[row + 64]))
      }
      return try LabelledData(shape: [8, 8], classes: 10, scale: 16, pixels: pixels, labels: labels)
    } catch {
      preconditionFailure("the embedded digits are damaged: \(error)")
    }
  }
}
