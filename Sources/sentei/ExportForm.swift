import ArgumentParser
import Formats
import Models
import Networks
import Pruning

/// In what form a pruned model is written.
enum ExportForm: String, ExpressibleByArgument, CaseIterable {
  case dense, masked, csr, compact, shared

  /// Whether ONNX has it too.
  var isPlain: Bool {
    switch self {
    case .dense, .masked, .compact: true
    case .csr, .shared: false
    }
  }
}

/// A model, the mask that it was pruned with, and what the mask is over.
struct PrunedModel {
  let model: Model
  /// Nil where nothing was pruned, or where its zeros are in the model already.
  let mask: Mask?
  let scope: PruningScope

  /// The model with zeros for what the mask removes.
  var masked: Model { mask.map { model.masked(by: $0, scope: scope) } ?? model }

  /// The model of a form, before it is packed.
  func model(in form: ExportForm) -> Model {
    switch form {
    case .dense: model
    case .masked, .csr, .shared: masked
    case .compact: compacted(masked)
    }
  }
}

/// How weights are shared.
struct SharingOptions: ParsableArguments {
  @Option(help: "With form shared: the bits that tell the centroids of a dense layer apart, 1 to 8; by default 5.")
  var bits: Int?

  @Option(help: "The same for convolutions; by default 8.")
  var convolutionBits: Int?

  func validate() throws {
    for (name, value) in [("--bits", bits), ("--convolution-bits", convolutionBits)] {
      guard let value, !(1...8).contains(value) else { continue }
      throw ValidationError("\(name) takes a number from 1 to 8, found \(value)")
    }
  }

  /// The option that was given, if any.
  var given: String? { bits != nil ? "--bits" : convolutionBits != nil ? "--convolution-bits" : nil }

  var sharing: Safetensors.SharingBits { .init(dense: bits ?? 5, convolution: convolutionBits ?? 8) }
}

/// A model and what prunes it: a file and a mask, or a line of a run's comparison.
struct PrunedModelOptions: ParsableArguments {
  @OptionGroup var model: ModelOptions

  @Option(help: "A line of the comparison, for example GeneticAlgorithm; the model is then a run's directory.")
  var strategy: String?

  @OptionGroup var mask: MaskOptions

  func validate() throws {
    if strategy != nil, mask.mask != nil { throw ValidationError("--strategy brings its own mask; expected no --mask") }
    if strategy != nil, model.zoo.zoo != nil {
      throw ValidationError("--strategy brings its own network; expected no --zoo")
    }
  }

  /// Whether anything says what is to be pruned.
  var isPruned: Bool { mask.mask != nil || strategy != nil }

  /// Reads the model, and the run that it is of.
  ///
  /// - Throws: `FormatError`, `NetworkError`; what ``RunModel`` throws.
  func load() throws -> (pruned: PrunedModel, run: RunModel?) {
    if let strategy {
      let line = try RunModel(directory: model.model, strategy: strategy)
      return (PrunedModel(model: line.model, mask: line.mask, scope: line.scope), line)
    }
    let model = try model.load()
    return (PrunedModel(model: model, mask: try mask.load(for: model.network), scope: mask.scope), nil)
  }
}
