package import Digests

extension RunStore {
  /// Stores bytes under their digest, durable when this returns; an intact blob that is there already is left alone.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  /// - Complexity: linear in the number of bytes, with three fsyncs for a new blob.
  @discardableResult
  package func storeBlob(_ bytes: [UInt8]) throws(RunStoreError) -> Digest {
    let digest = Digest(of: bytes)
    try writing("store a blob in") { () throws(RunStoreError) in
      if let there = try Files.read(layout.blob(digest)), there == bytes { return }
      let folder = try blobFolder(for: digest)
      try Files.replace(layout.blob(digest), in: folder, with: bytes, by: layout)
    }
    return digest
  }

  /// The bytes of a blob, checked against its digest.
  ///
  /// - Throws: ``RunStoreError/noBlob(_:path:)``, ``RunStoreError/damagedBlob(_:path:found:)``, or what the operating system
  ///   says.
  /// - Complexity: linear in the number of bytes.
  package func blob(_ digest: Digest) throws(RunStoreError) -> [UInt8] {
    guard let bytes = try Files.read(layout.blob(digest)) else { throw .noBlob(digest, path: layout.directory) }
    let found = Digest(of: bytes)
    guard found == digest else {
      throw .damagedBlob(
        digest, path: layout.directory, found: "\(bytes.count) bytes with the digest \(found.short)")
    }
    return bytes
  }

  /// What is wrong with a blob, for people; nil for a sound one.
  ///
  /// - Complexity: linear in the number of bytes.
  package func complaint(aboutBlob digest: Digest) -> String? {
    do throws(RunStoreError) {
      _ = try blob(digest)
      return nil
    } catch {
      return switch error {
      case .noBlob: "is missing"
      case .damagedBlob(_, _, let found): "is damaged (\(found))"
      default: "cannot be read (\(error))"
      }
    }
  }

  /// Whether a blob is there; its bytes are checked when they are read.
  package func hasBlob(_ digest: Digest) -> Bool { Files.exists(layout.blob(digest)) }

  /// The digests of all blobs, in order, for `gc` and `verify`.
  ///
  /// - Complexity: O(b log b) in the number of blobs.
  package func blobs() throws(RunStoreError) -> [Digest] {
    var digests: [Digest] = []
    for folder in try Files.names(in: layout.blobs) ?? [] where folder.utf8.count == 2 {
      let names = try Files.names(in: layout.blobs + "/" + folder) ?? []
      digests += names.filter { $0.hasPrefix(folder) }.compactMap { Digest(hex: $0) }
    }
    return digests.sorted()
  }

  /// Removes a blob that nothing names any more; one that is not there is as good as removed.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func removeBlob(_ digest: Digest) throws(RunStoreError) {
    try writing("remove a blob of") { () throws(RunStoreError) in try Files.remove(layout.blob(digest)) }
  }

  /// Begins to receive a blob in pieces.
  ///
  /// - Parameter byteCount: how many bytes were announced; no more are accepted.
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func blobWriter(for digest: Digest, byteCount: Int) throws(RunStoreError) -> BlobWriter {
    try BlobWriter(self, digest, byteCount)
  }

  /// Makes sure of the folder that a blob goes to.
  func blobFolder(for digest: Digest) throws(RunStoreError) -> String {
    let folder = layout.blobFolder(digest)
    try Files.makeFolder(folder, in: layout.blobs)
    return folder
  }
}
