package import Digests
internal import Foundation
internal import Glibc

/// Fetches files over http and https, or from a local mirror, and keeps none whose SHA-256 is not the expected one.
package struct Downloader: Sendable {
  /// The longest time without a byte, the connecting included.
  package var silence: Duration
  /// The longest time for one file.
  package var total: Duration

  package init(silence: Duration = .seconds(60), total: Duration = .seconds(4 * 3600)) {
    self.silence = silence
    self.total = total
  }

  /// Whether a file lies at `path` that has this SHA-256 and at most `limit` bytes; a longer one is not read.
  private static func isThere(_ path: String, limit: Int, sha256: Digest) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return PendingFile.content(of: descriptor, limit: limit).map { Digest(of: $0) == sha256 } ?? false
  }

  /// Puts the file of one of the addresses at `path`, unless the right one is there already.
  ///
  /// The bytes go into a file of another name beside `path`, which gets its name when they are whole, right and
  /// durable. What lies at `path` is never replaced. After an error nothing of the download is left.
  ///
  /// - Parameters:
  ///   - addresses: http, https or file addresses or paths, at least one; the next is tried when one fails.
  ///   - path: In a folder that exists.
  ///   - limit: The most bytes that the file may have.
  ///   - sha256: What the file must have.
  /// - Returns: false if the right file was there.
  /// - Throws: ``DownloadError/occupied(path:)`` before anything is fetched if another file lies at `path`; else the
  ///   ``DownloadError`` of the first address.
  package func fetch(
    _ addresses: [String], to path: String, limit: Int, sha256: Digest
  ) async throws(DownloadError) -> Bool {
    precondition(!addresses.isEmpty, "a download from nowhere")
    if Self.isThere(path, limit: limit, sha256: sha256) { return false }
    guard !PendingFile.exists(path) else { throw .occupied(path: path) }
    var first: DownloadError?
    for address in addresses {
      do throws(DownloadError) {
        try await fetch(address, to: path, limit: limit, sha256: sha256)
        return true
      } catch {
        // The folder does not get better with another server.
        switch error {
        case .disk, .occupied: throw error
        case .unusableAddress, .status, .redirect, .tooLarge, .connection, .timeOut, .checksum: break
        }
        first = first ?? error
      }
    }
    throw first!
  }

  private func fetch(_ address: String, to path: String, limit: Int, sha256: Digest) async throws(DownloadError) {
    let file = try PendingFile(for: path)
    if address.contains("://"), !address.hasPrefix("file://") {
      guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
        throw .unusableAddress(address)
      }
      let transfer = Transfer(address: address, descriptor: file.descriptor, path: path, limit: limit)
      try await transfer.run(url, silence: silence, total: total)
    } else {
      try copy(address, to: file, limit: limit)
    }
    let found = try file.digest()
    guard found == sha256 else { throw .checksum(address: address, found: found, expected: sha256) }
    try file.keep()
  }

  private func copy(_ address: String, to file: borrowing PendingFile, limit: Int) throws(DownloadError) {
    let source = address.hasPrefix("file://") ? URL(string: address)?.path ?? "" : address
    let descriptor = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .connection(address: address, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .connection(address: address, reason: "it is not a regular file")
    }
    guard status.st_size <= limit else { throw .tooLarge(address: address, limit: limit) }
    guard let bytes = PendingFile.content(of: descriptor, limit: limit) else {
      throw .connection(address: address, reason: String(cString: strerror(errno)))
    }
    try file.write(bytes[...])
  }
}
