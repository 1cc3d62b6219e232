package import Digests

/// Why a file was not downloaded; nothing was left behind then.
package enum DownloadError: Error, Hashable, Sendable {
  /// Neither an http or https address nor a file.
  case unusableAddress(String)
  /// The server answered with another status than 200.
  case status(address: String, code: Int)
  /// The server sent on to an address that is neither http nor https, or in circles.
  case redirect(address: String, to: String)
  /// More bytes than the file can have.
  case tooLarge(address: String, limit: Int)
  /// The connection failed, or ended early.
  case connection(address: String, reason: String)
  /// Nothing came for so long, or the whole took too long.
  case timeOut(address: String, after: Duration)
  /// The bytes are others than expected.
  case checksum(address: String, found: Digest, expected: Digest)
  /// Another file has the name already.
  case occupied(path: String)
  /// The disk refused.
  case disk(path: String, reason: String)
}

extension DownloadError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unusableAddress(let address):
      "cannot fetch from '\(address)', expected an http or https address, a file:// address or a path"
    case .status(let address, let code):
      "\(address): found HTTP status \(code), expected 200"
    case .redirect(let address, let to):
      "\(address): found a redirection to '\(to)', expected the file or a few redirections to http or https"
    case .tooLarge(let address, let limit):
      "\(address): found more than \(limit) bytes, expected at most that many"
    case .connection(let address, let reason):
      "\(address): \(reason)"
    case .timeOut(let address, let duration):
      "\(address): gave up after \(duration)"
    case .checksum(let address, let found, let expected):
      "\(address): found SHA-256 \(found.hex), expected \(expected.hex); nothing was kept"
    case .occupied(let path):
      "\(path) is not the original file, and is not replaced: move it away, or give another folder with --data"
    case .disk(let path, let reason):
      "cannot write \(path): \(reason)"
    }
  }
}
