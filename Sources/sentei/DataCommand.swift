import ArgumentParser
import Digests
import Downloads
import Formats
import Foundation
import Models
import Reports

/// `sentei data`: the known data sets.
struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "List the known data sets, verify their files, fetch them.",
    subcommands: [DataListCommand.self, DataVerifyCommand.self, DataFetchCommand.self])
}

/// Where the commands look for data sets.
struct DataFolderOption: ParsableArguments {
  @Option(help: "The folder of data sets; by default the environment variable SENTEI_DATA.")
  var data: String?

  var folder: String? { DataOption.folder(data) }
}

/// `sentei data list`: a table.
struct DataListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the known data sets and where they are found.",
    discussion: "`sentei data verify` reads the files, which this command does not.")

  @OptionGroup var location: DataFolderOption

  func run() async throws {
    try await reporting {
      let rows = KnownDataset.all.map { dataset in
        let entry = Catalogue.entry(named: dataset.name)
        let shape = dataset.shape.map(String.init).joined(separator: " × ")
        let test = entry.map { "\($0.testCount)" } ?? "none"
        return [dataset.name, "\(entry?.trainingCount ?? Digits.count)", test, shape, "\(dataset.classes)"]
      }
      let places = KnownDataset.all.map { Catalogue.entry(named: $0.name).map(state) ?? "inside sentei" }
      let table = TextTable.aligned(header: ["name", "samples", "test", "shape", "classes"], rows: rows)
      for (line, place) in zip(table.split(separator: "\n"), ["found", "-----"] + places) {
        print("\(line)  \(place)")
      }
    }
  }

  private func state(of entry: CatalogueEntry) -> String {
    do {
      let place = try DataPlace.find(entry, in: location.folder)
      guard place.holdsFiles else { return place.archivePath ?? place.folder }
      let missing = place.missingFiles
      return missing.isEmpty ? place.folder : "\(place.folder), without \(missing.joined(separator: ", "))"
    } catch {
      switch error {
      case .folderNeeded: return "nowhere: no --data or SENTEI_DATA"
      default: return "nowhere: `sentei data fetch \(entry.name)`"
      }
    }
  }
}

/// `sentei data verify`: whether the files are the originals.
struct DataVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare the files of data sets with the published originals.",
    discussion: """
      Without a name, all sets of which any file is found. Ends with 65 if a file differs from its original or cannot \
      be read, else with 66 if one is missing.
      """)

  @Argument(help: "The data set.")
  var name: String?

  @OptionGroup var location: DataFolderOption

  func run() async throws {
    try await reporting {
      var differs = false
      var lacks = false
      for place in try places() {
        print("\(place.entry.name) in \(place.folder)")
        for finding in DataCheck.findings(in: place) {
          print("  \(finding.name)  \(finding.state)")
          switch finding.state {
          case .original, .unknown: break
          case .missing: lacks = true
          case .different, .unreadable: differs = true
          }
        }
      }
      if differs { throw ExitCode(ExitStatus.badData) }
      if lacks { throw ExitCode(ExitStatus.missing) }
    }
  }

  /// What is to be verified; says so where there is nothing.
  private func places() throws -> [DataPlace] {
    guard let name else {
      var places: [DataPlace] = []
      for entry in Catalogue.entries {
        do throws(FormatError) { places.append(try DataPlace.find(entry, in: location.folder)) } catch {
          guard case .missingFile = error else { throw error }
        }
      }
      if places.isEmpty { print("no file of a known data set found") }
      return places
    }
    if name == "digits" {
      print("digits lies inside sentei")
      return []
    }
    guard let entry = Catalogue.entry(named: name) else {
      throw FormatError.unknownDataSet(name: name, known: DataFolder.known)
    }
    return [try DataPlace.find(entry, in: location.folder)]
  }
}

