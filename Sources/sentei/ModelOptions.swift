import ArgumentParser
import Formats
import Foundation
import Models
import Networks
import Pruning

/// A model file, and the zoo's network for files that hold weights alone.
struct ModelOptions: ParsableArguments {
  @Argument(help: "The model: .onnx or .safetensors.")
  var model: String

  @OptionGroup var zoo: ZooOptions

  /// Reads the model.
  ///
  /// - Throws: `FormatError`, `NetworkError`.
  func load() throws -> Model {
    try ModelFile.load(path: model, network: try zoo.network())
  }
}

/// A network of the zoo.
struct ZooOptions: ParsableArguments {
  @Option(help: "A network of the zoo, for example resnet-20.")
  var zoo: String?

  @Option(help: "With --zoo: the shape of a sample, for example 3,32,32.")
  var shape: Shape?

  @Option(help: "With --zoo: the number of classes; by default 10, or that of the data.")
  var outputs: Int?

  @Option(help: "With --zoo: multiplies channels and hidden widths; by default 1.")
  var widthMultiplier: Double?

  func validate() throws {
    let ofZoo = [
      ("--shape", shape != nil), ("--outputs", outputs != nil), ("--width-multiplier", widthMultiplier != nil),
    ]
    if zoo == nil, let (name, _) = ofZoo.first(where: \.1) { throw ValidationError("\(name) needs --zoo") }
  }

  /// The network, if one is named.
  ///
  /// - Throws: `NetworkError` for an unknown name or impossible sizes.
  func network(for data: LabelledData? = nil) throws -> NetworkDescription? {
    guard let zoo else { return nil }
    guard let shape = shape?.sizes ?? data?.shape else { throw ValidationError("--zoo \(zoo) needs --shape") }
    return try Zoo.network(
      named: zoo, shape: shape, classes: data?.classes ?? outputs ?? 10, widthMultiplier: widthMultiplier ?? 1)
  }
}

/// A shape with commas between its sizes, as an option's value.
struct Shape: ExpressibleByArgument {
  let sizes: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    sizes = parts.compactMap { Int($0) }
    guard !sizes.isEmpty, sizes.count == parts.count else { return nil }
  }
}

/// A mask in a file: one value a prunable weight, in the order of `sentei inspect`.
struct MaskOptions: ParsableArguments {
  @Option(help: "A mask: .npy with a 0 or a 1 for each prunable weight, in the order of `sentei inspect`.")
  var mask: String?

  @Flag(help: "The mask covers the last layer with weights too.")
  var pruneClassifier = false

  func validate() throws {
    if pruneClassifier, mask == nil { throw ValidationError("--prune-classifier needs --mask") }
  }

  var scope: PruningScope { PruningScope(prunesClassifier: pruneClassifier) }

  /// The mask, if one is named.
  ///
  /// - Throws: `FormatError` for a file that holds no mask of this network.
  func load(for network: NetworkDescription) throws -> Mask? {
    guard let mask else { return nil }
    return try MaskFile.load(path: mask, count: network.prunableCount(scope))
  }
}
