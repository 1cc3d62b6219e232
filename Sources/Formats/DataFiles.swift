package import Models

/// A data set in files of the user's own: NPY, NPZ, IDX or CSV, plain or gzipped, told by their content.
///
/// Samples are [N, features], [N, height, width], [N, channels, height, width], or with ``channelsLast`` [N, height,
/// width, channels]. Labels are integers from 0: an array [N] or [N, 1], a column of the table, or in an NPZ archive the
/// member `y` beside `x` (`y_train` beside `x_train`, `y_test` beside `x_test`, as Keras names them).
package struct DataFiles: Hashable, Sendable {
  /// The number of classes; nil takes the greatest label of training and test, and one more, or ``minimumClasses``.
  package var classes: Int?
  /// Without ``classes``: how many there are at least, as the highest ones may have no samples.
  package var minimumClasses: Int
  /// What bytes are divided by; nil means 255. Given, whole numbers from 0 to 255 of other types become bytes too.
  package var scale: Int?
  package var normalization: LabelledData.Normalization?
  package var channelsLast: Bool
  /// The column of the labels in a table whose labels have no file of their own.
  package var labelColumn: CSVTable.LabelColumn
  /// The most bytes of a file, packed or unpacked, and of the arrays of one archive together.
  package var limit: Int

  package init(
    classes: Int? = nil, minimumClasses: Int = 2, scale: Int? = nil,
    normalization: LabelledData.Normalization? = nil, channelsLast: Bool = false,
    labelColumn: CSVTable.LabelColumn = .last, limit: Int = 1 << 32
  ) {
    self.classes = classes
    self.minimumClasses = minimumClasses
    self.scale = scale
    self.normalization = normalization
    self.channelsLast = channelsLast
    self.labelColumn = labelColumn
    self.limit = limit
  }

  /// The data set that lies in these files.
  ///
  /// - Parameters:
  ///   - name: What the set is to be called.
  ///   - x: The training samples.
  ///   - y: Their labels; nil if `x` holds them too.
  ///   - testX: The official test samples; nil if there are none or an NPZ archive `x` holds them as `x_test`.
  ///   - testY: Their labels; nil if `testX` holds them too.
  /// - Throws: ``FormatError`` with the file, what was found and what was expected: for damaged files, shapes other than
  ///   those above, samples and labels that differ in number, labels out of range, values that are not finite, and a
  ///   test part of another shape or kind than the training part.
  /// - Complexity: linear in the number of values; a file and its values are held together.
  package func load(
    name: String, x: String, y: String? = nil, testX: String? = nil, testY: String? = nil
  ) throws(FormatError) -> DataSet {
    let content = try SampleArray.read(x, limit: limit)
    let training = try part(content, path: x, labels: y, names: ["x_train", "x"])
    var test: Part?
    if let testX {
      test = try part(try SampleArray.read(testX, limit: limit), path: testX, labels: testY, names: ["x_test", "x"])
    } else if let testY {
      throw .badData(file: testY, place: nil, found: "labels without samples", expected: "the test samples too")
    } else if case .archive(let archive, _) = content, archive.names.contains("x_test") {
      test = try part(content, path: x, labels: nil, names: ["x_test"])
    }
    if let test {
      guard test.shape == training.shape else {
        throw .badData(
          file: test.file, place: nil, found: "samples of \(Dimensions.words(test.shape))",
          expected: "\(Dimensions.words(training.shape)), as in \(training.file)")
      }
      guard test.isBytes == training.isBytes else {
        throw .badData(
          file: test.file, place: nil, found: test.isBytes ? "bytes" : "other numbers than bytes",
          expected: "the type of \(training.file), for the same meaning")
      }
    }
    let greatest = max(training.labels.max() ?? 0, test?.labels.max() ?? 0)
    let classes = classes ?? max(2, minimumClasses, Int(greatest) + 1)
    return DataSet(
      name: name, training: try data(training, classes: classes),
      officialTest: try test.map { part throws(FormatError) in try data(part, classes: classes) })
  }

  /// Samples with their labels, not yet checked against each other.
  private struct Part {
    let file: String
    let labelFile: String
    let shape: [Int]
    let count: Int
    let values: LabelledData.Values
    let labels: [UInt8]

    var isBytes: Bool { if case .bytes = values { true } else { false } }
  }

  /// - Parameter names: The members of an archive that may hold the samples; the first that is there does.
  private func part(
    _ content: SampleArray.Content, path: String, labels labelPath: String?, names: [String]
  ) throws(FormatError) -> Part {
    switch content {
    case .text(let file):
      let table = try table(file, label: labelPath == nil ? labelColumn : .none)
      let labels = try labelPath.map { path throws(FormatError) in try self.labels(at: path) }
      return Part(
        file: file.name, labelFile: labelPath ?? file.name, shape: [table.columns], count: table.rows,
        values: try values(of: .floats(table.values), file: file.name), labels: labels ?? table.labels)
    case .array(let samples):
      guard let labelPath else {
        throw samples.wrong(found: "an array without labels", expected: "a file of labels beside it")
      }
      return try part(samples, labels: try labels(at: labelPath), labelFile: labelPath)
    case .archive(let archive, let file):
      guard let name = names.first(where: archive.names.contains) else {
        throw .badData(
          file: file, place: nil, found: "the arrays \(archive.names.joined(separator: ", "))",
          expected: "one called \(names.joined(separator: " or "))")
      }
      let samples = try array(name, of: archive, file: file)
      if let labelPath { return try part(samples, labels: try labels(at: labelPath), labelFile: labelPath) }
      let labels = try array("y" + name.dropFirst(), of: archive, file: file)
      return try part(samples, labels: try labels.labels(), labelFile: labels.file)
    }
  }

  private func part(_ samples: SampleArray, labels: [UInt8], labelFile: String) throws(FormatError) -> Part {
    let samples = channelsLast && samples.array.shape.count == 4 ? try samples.channelsFirst() : samples
    guard (2...4).contains(samples.array.shape.count) else {
      throw samples.wrong(
        found: "the shape \(Dimensions.words(samples.array.shape))",
        expected: "samples × features, × rows × columns, or × channels × rows × columns")
    }
    return Part(
      file: samples.file, labelFile: labelFile, shape: Array(samples.array.shape[1...]),
      count: samples.array.shape[0], values: try values(of: samples.array.values, file: samples.file), labels: labels)
  }

  /// The labels of a file of their own; a table's only column, or its label column.
  private func labels(at path: String) throws(FormatError) -> [UInt8] {
    switch try SampleArray.read(path, limit: limit) {
    case .array(let array): return try array.labels()
    case .text(let file): return try labelTable(file)
    case .archive(let archive, let file):
      guard let name = ["y", "y_train"].first(where: archive.names.contains) else {
        throw .badData(
          file: file, place: nil, found: "the arrays \(archive.names.joined(separator: ", "))",
          expected: "one called y or y_train")
      }
      return try array(name, of: archive, file: file).labels()
    }
  }

  private func array(_ name: String, of archive: NPZ, file: String) throws(FormatError) -> SampleArray {
    do throws(FormatError) {
      if let array = try archive.array(name) { return SampleArray(file: "\(file), \(name).npy", array: array) }
    } catch {
      if case .badData(_, let place, let found, let expected) = error {
        throw .badData(file: "\(file), \(name).npy", place: place, found: found, expected: expected)
      }
      throw error.naming(file)
    }
    throw .badData(
      file: file, place: nil, found: "the arrays \(archive.names.joined(separator: ", "))",
      expected: "one called \(name)")
  }

  private func table(_ file: SampleFile, label: CSVTable.LabelColumn) throws(FormatError) -> CSVTable {
    do { return try CSV.readTable(file.bytes, label: label) } catch { throw error.naming(file.name) }
  }

  private func labelTable(_ file: SampleFile) throws(FormatError) -> [UInt8] {
    do { return try CSV.readLabels(file.bytes, column: labelColumn) } catch { throw error.naming(file.name) }
  }

  private func values(of values: NPYArray.Values, file: String) throws(FormatError) -> LabelledData.Values {
    switch values {
    case .bytes(let bytes):
      return .bytes(bytes, scale: scale ?? 255)
    case .ints(let ints):
      guard let scale else { return .floats(ints.map { Float($0) }) }
      guard ints.allSatisfy({ (0...255).contains($0) }) else { throw notBytes(file) }
      return .bytes(ints.map { UInt8($0) }, scale: scale)
    case .floats(let floats):
      guard let scale else { return .floats(floats) }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(floats.count)
      for value in floats {
        guard let byte = UInt8(exactly: value) else { throw notBytes(file) }
        bytes.append(byte)
      }
      return .bytes(bytes, scale: scale)
    }
  }

  private func notBytes(_ file: String) -> FormatError {
    .badData(
      file: file, place: nil, found: "other values", expected: "whole numbers from 0 to 255, which a scale is for")
  }

  private func data(_ part: Part, classes: Int) throws(FormatError) -> LabelledData {
    guard part.count > 0 else {
      throw .badData(file: part.file, place: nil, found: "no samples", expected: "at least one")
    }
    guard part.labels.count == part.count else {
      throw .badData(
        file: part.labelFile, place: nil, found: "\(part.labels.count) labels",
        expected: "\(part.count), as many as there are samples in \(part.file)")
    }
    if let index = part.labels.firstIndex(where: { Int($0) >= classes }) {
      throw .badData(
        file: part.labelFile, place: nil, found: "label \(part.labels[index]) of sample \(index)",
        expected: "a label from 0 to \(classes - 1)")
    }
    do {
      return try LabelledData(
        shape: part.shape, classes: classes, values: part.values, labels: part.labels, normalization: normalization)
    } catch {
      throw .badData(file: part.file, place: nil, found: error.description, expected: "samples with their labels")
    }
  }
}
