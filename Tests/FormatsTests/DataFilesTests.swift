import Formats
import Foundation
import Models
import Testing

@Suite struct DataFilesTests {
  private func npy(_ shape: [Int], _ values: NPYArray.Values) -> [UInt8] {
    NPY.write(NPYArray(shape: shape, values: values)!)
  }

  /// The set that files in a folder of their own make.
  private func load(
    _ files: [String: [UInt8]], y: String? = "y", testX: String? = nil, testY: String? = nil,
    options: DataFiles = DataFiles()
  ) throws -> DataSet {
    let folder = try TemporaryFolder()
    for (name, bytes) in files { try folder.write(name, bytes) }
    let path = folder.path
    func at(_ name: String) -> String { "\(path)/\(name)" }
    do {
      return try options.load(name: "mine", x: at("x"), y: y.map(at), testX: testX.map(at), testY: testY.map(at))
    } catch {
      throw Told(description: error.description.replacingOccurrences(of: path, with: "DIR"))
    }
  }

  /// An error with the folder's own path cut out.
  private struct Told: Error, CustomStringConvertible { let description: String }

  private func message(_ files: [String: [UInt8]], y: String? = "y", options: DataFiles = DataFiles()) -> String {
    let error = #expect(throws: Told.self) { try load(files, y: y, options: options) }
    return error?.description ?? ""
  }

  private let labels = NPY.write(NPYArray(shape: [2], values: .ints([0, 2]))!)

