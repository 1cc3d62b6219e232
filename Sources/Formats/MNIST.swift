internal import Models

/// The four files of MNIST and Fashion-MNIST: 28 × 28 images and labels 0...9, for training and for the official test.
///
/// Any set in the same files (a cut-down MNIST) is read alike, so the number of samples is free. Source:
/// Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
enum MNIST {
  /// The most bytes of one file, packed or unpacked; the largest of the four has 47,040,016.
  static let fileLimit = 1 << 26

  static let side = 28

  /// An array and the name of its file for messages.
  private struct Content {
    let file: String
    let array: IDXArray
  }

  /// The set in a folder, each file plain or with `.gz`.
  static func load(from place: DataPlace) throws(FormatError) -> DataSet {
    DataSet(
      name: place.entry.name, training: try load(place.entry.trainingFiles, from: place.folder),
      officialTest: try load(place.entry.testFiles, from: place.folder))
  }

  /// One part, of two files: images and labels.
  private static func load(_ files: [CatalogueEntry.File], from folder: String) throws(FormatError) -> LabelledData {
    let images = try content(of: files[0].name, rank: 3, in: folder)
    let labels = try content(of: files[1].name, rank: 1, in: folder)
    let shape = Array(images.array.dimensions[1...])
    guard shape == [side, side] else {
      throw .badData(
        file: images.file, place: .byte(8), found: "images of \(shape[0]) × \(shape[1])",
        expected: "\(side) × \(side)")
    }
    let count = images.array.dimensions[0]
    guard count > 0 else {
      throw .badData(file: images.file, place: .byte(4), found: "no images", expected: "at least one")
    }
    guard labels.array.values.count == count else {
      throw .badData(
        file: labels.file, place: .byte(4), found: "\(labels.array.values.count) labels",
        expected: "\(count), as many as there are images in \(images.file)")
    }
    if let wrong = labels.array.values.firstIndex(where: { $0 > 9 }) {
      throw .badData(
        file: labels.file, place: .byte(8 + wrong), found: "label \(labels.array.values[wrong])",
        expected: "a label from 0 to 9")
    }
    do {
      return try LabelledData(
        shape: shape, classes: 10, scale: 255, pixels: images.array.values, labels: labels.array.values)
    } catch {
      throw .badData(file: images.file, place: nil, found: error.description, expected: "images with their labels")
    }
  }

  private static func content(of name: String, rank: Int, in folder: String) throws(FormatError) -> Content {
    guard let path = SampleFile.path(of: name, in: folder) else { throw .missingFile(name: name, folders: [folder]) }
    let file = try SampleFile.read(path, limit: fileLimit)
    let array: IDXArray
    do { array = try IDX.read(file.bytes) } catch { throw error.naming(file.name) }
    guard array.dimensions.count == rank else {
      throw .badData(
        file: file.name, place: .byte(0), found: "magic number \(IDX.magic(rank: array.dimensions.count))",
        expected: "\(IDX.magic(rank: rank)) (\(rank == 3 ? "images" : "labels"))")
    }
    return Content(file: file.name, array: array)
  }
}
