/// A reader of bytes that come from outside, with what it may cost and inputs to begin with.
package struct Decoder: Sendable {
  /// The most bytes that may be held at once while an input is read, beyond the input itself.
  package struct Limit: Sendable {
    package let base: Int
    package let perByte: Int

    /// - Returns: the limit for an input of so many bytes.
    package func bytes(for count: Int) -> Int { base + perByte * count }
  }

  package let name: String
  package let limit: Limit
  /// Whether an input came to a value; false where it was refused. It traps where a value is not sound.
  package let read: @Sendable ([UInt8]) -> Bool
  /// Sound inputs, made by our own writers.
  package let seeds: @Sendable () throws -> [[UInt8]]

  init(
    _ name: String, base: Int = 1 << 20, perByte: Int = 16, seeds: @escaping @Sendable () throws -> [[UInt8]],
    read: @escaping @Sendable ([UInt8]) throws -> Bool
  ) {
    self.name = name
    limit = Limit(base: base, perByte: perByte)
    self.seeds = seeds
    self.read = { (try? read($0)) ?? false }
  }

  /// Every one, those of the network first.
  package static let all = wire + stored + searches + formats + texts

  /// Takes a hundred megabytes for any input: whoever watches the limits has to see it.
  private static let glutton = Decoder("glutton", seeds: { [[1, 2, 3]] }) { bytes in
    let taken = [UInt8](repeating: bytes.first ?? 0, count: 100 << 20)
    return taken[taken.count / 2] >= 0
  }

  /// The decoder of a name; nil if there is none.
  package static func named(_ name: String) -> Decoder? { (all + [glutton]).first { $0.name == name } }
}

/// Traps, so that a fuzzer keeps the input: a value was accepted that cannot be.
func sound(_ isSound: Bool, _ what: StaticString) -> Bool {
  precondition(isSound, "\(what)")
  return true
}
