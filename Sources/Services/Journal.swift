internal import Glibc
internal import Synchronization

/// A file that grows by whole lines, for counting what a worker really computed.
final class Journal: Sendable {
  private let descriptor: Int32

  /// - Throws: ``JournalError`` if the file cannot be opened for appending.
  init(path: String) throws(JournalError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw JournalError(description: "cannot open the journal \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// One write call a line, so that a kill never leaves half of one.
  func append(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }
}

/// A journal that cannot be kept.
package struct JournalError: Error, CustomStringConvertible {
  package let description: String
}
