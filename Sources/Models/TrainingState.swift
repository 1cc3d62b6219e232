package import Digests

/// A network in mid-training: everything that the next step depends on.
package struct TrainingState: Hashable, Sendable {
  /// All values of the network's ``ParameterLayout``.
  package var parameters: [Float]
  /// What the optimizer remembers, each with one value a trainable parameter: momentum; or Adam's two running means.
  package var slots: [[Float]]
  /// Optimizer steps done.
  package var step: Int

  package init(parameters: [Float], slots: [[Float]], step: Int) {
    self.parameters = parameters
    self.slots = slots
    self.step = step
  }

  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "training-state", version: 2)
    bytes.append(step)
    Parameters.append(parameters, to: &bytes)
    bytes.append(list: slots) { Parameters.append($1, to: &$0) }
    return bytes
  }

  /// A state from its stored form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "training-state", version: 2)
    step = try reader.int()
    parameters = try Parameters.read(from: &reader)
    slots = []
    for _ in 0..<(try reader.count(width: 8)) { slots.append(try Parameters.read(from: &reader)) }
    try reader.finish()
    guard step >= 0, slots.allSatisfy({ $0.count == slots[0].count && $0.count <= parameters.count }) else {
      throw CanonicalError("an impossible step, or optimizer values that do not fit the parameters")
    }
  }
}
