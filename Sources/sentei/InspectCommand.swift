import ArgumentParser
import Formats
import Foundation
import Models
import Pruning
import Reports

/// `sentei inspect`: what a model is made of.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show a model's layers: shapes, parameters, prunable parameters, multiply-adds.",
    discussion: "Takes a model file, or --zoo NAME --shape 3,32,32 for a network of the zoo.")

  @Argument(help: "The model: .onnx or .safetensors.")
  var model: String?

  @OptionGroup var zoo: ZooOptions

  @Flag(help: "The last layer with weights counts as prunable.")
  var pruneClassifier = false

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  func validate() throws {
    guard model != nil || zoo.zoo != nil else { throw ValidationError("give a model file, or --zoo NAME") }
  }

  func run() throws {
    try reportingSync {
      let network: NetworkDescription
      if let model {
        network = try ModelFile.load(path: model, network: try zoo.network()).network
      } else {
        network = try zoo.network()!
      }
      let listing = NetworkListing(network, scope: PruningScope(prunesClassifier: pruneClassifier))
      print(json ? try listing.json : listing.table)
    }
  }
}

/// A network layer by layer, for people and for programs.
struct NetworkListing: Encodable {
  /// One layer.
  struct Row: Encodable {
    let layer: String
    let kind: String
    let inputs: [String]
    let output: [Int]
    let parameters: Int
    let prunable: Int
    let multiplyAdds: Int

    enum CodingKeys: String, CodingKey {
      case layer, kind, inputs, output, parameters, prunable
      case multiplyAdds = "multiply_adds"
    }
  }

  let name: String
  let layers: [Row]
  let size: Int
  let prunable: Int
  let multiplyAdds: Int

  enum CodingKeys: String, CodingKey {
    case name, layers, size, prunable
    case multiplyAdds = "multiply_adds"
  }

  init(_ network: NetworkDescription, scope: PruningScope) {
    let layout = ParameterLayout(network, scope: scope)
    name = network.name
    layers = network.nodes.enumerated().map { index, node in
      let tensors = layout.tensors.filter { $0.node == index && $0.role.isTrainable }
      return Row(
        layer: node.name, kind: node.layer.kind, inputs: node.inputs.map { network.nodes[$0].name },
        output: network.shapes[index], parameters: tensors.reduce(0) { $0 + $1.range.count },
        prunable: tensors.reduce(0) { $0 + ($1.maskRange?.count ?? 0) },
        multiplyAdds: tensors.reduce(0) { $0 + $1.range.count * $1.multiplyAdds })
    }
    size = layout.trainableCount
    prunable = layout.prunableCount
    multiplyAdds = SizeMetrics(layout, mask: nil).flops
  }

  var table: String {
    var rows = layers.map { row in
      [
        row.layer, row.kind, row.output.map(String.init).joined(separator: "×"), "\(row.parameters)", "\(row.prunable)",
        "\(row.multiplyAdds)",
      ]
    }
    rows.append(["total", "", "", "\(size)", "\(prunable)", "\(multiplyAdds)"])
    let header = ["layer", "kind", "output", "parameters", "prunable", "multiply_adds"]
    return "\(name)\n" + TextTable.aligned(header: header, rows: rows)
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
