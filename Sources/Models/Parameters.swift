package import Digests

/// The stored form of a parameter buffer: little-endian `Float` bit patterns behind a heading.
package enum Parameters {
  /// - Complexity: linear in the number of values.
  package static func canonicalBytes(of values: [Float]) -> [UInt8] {
    var bytes = CanonicalBytes(kind: "parameters", version: 1)
    append(values, to: &bytes)
    return bytes.bytes
  }

  /// Values from their stored form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form.
  package static func values(canonical: [UInt8]) throws(CanonicalError) -> [Float] {
    var reader = try CanonicalReader(canonical, kind: "parameters", version: 1)
    let values = try read(from: &reader)
    try reader.finish()
    return values
  }

  package static func append(_ values: [Float], to bytes: inout CanonicalBytes) {
    bytes.append(raw: values.withUnsafeBytes { Array($0) })
  }

  package static func read(from reader: inout CanonicalReader) throws(CanonicalError) -> [Float] {
    let raw = try reader.raw()
    guard raw.count % 4 == 0 else { throw CanonicalError("\(raw.count) bytes are not whole Floats") }
    return [Float](unsafeUninitializedCapacity: raw.count / 4) { buffer, count in
      raw.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      count = raw.count / 4
    }
  }
}
