import ArgumentParser
import Formats
import Foundation
import Models
import Networks
import Pruning
import Services

/// `sentei export`: a model in another format, whole or pruned.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a model as ONNX or safetensors, whole, masked or physically shrunk.",
    discussion: """
      With --strategy the model is a line of a finished run's comparison: its mask, and the weights that it was put on test \
      with (of several draws of a retraining the first). Inputs are normalised as the study says.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "A line of the comparison, for example GeneticAlgorithm; the model is then a run's directory.")
  var strategy: String?
  @OptionGroup var mask: MaskOptions

  /// What becomes of a mask.
  enum Form: String, ExpressibleByArgument, CaseIterable { case dense, masked, compact }

  @Option(
    help: """
      dense: the mask is not applied; masked: removed weights are zeros; compact: neurons and channels that no longer \
      matter are taken out. By default masked with a mask and dense without.
      """)
  var form: Form?

  @Option(name: [.short, .long], help: "The file to write: .onnx or .safetensors.")
  var output: String

  func validate() throws {
    if strategy != nil, mask.mask != nil { throw ValidationError("--strategy brings its own mask; expected no --mask") }
    if strategy != nil, model.zoo.zoo != nil {
      throw ValidationError("--strategy brings its own network; expected no --zoo")
    }
    if let form, form != .dense, mask.mask == nil, strategy == nil {
      throw ValidationError("--form \(form.rawValue) needs --mask or --strategy")
    }
    try OutputPlace.checkModelName(output)
  }

  func run() throws {
    // A retraining has the bits of the comparison with these kernels alone.
    if strategy != nil { Numerics.ensureEnvironment() }
    try reportingSync {
      try OutputPlace.check(output)
      let source = try source()
      var model = source.model
      if let mask = source.mask {
        switch form ?? .masked {
        case .dense: break
        case .masked: model = model.masked(by: mask, scope: source.scope)
        case .compact: model = compacted(model, mask: mask, scope: source.scope)
        }
      } else if form == .compact {
        model = compacted(model)
      }
      try ModelFile.save(model, to: output)
      print("\(output): \(ParameterLayout(model.network).trainableCount) parameters")
    }
  }

  private func source() throws -> (model: Model, mask: Mask?, scope: PruningScope) {
    if let strategy {
      let line = try RunModel(directory: model.model, strategy: strategy)
      return (line.model, line.mask, line.scope)
    }
    let model = try model.load()
    return (model, try mask.load(for: model.network), mask.scope)
  }
}
