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

/// A network in mid-training: everything that the next step depends on.
package struct TrainingState: Hashable, Sendable {
  package var parameters: [Float]
  /// The momentum buffer, one value a parameter.
  package var velocity: [Float]
  /// Epochs completed.
  package var epoch: Int

  package init(parameters: [Float], velocity: [Float], epoch: Int) {
    self.parameters = parameters
    self.velocity = velocity
    self.epoch = epoch
  }

  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "training-state", version: 1)
    bytes.append(epoch)
    Parameters.append(parameters, to: &bytes)
    Parameters.append(velocity, to: &bytes)
    return bytes
  }

  /// A state from its stored form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "training-state", version: 1)
    epoch = try reader.int()
    parameters = try Parameters.read(from: &reader)
    velocity = try Parameters.read(from: &reader)
    try reader.finish()
    guard parameters.count == velocity.count else { throw CanonicalError("parameters and velocity differ in length") }
  }
}
