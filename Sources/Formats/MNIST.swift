internal import Models

/// The four MNIST files: 28 × 28 images and labels 0...9, for training and for the official test.
///
/// Any set in the same files (Fashion-MNIST, a cut-down MNIST) is read alike, so the number of samples is free. Source:
/// Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
enum MNIST {
  /// The most bytes of one file, packed or unpacked; the largest of the four has 47,040,016.
  static let fileLimit = 1 << 26

  static let side = 28

  /// One of the two parts, by the beginning of its file names.
  private enum Part: String, CaseIterable {
    case training = "train"
    case test = "t10k"

    var images: String { "\(rawValue)-images-idx3-ubyte" }
    var labels: String { "\(rawValue)-labels-idx1-ubyte" }
  }

  /// An array and the name of its file for messages.
  private struct Content {
    let file: String
    let array: IDXArray
  }

  /// The set whose files, plain or with `.gz`, lie in the folder or in `mnist` below it.
  ///
  /// All four are taken from the same place: the first that holds any of them.
  static func load(folder: String) throws(FormatError) -> DataSet {
    guard RegularFile.exists(folder) else { throw .missingFolder(path: folder) }
    let below = folder.hasSuffix("/") ? "\(folder)mnist" : "\(folder)/mnist"
    let names = Part.allCases.flatMap { [$0.images, $0.labels] }
    let place = [folder, below].first { place in names.contains { path(of: $0, in: place) != nil } }
    let places = place.map { [$0] } ?? [folder, below]
    return DataSet(
      name: "mnist", training: try load(.training, from: places), officialTest: try load(.test, from: places))
  }

  private static func load(_ part: Part, from places: [String]) throws(FormatError) -> LabelledData {
    let images = try content(of: part.images, rank: 3, in: places)
    let labels = try content(of: part.labels, rank: 1, in: places)
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

  private static func content(of name: String, rank: Int, in places: [String]) throws(FormatError) -> Content {
    guard let path = places.lazy.compactMap({ path(of: name, in: $0) }).first else {
      throw .missingFile(name: name, folders: places)
    }
    var bytes = try RegularFile.read(path, limit: fileLimit)
    var file = path
    // By content and not by name: some browsers unpack a download and leave the name as it was.
    if Gzip.isGzip(bytes) {
      do { bytes = try Gzip.decompress(bytes, limit: fileLimit) } catch { throw error.naming(path) }
      file += " (unpacked)"
    }
    let array: IDXArray
    do { array = try IDX.read(bytes) } catch { throw error.naming(file) }
    guard array.dimensions.count == rank else {
      throw .badData(
        file: file, place: .byte(0), found: "magic number \(IDX.magic(rank: array.dimensions.count))",
        expected: "\(IDX.magic(rank: rank)) (\(rank == 3 ? "images" : "labels"))")
    }
    return Content(file: file, array: array)
  }

  /// Where a file lies in a folder, the plain one before the packed one; nil if neither is there.
  private static func path(of name: String, in folder: String) -> String? {
    let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    return [path, path + ".gz"].first { RegularFile.exists($0) }
  }
}
