package import Digests
internal import Glibc
internal import Synchronization

/// A blob that arrives in pieces, in order, and becomes visible only when all of it is there and right.
///
/// A writer that is dropped unfinished removes what it wrote.
package final class BlobWriter: Sendable {
  /// The size of the pieces in which blobs travel, in bytes.
  package static let chunkSize = 256 << 10

  /// The digest that the bytes must have.
  package let digest: Digest
  /// How many bytes were announced.
  package let byteCount: Int

  private let store: RunStore
  private let temporary: String
  private let state: Mutex<State>

  private struct State: ~Copyable, Sendable {
    var file: Descriptor?
    var received = 0
  }

  init(_ store: RunStore, _ digest: Digest, _ byteCount: Int) throws(RunStoreError) {
    let temporary = store.layout.partialFile(Files.uniqueName())
    self.store = store
    self.digest = digest
    self.byteCount = byteCount
    self.temporary = temporary
    var file: Descriptor?
    try store.writing("receive a blob in") { () throws(RunStoreError) in
      file = try Descriptor(temporary, O_RDWR | O_CREAT | O_EXCL, operation: "create")
    }
    state = Mutex(State(file: file))
  }

  deinit { discard() }

  /// The number of bytes received so far, which is where the next piece begins.
  package var received: Int { state.withLock { $0.received } }

  /// Adds the next piece; pieces of ``chunkSize`` bytes are what the protocol sends, any size is right here.
  ///
  /// - Throws: ``RunStoreError/rejected(operation:found:)`` if more arrives than was announced.
  package func append(_ piece: [UInt8]) throws(RunStoreError) {
    try state.withLock { state throws(RunStoreError) in
      guard state.file != nil else { throw ended }
      guard piece.count <= byteCount - state.received else {
        throw .rejected(operation: "receive blob \(digest.short)", found: "more than \(byteCount) bytes arrived")
      }
      try store.writing("receive a blob in") { () throws(RunStoreError) in try state.file?.write(piece) }
      state.received += piece.count
    }
  }

  /// Checks the digest and puts the blob in its place, durable when this returns.
  ///
  /// The bytes are read back for it, so what is checked is what was kept.
  ///
  /// - Throws: ``RunStoreError/rejected(operation:found:)`` if the bytes are not those announced; the writer is of no
  ///   more use then.
  /// - Complexity: linear in the number of bytes, in time and memory.
  package func finish() throws(RunStoreError) {
    try state.withLock { state throws(RunStoreError) in
      guard let file = state.file.take() else { throw ended }
      do throws(RunStoreError) {
        try store.writing("receive a blob in") { () throws(RunStoreError) in
          let bytes = try file.read()
          guard bytes.count == byteCount, Digest(of: bytes) == digest else {
            throw .rejected(
              operation: "receive blob \(digest.short)",
              found: "\(bytes.count) of \(byteCount) bytes arrived, with the digest \(Digest(of: bytes).short)")
          }
          try file.sync()
          let folder = try store.blobFolder(for: digest)
          try Files.move(temporary, to: store.layout.blob(digest), in: folder)
        }
      } catch {
        _ = unlink(temporary)
        throw error
      }
    }
  }

  /// Gives up and removes what was received; after ``finish()`` it does nothing.
  package func discard() {
    state.withLock { state in
      if state.file.take() != nil { _ = unlink(temporary) }
    }
  }

  private var ended: RunStoreError {
    .rejected(operation: "receive blob \(digest.short)", found: "its writer has ended")
  }
}
