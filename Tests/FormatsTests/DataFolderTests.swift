import Formats
import Foundation
import Models
import Testing

@Suite struct DataFolderTests {
  private static let side = 28

  /// IDX images whose pixels tell samples apart.
  private func images(_ count: Int, side: Int = side) -> [UInt8] {
    let values = (0..<count * side * side).map { UInt8(truncatingIfNeeded: $0 / (side * side) + 7) }
    return IDX.write(IDXArray(dimensions: [count, side, side], values: values)!)
  }

  private func labels(_ count: Int) -> [UInt8] {
    IDX.write(IDXArray(dimensions: [count], values: (0..<count).map { UInt8($0 % 10) })!)
  }

  /// The four files by name.
  private func files() -> [String: [UInt8]] {
    [
      "train-images-idx3-ubyte": images(12), "train-labels-idx1-ubyte": labels(12),
      "t10k-images-idx3-ubyte": images(3), "t10k-labels-idx1-ubyte": labels(3),
    ]
  }

  private func write(_ files: [String: [UInt8]], to folder: borrowing TemporaryFolder, below: String = "") throws {
    for (name, bytes) in files { try folder.write(below + name, bytes) }
  }

  /// The message of the error that loading ends in, with the folder's own path cut out.
  private func message(_ files: [String: [UInt8]]) throws -> String {
    let folder = try TemporaryFolder()
    try write(files, to: folder)
    let path = folder.path
    let error = #expect(throws: FormatError.self) { try DataFolder.load(named: "mnist", folder: path) }
    return error?.description.replacingOccurrences(of: path, with: "DIR") ?? ""
  }

  @Test("Plain and gzipped files are found in the folder and in mnist below it", arguments: ["", "mnist/"])
  func places(below: String) throws {
    for suffix in ["", ".gz"] {
      let folder = try TemporaryFolder()
      for (name, bytes) in files() {
        try folder.write(below + name + suffix, suffix.isEmpty ? bytes : gzipStored(bytes))
      }
      for path in [folder.path, folder.path + "/"] {
        let set = try DataFolder.load(named: "mnist", folder: path)
        #expect(set.name == "mnist")
        #expect(set.training.shape == [1, 28, 28] && set.training.classes == 10)
        #expect(set.training.labels == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
        #expect(set.training.values == .bytes(Array(images(12)[16...]), scale: 255))
        #expect(set.officialTest?.labels == [0, 1, 2])
        #expect(set.officialTest?.values == .bytes(Array(images(3)[16...]), scale: 255))
      }
    }
  }

  @Test("A file that was unpacked under its packed name is read as what it is")
  func unpackedName() throws {
    let folder = try TemporaryFolder()
    for (name, bytes) in files() { try folder.write(name + ".gz", bytes) }
    #expect(try DataFolder.load(named: "mnist", folder: folder.path).training.count == 12)
  }