  @Test("Bytes, other integers and decimals become data of their kind, in every shape")
  func kinds() throws {
    let bytes = try load(["x": npy([2, 3], .bytes([1, 2, 3, 4, 5, 6])), "y": labels])
    #expect(bytes.name == "mine" && bytes.training.shape == [3] && bytes.training.classes == 3)
    #expect(bytes.training.values == .bytes([1, 2, 3, 4, 5, 6], scale: 255) && bytes.training.labels == [0, 2])
    #expect(bytes.officialTest == nil)

    let ints = try load(["x": npy([2, 1, 2], .ints([-1, 300, 4, 5])), "y": labels])
    #expect(ints.training.shape == [1, 1, 2] && ints.training.values == .floats([-1, 300, 4, 5]))
    let normalization = LabelledData.Normalization(mean: [1, 2], deviation: [2, 4])
    let options = DataFiles(classes: 5, normalization: normalization)
    let floats = try load(["x": npy([2, 2, 1, 1], .floats([3, 6, 1, 2])), "y": labels], options: options)
    #expect(floats.training.shape == [2, 1, 1] && floats.training.classes == 5)
    #expect(floats.training.inputs(of: 0) == [1, 1] && floats.training.inputs(of: 1) == [0, 0])

    for (minimum, classes) in [(1, 3), (3, 3), (4, 4)] {
      let atLeast = DataFiles(minimumClasses: minimum)
      #expect(try load(["x": npy([2, 1], .ints([0, 1])), "y": labels], options: atLeast).training.classes == classes)
    }

    let scaled = DataFiles(scale: 16)
    for values in [NPYArray.Values.bytes([0, 16]), .ints([0, 16]), .floats([0, 16])] {
      #expect(
        try load(["x": npy([2, 1], values), "y": labels], options: scaled).training.values
          == .bytes([0, 16], scale: 16))
    }
  }

  @Test("No samples of a size beyond all memory are refused, channels last or not", arguments: [false, true])
  func noHugeSamples(channelsLast: Bool) {
    let sides = "(0, 1099511627776, 1099511627776, 3)"
    var header = "{'descr': '|u1', 'fortran_order': False, 'shape': \(sides), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let x = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
    #expect(
      message(["x": x, "y": labels], options: DataFiles(channelsLast: channelsLast)).contains(
        "a size that fits 63 bits"))
  }

  @Test("Channels behind the columns are put before the rows where that is said")
  func channelsLast() throws {
    let x = npy([2, 1, 2, 3], .bytes([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]))
    let set = try load(["x": x, "y": labels], options: DataFiles(channelsLast: true))
    #expect(set.training.shape == [3, 1, 2])
    #expect(set.training.values == .bytes([1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16], scale: 255))
    #expect(try load(["x": x, "y": labels]).training.shape == [1, 2, 3])
  }

  @Test("IDX, CSV and NPZ are told by their content, packed or not")
  func formats() throws {
    let idx = IDX.write(IDXArray(dimensions: [2, 2, 2], values: Array(1...8))!)
    let idxLabels = IDX.write(IDXArray(dimensions: [2], values: [0, 2])!)
    for packed in [false, true] {
      func file(_ bytes: [UInt8]) -> [UInt8] { packed ? gzipStored(bytes) : bytes }
      let images = try load(["x": file(idx), "y": file(idxLabels)])
      #expect(images.training.shape == [1, 2, 2] && images.training.values == .bytes(Array(1...8), scale: 255))
      #expect(images.training.labels == [0, 2])

      let table = try load(["x": file(Array("a,b,kind\n0.5,1,0\n2,3,2\n".utf8))], y: nil)
      #expect(table.training.shape == [2] && table.training.values == .floats([0.5, 1, 2, 3]))
      #expect(table.training.labels == [0, 2])
      let apart = try load(["x": file(Array("1,2\n3,4\n".utf8)), "y": file(Array("kind\n0\n2\n".utf8))])
      #expect(apart.training.values == .floats([1, 2, 3, 4]) && apart.training.labels == [0, 2])

      let archive = try load(["x": file(NumPy.stored)], y: nil)
      #expect(archive.training.shape == [1, 2, 2] && archive.training.labels == [1, 0])
      let keras = try load(["x": file(NumPy.deflated)], y: nil)
      #expect(keras.training.shape == [5] && keras.training.count == 40 && keras.training.classes == 3)
    }
  }

  @Test("The test part comes from the same archive or from files of its own")
  func testPart() throws {
    func array(_ shape: [Int], _ values: NPYArray.Values) -> NPYArray { NPYArray(shape: shape, values: values)! }
    let archive = NPZ.write([
      ("x_train", array([2, 2], .bytes([1, 2, 3, 4]))), ("y_train", array([2, 1], .bytes([0, 1]))),
      ("x_test", array([1, 2], .bytes([5, 6]))), ("y_test", array([1, 1], .bytes([3]))),
    ])
    for (y, testX, testY) in [(nil, nil, nil), (nil, "x", nil)] as [(String?, String?, String?)] {
      let set = try load(["x": archive], y: y, testX: testX, testY: testY)
      #expect(set.training.labels == [0, 1] && set.training.classes == 4)
      #expect(set.officialTest?.labels == [3] && set.officialTest?.values == .bytes([5, 6], scale: 255))
    }
    let files = [
      "x": npy([2, 1], .bytes([1, 2])), "y": labels, "tx": npy([1, 1], .bytes([9])), "ty": npy([1], .ints([1])),
    ]
    #expect(try load(files, testX: "tx", testY: "ty").officialTest?.labels == [1])
    for (x, text) in [
      (npy([1, 2], .bytes([1, 2])), "DIR/tx: found samples of 2, expected 1, as in DIR/x"),
      (
        npy([1, 1], .floats([1])),
        "DIR/tx: found other numbers than bytes, expected the type of DIR/x, for the same meaning"
      ),
    ] {
      var other = files
      other["tx"] = x
      let error = #expect(throws: Told.self) { try load(other, testX: "tx", testY: "ty") }
      #expect(error?.description == text)
    }
    #expect(throws: Told.self) { try load(files, testY: "ty") }
    #expect(throws: Told.self) { try load(files, testX: "tx") }
  }

  @Test("What does not fit is told in one sentence with its file")
  func messages() {
    let x = npy([2, 1], .bytes([1, 2]))
    #expect(message(["x": x], y: nil) == "DIR/x: found an array without labels, expected a file of labels beside it")
    #expect(
      message(["x": x, "y": npy([3], .ints([0, 1, 0]))])
        == "DIR/y: found 3 labels, expected 2, as many as there are samples in DIR/x")
    #expect(
      message(["x": x, "y": labels], options: DataFiles(classes: 2))
        == "DIR/y: found label 2 of sample 1, expected a label from 0 to 1")
    #expect(
      message(["x": x, "y": npy([2], .ints([0, -1]))])
        == "DIR/y: found label -1 of sample 1, expected a label from 0 to 255")
    #expect(
      message(["x": x, "y": npy([2], .floats([0, 1]))]) == "DIR/y: found decimals, expected labels, which are integers")
    #expect(
      message(["x": x, "y": npy([1, 2], .ints([0, 1]))])
        == "DIR/y: found labels of shape 1 × 2, expected one dimension")
    #expect(
      message(["x": npy([2], .bytes([1, 2])), "y": labels])
        == "DIR/x: found the shape 2, expected samples × features, × rows × columns, or × channels × rows × columns")
    #expect(message(["x": npy([0, 1], .bytes([])), "y": labels]) == "DIR/x: found no samples, expected at least one")
    #expect(message(["x": npy([2, 0], .bytes([])), "y": labels]).contains("impossible sample shape"))
    #expect(message(["x": npy([2, 1], .floats([1, .nan])), "y": labels]).contains("value 0 of sample 1 is nan"))
    #expect(
      message(["x": npy([2, 1], .ints([1, 256])), "y": labels], options: DataFiles(scale: 255))
        == "DIR/x: found other values, expected whole numbers from 0 to 255, which a scale is for")
    #expect(message(["y": labels]) == "cannot read DIR/x: No such file or directory")
    #expect(
      message(["x": NPZ.write([("a", NPYArray(shape: [1], values: .bytes([1]))!)])], y: nil)
        == "DIR/x: found the arrays a, expected one called x_train or x")
    #expect(
      message(["x": NPZ.write([("x", NPYArray(shape: [1, 1], values: .bytes([1]))!)])], y: nil)
        == "DIR/x: found the arrays x, expected one called y")
    #expect(
      message(["x": ZipArchive.write([("x.npy", [1])])], y: nil)
        == "DIR/x, x.npy, byte 0: found other bytes, expected the magic string of NPY")
    #expect(
      message(["x": Array("1,2\n3,z\n".utf8)], y: nil) == "DIR/x, line 2: found 'z' in column 2, expected a number")
    #expect(
      message(["x": gzipStored(Array(NumPy.floats.dropLast())), "y": labels])
        == "DIR/x (unpacked), byte 128: found 23 bytes of values, expected 24 (2 × 3 of '<f4')")
    #expect(
      message(
        ["x": npy([2, 100], .bytes([UInt8](repeating: 0, count: 200))), "y": labels], options: DataFiles(limit: 150))
        == "DIR/x: found more than 150 bytes, expected at most that many")
  }
}
