internal import Digests

/// The running hash over all facts in sequence order: h_n = SHA-256(h_{n−1} ‖ canonical bytes of row n).
///
/// Sequence numbers begin at 1 and have no gaps, so the count is also the last number. A revoked fact keeps its place and
/// its bytes here; a lost one (damaged or missing) has a place and no bytes.
struct FactChain: Equatable, Sendable {
  private(set) var count = 0
  private(set) var hash = Digest(of: CanonicalBytes(kind: "fact-chain", version: 1).bytes)

  /// The number that the next fact gets.
  var next: Int { count + 1 }

  /// Adds the fact with number ``next``.
  mutating func append(_ fact: FactRow) { append(canonical: fact.canonicalBytes(sequence: next)) }

  /// Adds a place whose fact was lost.
  mutating func appendLost() {
    var bytes = CanonicalBytes(kind: "lost-row", version: 1)
    bytes.append(next)
    append(canonical: bytes.bytes)
  }

  /// Adds the canonical bytes of the row with number ``next``.
  mutating func append(canonical bytes: [UInt8]) {
    hash = Digest(of: hash.bytes + bytes)
    count += 1
  }
}
