package import Digests

/// Compares the files of a known data set with what the catalogue says of them.
package struct DataCheck: Sendable {
  /// What a file is found to be.
  package enum State: Hashable, Sendable {
    /// The original, byte for byte, or its content in another gzip file.
    case original
    case missing
    /// Sound as far as it can be told, but not the original; with the SHA-256 of its content.
    case different(Digest)
    /// Of the right length, but no checksum of the unpacked original has been published.
    case unknown(Digest)
    /// It cannot be read.
    case unreadable(FormatError)
  }

  /// A file and its state.
  package struct Finding: Hashable, Sendable {
    package let name: String
    /// Where it lies; nil if it is missing.
    package let path: String?
    package let state: State
  }

  /// One finding for each file of the set, or one for the archive where only that is there.
  ///
  /// - Parameter place: The folder with the files.
  /// - Complexity: linear in the lengths of the files; one file and its content are held at a time.
  package static func findings(in place: DataPlace) -> [Finding] {
    if place.holdsOnlyArchive, let path = place.archivePath {
      return place.entry.downloads.map { download in
        Finding(name: download.name, path: path, state: state(ofArchive: path, download))
      }
    }
    return findings(of: place.entry.files, in: place.folder)
  }

  /// One finding for each of these files in a folder.
  package static func findings(of files: [CatalogueEntry.File], in folder: String) -> [Finding] {
    files.map { file in
      guard let path = SampleFile.path(of: file.name, in: folder) else {
        return Finding(name: file.name, path: nil, state: .missing)
      }
      return Finding(name: file.name, path: path, state: state(of: path, file))
    }
  }

  private static func state(ofArchive path: String, _ download: CatalogueEntry.Download) -> State {
    do throws(FormatError) {
      let digest = Digest(of: try RegularFile.read(path, limit: CIFAR.fileLimit))
      return digest == download.sha256 ? .original : .different(digest)
    } catch { return .unreadable(error) }
  }

  private static func state(of path: String, _ file: CatalogueEntry.File) -> State {
    do throws(FormatError) {
      var bytes = try RegularFile.read(path, limit: CIFAR.fileLimit)
      if Gzip.isGzip(bytes) {
        if Digest(of: bytes) == file.packed { return .original }
        do { bytes = try Gzip.decompress(bytes, limit: CIFAR.fileLimit) } catch { throw error.naming(path) }
      }
      let digest = Digest(of: bytes)
      guard bytes.count == file.size else { return .different(digest) }
      guard let content = file.content else { return .unknown(digest) }
      return digest == content ? .original : .different(digest)
    } catch { return .unreadable(error) }
  }
}

extension DataCheck.State: CustomStringConvertible {
  package var description: String {
    switch self {
    case .original: "ok"
    case .missing: "missing"
    case .different(let digest): "differs: not an original file (SHA-256 of the content \(digest.hex))"
    case .unknown(let digest): "not known: no checksum of the unpacked file is published (SHA-256 \(digest.hex))"
    case .unreadable(let error): "unreadable: \(error)"
    }
  }
}
