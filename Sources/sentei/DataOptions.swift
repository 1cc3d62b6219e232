import ArgumentParser
import Formats
import Foundation
import Models

/// Options of every command that reads a data set.
struct DataOptions: ParsableArguments {
  @Option(help: "A known data set: digits, mnist, fashion-mnist, cifar10 or cifar100.")
  var dataset: String?

  @Option(help: "The folder of data sets; by default the environment variable SENTEI_DATA.")
  var data: String?

  @Option(help: "Samples of your own: .npy, .npz, .csv or IDX, each also gzipped.")
  var x: String?

  @Option(help: "Their labels; not needed where the file of samples holds them.")
  var y: String?

  @Option(help: "Test samples of your own.")
  var testX: String?

  @Option(help: "Their labels.")
  var testY: String?

  @Option(help: "The number of classes; by default one more than the highest label.")
  var classes: Int?

  @Option(help: "What samples of bytes are divided by.")
  var scale: Int?

  @Flag(help: "Images in the file are [height, width, channels].")
  var channelsLast = false

  @Option(help: "Means to subtract, one a channel: 0.4914,0.4822,0.4465.")
  var mean: Numbers?

  @Option(help: "Standard deviations to divide by, one a channel.")
  var std: Numbers?

  func validate() throws {
    guard (dataset == nil) != (x == nil) else { throw ValidationError("give either --dataset NAME or --x FILE") }
    guard (mean == nil) == (std == nil) else { throw ValidationError("--mean and --std come together") }
  }

  /// Reads the data set, normalised as asked for.
  ///
  /// - Throws: `FormatError`; `ValidationError` for a normalisation that does not fit.
  func load() throws -> DataSet {
    let set: DataSet
    if let x {
      set = try DataFiles(classes: classes, scale: scale, channelsLast: channelsLast).load(
        name: x, x: x, y: y, testX: testX, testY: testY)
    } else {
      set = try DataFolder.load(named: dataset!, folder: DataOption.folder(data))
    }
    if let note = set.note { FileHandle.standardError.write(Data("\(note)\n".utf8)) }
    guard let mean, let std else { return set }
    let normalization = LabelledData.Normalization(mean: mean.values, deviation: std.values)
    do {
      return DataSet(
        name: set.name, training: try set.training.normalized(by: normalization),
        officialTest: try set.officialTest?.normalized(by: normalization), note: set.note)
    } catch { throw ValidationError(error.description) }
  }
}

/// Numbers with commas between them, as an option's value.
struct Numbers: ExpressibleByArgument {
  let values: [Float]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
    guard !values.isEmpty, values.count == parts.count, values.allSatisfy(\.isFinite) else { return nil }
    self.values = values
  }
}
