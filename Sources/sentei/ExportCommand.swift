import ArgumentParser
import Formats
import Foundation
import Models
import Reports
import Services

/// `sentei export`: a model in another format, whole or pruned.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model as ONNX or safetensors: whole, masked, packed or physically shrunk.",
    discussion: """
      With --strategy the model is a line of a finished run's comparison: its mask, and the weights that it was put on test \
      with (of several draws of a retraining the first). Inputs are normalised as the study says.
      """)

  @OptionGroup var source: PrunedModelOptions

  @Option(
    help: """
      dense: the mask is not applied; masked: removed weights are zeros; csr: weights as compressed sparse rows where that is \
      smaller (.safetensors); compact: neurons and channels that no longer matter are taken out; shared: few different values \
      a layer and Huffman codes, as in Deep Compression (.safetensors). By default masked with a mask and dense without.
      """)
  var form: ExportForm?

  @OptionGroup var sharing: SharingOptions

  @Option(name: [.short, .long], help: "The file to write: .onnx or .safetensors.")
  var output: String

  func validate() throws {
    if let form, [.masked, .compact].contains(form), !source.isPruned {
      throw ValidationError("--form \(form.rawValue) needs --mask or --strategy")
    }
    if form != .shared, let option = sharing.given { throw ValidationError("\(option) needs --form shared") }
    try OutputPlace.checkModelName(output)
    if let form, !form.isPlain, !output.hasSuffix(".safetensors") {
      throw ValidationError(
        "--form \(form.rawValue) is written as .safetensors alone, found --output \(output); masked and compact are "
          + "also ONNX")
    }
  }

  func run() throws {
    // A retraining has the bits of the comparison with these kernels alone.
    if source.strategy != nil { Numerics.ensureEnvironment() }
    try reportingSync {
      try OutputPlace.check(output)
      let pruned = try source.load().pruned
      let form = form ?? (pruned.mask == nil ? .dense : .masked)
      let model = pruned.model(in: form)
      let parameters = ParameterLayout(model.network).trainableCount
      switch form {
      case .csr:
        let file = Safetensors.writeSparse(model)
        try WholeFile.replace(output, with: file.bytes)
        let names = file.sparse.isEmpty ? "no tensor" : file.sparse.joined(separator: ", ")
        print("\(output): \(parameters) parameters in \(file.bytes.count) bytes, \(names) as sparse rows")
      case .shared:
        let file = Safetensors.writeShared(model, scope: pruned.scope, bits: sharing.sharing)
        try WholeFile.replace(output, with: file.bytes)
        print(Self.table(file.layers))
        print("\(output): \(parameters) parameters in \(file.bytes.count) bytes")
      case .dense, .masked, .compact:
        try ModelFile.save(model, to: output)
        print("\(output): \(parameters) parameters")
      }
    }
  }

  /// What became of each layer's weights.
  private static func table(_ layers: [Safetensors.SharedLayer]) -> String {
    let header = [
      "layer", "weights", "nonzero", "fillers", "centroids", "position_bytes", "index_bytes", "codebook_bytes",
      "length_bytes", "bits_per_weight", "bits_per_nonzero",
    ]
    let rows = layers.map { layer in
      guard layer.isShared else {
        let bits = Double(32 * layer.weights) / Double(max(layer.nonzero, 1))
        return [layer.name, "\(layer.weights)", "\(layer.nonzero)"] + Array(repeating: "-", count: 6)
          + ["32.000", bits.fixed(digits: 3)]
      }
      let counts = [
        layer.weights, layer.nonzero, layer.fillers, layer.centroids, layer.positionBytes, layer.indexBytes,
        layer.codebookBytes, layer.lengthBytes,
      ]
      let bits = [layer.weights, layer.nonzero].map { Double(8 * layer.bytes) / Double(max($0, 1)) }
      return [layer.name] + counts.map(String.init) + bits.map { $0.fixed(digits: 3) }
    }
    return TextTable.aligned(header: header, rows: rows)
  }
}
