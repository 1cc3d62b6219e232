package import Digests
package import Models

/// A data set that lies in files: what they are called, how long they are, their checksums, and where they come from.
package struct CatalogueEntry: Hashable, Sendable {
  /// A file that a reader wants, plain or gzipped.
  package struct File: Hashable, Sendable {
    package let name: String
    /// The length of its content, unpacked.
    package let size: Int
    /// SHA-256 of the content, where it has been published or could be computed.
    package let content: Digest?
    /// SHA-256 of the authors' own gzip file of it, where they distribute one.
    package let packed: Digest?
  }

  /// A file as its authors distribute it.
  package struct Download: Hashable, Sendable {
    package let name: String
    package let size: Int
    package let sha256: Digest
  }

  package let dataset: KnownDataset
  package let trainingCount: Int
  package let testCount: Int
  /// The folder below the data folder into which a download goes and where files are looked for.
  package let folder: String
  /// Other folders that the files may lie in, as the authors' archive makes them.
  package let otherFolders: [String]
  /// Whether files may also lie in the data folder itself whatever it is called; false for a set whose files have the
  /// names of another's.
  package let mayLieOpen: Bool
  package let trainingFiles: [File]
  package let testFiles: [File]
  package let downloads: [Download]
  /// Whether the one download is a `tar.gz` with the files in it.
  package let isArchive: Bool
  /// URL prefixes to which the names of the downloads are appended, the first one first.
  package let sources: [String]

  package var name: String { dataset.name }

  package var files: [File] { trainingFiles + testFiles }
}
