import ArgumentParser
import Formats
import Foundation
import Models
import Networks
import Pruning

/// `sentei export`: a model in another format, whole or pruned.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a model as ONNX or safetensors, whole, masked or physically shrunk.")

  @OptionGroup var model: ModelOptions
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
    if let form, form != .dense, mask.mask == nil { throw ValidationError("--form \(form.rawValue) needs --mask") }
    try OutputPlace.checkModelName(output)
  }

  func run() throws {
    try reportingSync {
      try OutputPlace.check(output)
      var model = try model.load()
      let mask = try mask.load(for: model.network)
      if let mask {
        switch form ?? .masked {
        case .dense: break
        case .masked: model = model.masked(by: mask, scope: self.mask.scope)
        case .compact: model = compacted(model, mask: mask, scope: self.mask.scope)
        }
      }
      try ModelFile.save(model, to: output)
      print("\(output): \(ParameterLayout(model.network).trainableCount) parameters")
    }
  }
}
