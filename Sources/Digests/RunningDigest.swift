internal import Crypto

/// SHA-256 of bytes that come in parts.
package struct RunningDigest: Sendable {
  private var hash = SHA256()

  package init() {}

  package mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } }

  /// The digest of everything appended so far.
  package var digest: Digest { Digest(hash.finalize()) }
}