/// `sentei data fetch`: the originals from where their authors put them, or from a mirror.
struct DataFetchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch a data set into the data folder.",
    discussion: """
      Nothing is kept whose SHA-256 is not the published one. Files that are there and right are not fetched again; \
      files under the same names that are not the originals are never replaced.
      """)

  @Argument(help: "The data set.")
  var name: String

  @OptionGroup var location: DataFolderOption

  @Option(help: "A URL to which the names of the files are appended, or a folder that holds them.")
  var mirror: String?

  @Option(
    help: ArgumentHelp(
      "Expect this instead of the published SHA-256, for a mirror that packed a file anew.", valueName: "[FILE=]HEX"))
  var sha256: [String] = []

  func run() async throws {
    try await reporting {
      if name == "digits" {
        print("digits lies inside sentei")
        return
      }
      guard let entry = Catalogue.entry(named: name) else {
        throw FormatError.unknownDataSet(name: name, known: DataFolder.known)
      }
      let expected = try checksums(of: entry)
      guard let folder = location.folder, !folder.isEmpty else { throw FormatError.folderNeeded(dataSet: name) }
      let target = try target(for: entry, in: folder)
      for download in entry.downloads {
        let missing = try missingFiles(download, of: entry, in: target)
        if missing.isEmpty { continue }
        let path = "\(target)/\(download.name)"
        let sha256 = expected[download.name]
        let addresses = (mirror.map { [$0.hasSuffix("/") ? $0 : $0 + "/"] } ?? entry.sources).map { $0 + download.name }
        print("fetching \(addresses[0]) (\(download.size) bytes)")
        let isNew = try await Downloader().fetch(
          addresses, to: path, limit: sha256 == nil ? download.size : 2 * download.size,
          sha256: sha256 ?? download.sha256)
        if entry.isArchive { try unpack(missing, from: path, of: entry, into: target) }
        // An archive that somebody put there is theirs.
        if entry.isArchive && isNew { try FileManager.default.removeItem(atPath: path) }
      }
      print("\(name) is in \(target)")
    }
  }

  /// What was given with `--sha256`, by the name of the file.
  private func checksums(of entry: CatalogueEntry) throws -> [String: Digest] {
    var expected: [String: Digest] = [:]
    for text in sha256 {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let file = parts.count == 2 ? parts[0] : entry.downloads[0].name
      guard let digest = Digest(hex: (parts.last ?? "").lowercased()),
        entry.downloads.contains(where: { $0.name == file }), parts.count == 2 || entry.downloads.count == 1
      else {
        let names = entry.downloads.map(\.name).joined(separator: ", ")
        throw ValidationError("--sha256 takes FILE=HEX, 64 hexadecimal digits for one of \(names), found '\(text)'")
      }
      expected[file] = digest
    }
    return expected
  }

  /// The folder that holds files of the set already, or a new one below the data folder.
  private func target(for entry: CatalogueEntry, in folder: String) throws -> String {
    do throws(FormatError) { return try DataPlace.find(entry, in: folder).folder } catch {
      switch error {
      case .missingFile, .missingFolder:
        let target = "\(folder)/\(entry.folder)"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        return target
      case .unknownDataSet, .folderNeeded, .unreadable, .unwritable, .tooLarge, .badData:
        throw error
      }
    }
  }

  /// The files of the download that are not there yet; refuses where other content has the name of one.
  private func missingFiles(
    _ download: CatalogueEntry.Download, of entry: CatalogueEntry, in target: String
  ) throws -> [String] {
    let files = entry.files.filter { entry.isArchive || $0.name + ".gz" == download.name }
    let findings = DataCheck.findings(of: files, in: target)
    for finding in findings {
      guard let path = finding.path else { continue }
      switch finding.state {
      case .original, .missing, .unknown: break
      case .different, .unreadable: throw DownloadError.occupied(path: path)
      }
    }
    return findings.filter { $0.path == nil }.map(\.name)
  }

  private func unpack(_ names: [String], from path: String, of entry: CatalogueEntry, into target: String) throws {
    print("unpacking \(path)")
    let archive = try DataArchive.read(path, of: entry)
    for name in names {
      guard let content = archive.content(of: name) else {
        throw FormatError.missingFile(name: name, folders: [path])
      }
      try PendingFile.write(content, to: "\(target)/\(name)")
    }
  }
}