  @Test("An unknown name lists the known ones; a missing folder says how to give one")
  func names() throws {
    #expect(
      throws: FormatError.unknownDataSet(
        name: "minst", known: ["digits", "mnist", "fashion-mnist", "cifar10", "cifar100"])
    ) {
      try DataFolder.load(named: "minst", folder: nil)
    }
    #expect(
      FormatError.unknownDataSet(name: "minst", known: DataFolder.known).description
        == "unknown data set 'minst', expected one of: digits, mnist, fashion-mnist, cifar10, cifar100")
    for folder in [nil, ""] {
      let error = #expect(throws: FormatError.folderNeeded(dataSet: "mnist")) {
        try DataFolder.load(named: "mnist", folder: folder)
      }
      #expect(
        error?.description
          == "the data set mnist is read from files: give their folder with --data DIR or SENTEI_DATA")
    }
    #expect(throws: FormatError.missingFolder(path: "/nowhere/at/all")) {
      try DataFolder.load(named: "mnist", folder: "/nowhere/at/all")
    }
  }

  @Test("Fashion-MNIST is told from MNIST by its folder's name alone, also through a link")
  func fashion() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    try write(files(), to: folder)
    #expect(throws: FormatError.missingFile(name: "train-images-idx3-ubyte", folders: [path + "/fashion-mnist"])) {
      try DataFolder.load(named: "fashion-mnist", folder: path)
    }
    var others = files()
    others["t10k-images-idx3-ubyte"] = images(4)
    others["t10k-labels-idx1-ubyte"] = labels(4)
    try write(others, to: folder, below: "fashion-mnist/")
    try FileManager.default.createSymbolicLink(atPath: path + "/link", withDestinationPath: "fashion-mnist")
    for place in ["", "/fashion-mnist", "/fashion-mnist/", "/link", "/mnist/../fashion-mnist/."] {
      if place.hasPrefix("/mnist") { try write(files(), to: folder, below: "mnist/") }
      let set = try DataFolder.load(named: "fashion-mnist", folder: path + place)
      #expect(set.name == "fashion-mnist" && set.officialTest?.count == 4, "\(place)")
    }
    #expect(try DataFolder.load(named: "mnist", folder: path).officialTest?.count == 3)
    #expect(throws: FormatError.self) { try DataFolder.load(named: "mnist", folder: path + "/fashion-mnist") }
  }

  @Test("Each missing file is named, with where it was looked for")
  func missing() throws {
    let empty = try TemporaryFolder()
    let path = empty.path
    #expect(throws: FormatError.missingFile(name: "train-images-idx3-ubyte", folders: [path, path + "/mnist"])) {
      try DataFolder.load(named: "mnist", folder: path)
    }
    for name in files().keys.sorted() {
      var some = files()
      some[name] = nil
      #expect(try message(some) == "no file \(name) or \(name).gz found, expected it in DIR")
    }
  }

  @Test("Wrong content is told in one sentence")
  func content() throws {
    func changed(_ name: String, _ bytes: [UInt8]) throws -> String {
      var some = files()
      some[name] = bytes
      return try message(some)
    }
    #expect(
      try changed("train-images-idx3-ubyte", Array(images(12).dropLast(5)))
        == "DIR/train-images-idx3-ubyte, byte 16: found 9403 values, expected 9408 (12 × 28 × 28)")
    #expect(
      try changed("train-images-idx3-ubyte", labels(12))
        == "DIR/train-images-idx3-ubyte, byte 0: found magic number 2049, expected 2051 (images)")
    #expect(
      try changed("t10k-labels-idx1-ubyte", images(3))
        == "DIR/t10k-labels-idx1-ubyte, byte 0: found magic number 2051, expected 2049 (labels)")
    #expect(
      try changed("train-labels-idx1-ubyte", labels(11))
        == "DIR/train-labels-idx1-ubyte, byte 4: found 11 labels, "
        + "expected 12, as many as there are images in DIR/train-images-idx3-ubyte")
    #expect(
      try changed("t10k-images-idx3-ubyte", images(3, side: 8))
        == "DIR/t10k-images-idx3-ubyte, byte 8: found images of 8 × 8, expected 28 × 28")
    #expect(
      try changed("t10k-images-idx3-ubyte", images(0))
        == "DIR/t10k-images-idx3-ubyte, byte 4: found no images, expected at least one")
    #expect(
      try changed("t10k-labels-idx1-ubyte", labels(2).dropLast() + [77])
        .hasPrefix("DIR/t10k-labels-idx1-ubyte, byte 4: found 2 labels"))
    #expect(
      try changed("t10k-labels-idx1-ubyte", labels(3).dropLast() + [10])
        == "DIR/t10k-labels-idx1-ubyte, byte 10: found label 10, expected a label from 0 to 9")
    #expect(
      try changed("t10k-labels-idx1-ubyte", Array("<html>not found</html>".utf8))
        == "DIR/t10k-labels-idx1-ubyte, byte 0: found magic number 1013478509, "
        + "expected 8 × 256 + the number of dimensions (IDX of unsigned bytes)")
  }

  @Test("Damage in a packed file is told with the file's name")
  func packed() throws {
    var some = files()
    some["train-labels-idx1-ubyte"] = nil
    let whole = gzipStored(labels(12))
    some["train-labels-idx1-ubyte.gz"] = Array(whole.dropLast(3))
    #expect(
      try message(some) == "DIR/train-labels-idx1-ubyte.gz, byte \(whole.count - 3): "
        + "found the end of the data, expected the rest of a gzip stream")
    some["train-labels-idx1-ubyte.gz"] = gzipStored(Array(labels(12).dropLast()))
    #expect(
      try message(some)
        == "DIR/train-labels-idx1-ubyte.gz (unpacked), byte 8: found 11 values, expected 12 (12)")
    let million = gzipStored([UInt8](repeating: 0, count: 1 << 20))
    some["train-labels-idx1-ubyte.gz"] = [[UInt8]](repeating: million, count: 63).flatMap { $0 } + million + whole
    #expect(
      try message(some)
        == "DIR/train-labels-idx1-ubyte.gz: found more than 67108864 bytes, expected at most that many")
  }

  @Test("A folder under a file's name cannot be read; nor can a pipe, and nobody waits for it")
  func notAFile() throws {
    let folder = try TemporaryFolder()
    try write(files(), to: folder)
    let path = folder.path
    for make in [
      { (file: String) in try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false) },
      { (file: String) in #expect(mkfifo(file, 0o600) == 0) },
    ] {
      let file = path + "/train-images-idx3-ubyte"
      try FileManager.default.removeItem(atPath: file)
      try make(file)
      #expect(throws: FormatError.unreadable(path: file, reason: "it is not a regular file")) {
        try DataFolder.load(named: "mnist", folder: path)
      }
    }
  }
}
