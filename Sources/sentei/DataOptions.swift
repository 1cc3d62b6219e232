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

  @Option(help: "The labels' column of a CSV table, by number from 0 or by name; by default the last.")
  var labelColumn: String?

  @Flag(help: "Images in the file are [height, width, channels].")
  var channelsLast = false

  @Option(help: "Means to subtract, one a channel: 0.4914,0.4822,0.4465.")
  var mean: Numbers?

  @Option(help: "Standard deviations to divide by, one a channel.")
  var std: Numbers?

  func validate() throws {
    guard dataset == nil || x == nil else { throw Self.missing }
    let ofFiles = [
      ("--y", y != nil), ("--test-x", testX != nil), ("--test-y", testY != nil), ("--classes", classes != nil),
      ("--scale", scale != nil), ("--label-column", labelColumn != nil), ("--channels-last", channelsLast),
    ]
    if dataset != nil, let (name, _) = ofFiles.first(where: \.1) {
      throw ValidationError("\(name) is for files of your own, given with --x, not for --dataset")
    }
    if x != nil, data != nil { throw ValidationError("--data is for --dataset, not for --x") }
    guard (2...256).contains(classes ?? 2) else { throw ValidationError("--classes takes a number from 2 to 256") }
    guard (1...65_536).contains(scale ?? 1) else { throw ValidationError("--scale takes a number from 1 to 65536") }
    guard (mean == nil) == (std == nil) else { throw ValidationError("--mean and --std come together") }
  }

  private static let missing = ValidationError("give either --dataset NAME or --x FILE")

  /// Whether data are named at all.
  var isGiven: Bool { dataset != nil || x != nil }

  /// Reads the data set, normalised as asked for.
  ///
  /// - Parameter network: What the data are for: without --classes, files have at least its classes, as some may have
  ///   no samples in them.
  /// - Throws: `FormatError`; `ValidationError` for a normalisation or a number of classes that does not fit.
  func load(for network: NetworkDescription? = nil) throws -> DataSet {
    if let network, let classes, classes != network.outputCount {
      throw ValidationError("--classes \(classes) does not fit \(network.name), which has \(network.outputCount)")
    }
    guard isGiven else { throw Self.missing }
    let set: DataSet
    if let x {
      let files = DataFiles(
        classes: classes, minimumClasses: min(network?.outputCount ?? 2, 256), scale: scale, channelsLast: channelsLast,
        labelColumn: labelColumn.map { Int($0).map { .index($0) } ?? .name($0) } ?? .last)
      set = try files.load(name: x, x: x, y: y, testX: testX, testY: testY)
    } else {
      set = try DataFolder.load(named: dataset!, folder: DataOption.folder(data))
    }
    if let note = set.note { Terminal.standard.say("\(note)") }
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
