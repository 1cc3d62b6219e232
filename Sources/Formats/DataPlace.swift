internal import Glibc

/// The folder that holds the files of a known data set.
package struct DataPlace: Hashable, Sendable {
  package let entry: CatalogueEntry
  package let folder: String

  /// The folders in which the files of a set may lie, given the data folder, in the order in which they are tried.
  ///
  /// Fashion-MNIST's files are called as MNIST's are, so the name of the folder decides which they are.
  package static func candidates(for entry: CatalogueEntry, in folder: String) -> [String] {
    let own = realName(folder)
    let isOthers = Catalogue.entries.contains { !$0.mayLieOpen && $0.folder == own }
    let open = own == entry.folder || entry.mayLieOpen && !isOthers
    return (open ? [folder] : []) + ([entry.folder] + entry.otherFolders).map { SampleFile.join(folder, $0) }
  }

  /// The first folder that holds any file of the set, or its archive.
  ///
  /// - Throws: ``FormatError/folderNeeded(dataSet:)`` without a folder, ``FormatError/missingFolder(path:)`` for one that
  ///   is not there, ``FormatError/missingFile(name:folders:)`` if none of the files is in any of the candidates.
  package static func find(_ entry: CatalogueEntry, in folder: String?) throws(FormatError) -> DataPlace {
    guard let folder, !folder.isEmpty else { throw .folderNeeded(dataSet: entry.name) }
    guard RegularFile.exists(folder) else { throw .missingFolder(path: folder) }
    let candidates = candidates(for: entry, in: folder)
    for candidate in candidates {
      let place = DataPlace(entry: entry, folder: candidate)
      if place.holdsFiles || place.archivePath != nil { return place }
    }
    throw .missingFile(name: entry.files[0].name, folders: candidates)
  }

  /// Whether a single file lies here, plain or packed.
  package var holdsFiles: Bool { entry.files.contains { SampleFile.path(of: $0.name, in: folder) != nil } }

  /// The names of the files that lie here neither plain nor packed.
  package var missingFiles: [String] {
    entry.files.map(\.name).filter { SampleFile.path(of: $0, in: folder) == nil }
  }

  /// The path of the authors' archive, if it lies here.
  package var archivePath: String? {
    guard entry.isArchive else { return nil }
    return entry.downloads.map { SampleFile.join(folder, $0.name) }.first { RegularFile.exists($0) }
  }

  /// Whether the data must come out of the archive.
  var holdsOnlyArchive: Bool { !holdsFiles && archivePath != nil }

  /// The last part of the path behind links, `.` and `..`; empty if there is no such folder.
  private static func realName(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return "" }
    defer { free(real) }
    return String(cString: real).split(separator: "/").last.map(String.init) ?? ""
  }
}
