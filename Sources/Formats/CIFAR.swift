internal import Models

/// The binary files of CIFAR-10 and CIFAR-100: 3 × 32 × 32 images behind their labels.
///
/// Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
package enum CIFAR: CaseIterable, Sendable {
  /// One label byte of 10 classes.
  case ten
  /// A byte for 20 coarse classes, which is checked and dropped, then one for 100 fine ones.
  case hundred

  /// The number of values of one image: the red plane, the green, the blue, each row by row.
  package static let imageLength = 3 * 32 * 32
  /// The most bytes of a file, packed or unpacked; the largest, an archive, has about 184 million.
  static let fileLimit = 1 << 28

  /// Images with their labels, in the order of the file.
  package struct Records: Hashable, Sendable {
    package var pixels: [UInt8] = []
    package var labels: [UInt8] = []
  }

  package var classes: Int { self == .ten ? 10 : 100 }

  /// The number of label bytes before each image.
  private var labelLength: Int { self == .ten ? 1 : 2 }

  /// The records of one file.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the offset for no records, a part of one, and a
  ///   label that is out of range.
  /// - Complexity: linear in the number of bytes.
  package func read(_ bytes: [UInt8]) throws(FormatError) -> Records { try read(bytes[...]) }

  func read(_ bytes: ArraySlice<UInt8>) throws(FormatError) -> Records {
    let length = labelLength + Self.imageLength
    guard !bytes.isEmpty, bytes.count % length == 0 else {
      throw .bad(.byte(0), found: "\(bytes.count) bytes", expected: "a multiple of \(length) above 0")
    }
    var records = Records()
    records.pixels.reserveCapacity(bytes.count / length * Self.imageLength)
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: length) {
      let label = bytes[start + labelLength - 1]
      guard label < classes else {
        throw .bad(
          .byte(start + labelLength - 1 - bytes.startIndex), found: "label \(label)",
          expected: "a label from 0 to \(classes - 1)")
      }
      guard self == .ten || bytes[start] < 20 else {
        throw .bad(
          .byte(start - bytes.startIndex), found: "coarse label \(bytes[start])",
          expected: "a coarse label from 0 to 19")
      }
      records.labels.append(label)
      records.pixels.append(contentsOf: bytes[start + labelLength..<start + length])
    }
    return records
  }

  /// The data set in a folder: single files, plain or with `.gz`, or else the authors' archive.
  ///
  /// Of the training batches of CIFAR-10 the first few are enough; the note says how many there are.
  func load(from place: DataPlace) throws(FormatError) -> DataSet {
    let source = try Source(place)
    var training = Records()
    var batches = 0
    for file in place.entry.trainingFiles {
      guard let content = try source.content(of: file.name) else { continue }
      let expected = place.entry.trainingFiles[batches]
      guard expected == file else { throw .missingFile(name: expected.name, folders: [place.folder]) }
      try append(content, to: &training)
      batches += 1
    }
    guard batches > 0 else {
      throw .missingFile(name: place.entry.trainingFiles[0].name, folders: [place.folder])
    }
    var test = Records()
    for file in place.entry.testFiles {
      guard let content = try source.content(of: file.name) else {
        throw .missingFile(name: file.name, folders: [place.folder])
      }
      try append(content, to: &test)
    }
    let all = place.entry.trainingFiles.count
    let note =
      batches == all
      ? nil
      : "\(grouped(training.labels.count)) of \(grouped(place.entry.trainingCount)) training images: \(batches) of "
        + "\(all) batches"
    return DataSet(
      name: place.entry.name, training: try data(training, in: place), officialTest: try data(test, in: place),
      note: note)
  }

  private func append(_ content: (name: String, bytes: ArraySlice<UInt8>), to all: inout Records) throws(FormatError) {
    do {
      let records = try read(content.bytes)
      all.pixels += records.pixels
      all.labels += records.labels
    } catch { throw error.naming(content.name) }
  }

  private func data(_ records: Records, in place: DataPlace) throws(FormatError) -> LabelledData {
    do {
      return try LabelledData(
        shape: [3, 32, 32], classes: classes, scale: 255, pixels: records.pixels, labels: records.labels)
    } catch {
      throw .badData(file: place.folder, place: nil, found: error.description, expected: "images with their labels")
    }
  }

  /// Where the content of the files comes from.
  private struct Source {
    private let folder: String
    private let archive: DataArchive?

    init(_ place: DataPlace) throws(FormatError) {
      folder = place.folder
      archive = place.holdsOnlyArchive ? try DataArchive.read(place.archivePath ?? "", of: place.entry) : nil
    }

    func content(of name: String) throws(FormatError) -> (name: String, bytes: ArraySlice<UInt8>)? {
      if let archive { return archive.content(of: name).map { ("\(archive.path), \(name)", $0) } }
      guard let path = SampleFile.path(of: name, in: folder) else { return nil }
      let file = try SampleFile.read(path, limit: CIFAR.fileLimit)
      return (file.name, file.bytes[...])
    }
  }
}

/// A whole number with commas between thousands.
func grouped(_ number: Int) -> String {
  var digits = Array(String(number))
  var index = digits.count - 3
  while index > 0 {
    digits.insert(",", at: index)
    index -= 3
  }
  return String(digits)
}
