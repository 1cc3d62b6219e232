import Digests
import Models

/// Canonical bytes of networks that no ``NetworkDescription`` can be, written field by field.
enum ImpossibleNetwork {
  typealias Write = (inout CanonicalBytes) -> Void

  /// A layer by the number of its kind, its fields and its inputs.
  struct Layer {
    var name: String
    var kind: Int
    var fields: Write
    var inputs: [Int]

    init(_ name: String, _ kind: Int, _ inputs: [Int], _ fields: @escaping Write = { _ in }) {
      (self.name, self.kind, self.fields, self.inputs) = (name, kind, fields, inputs)
    }

    static func input(_ shape: [Int]) -> Layer { Layer("input", 1, []) { $0.append(list: shape) { $0.append($1) } } }

    static func dense(_ name: String, _ outputs: Int, _ input: Int) -> Layer {
      Layer(name, 2, [input]) {
        $0.append(outputs)
        $0.append(true)
      }
    }

    static func convolution(_ outputs: Int, groups: Int, _ window: [Int]) -> Layer {
      Layer("conv", 3, [0]) {
        $0.append(outputs)
        $0.append(groups)
        $0.append(false)
        for size in window { $0.append(size) }
      }
    }
  }

  /// The layers of the widths 65, 1, 2.
  static var possible: [Layer] {
    [.input([65]), .dense("dense1", 1, 0), Layer("relu1", 8, [1]), .dense("dense2", 2, 2)]
  }

  static func bytes(name: String = "n", _ layers: [Layer] = possible) -> [UInt8] {
    var bytes = CanonicalBytes(kind: "network-with-names", version: 1)
    bytes.append(name)
    bytes.append(list: layers) { bytes, layer in
      bytes.append(layer.name)
      bytes.append(layer.kind)
      layer.fields(&bytes)
      bytes.append(list: layer.inputs) { $0.append($1) }
    }
    return bytes.bytes
  }

  /// The possible network with one layer in the place of another.
  private static func replacing(_ place: Int, _ layer: Layer) -> [UInt8] {
    var layers = possible
    layers[place] = layer
    return bytes(layers)
  }

  /// An image of 4 × 6 × 6 values, a layer on it, and a classifier.
  private static func image(_ layer: Layer, flat: Bool = true) -> [UInt8] {
    bytes([.input([4, 6, 6]), layer] + (flat ? [Layer("flatten", 15, [1]), .dense("dense", 2, 2)] : []))
  }

  static var all: [[UInt8]] {
    let valid = bytes()
    let window = [3, 3, 1, 1, 0, 0, 0, 0]
    var all: [[UInt8]] = [
      [], valid + [0], Array(valid.dropLast()), Array(valid.prefix(40)), Parameters.canonicalBytes(of: [1]),
      bytes([]), bytes([.input([65])]), bytes(Array(possible.dropFirst())), bytes(possible + [.input([65])]),
      bytes(Array(repeating: .input([65]), count: 5000)), bytes(name: String(repeating: "n", count: 257)),
      bytes(possible + (0..<5000).map { Layer("relu\($0 + 2)", 8, [$0 + 3]) }),
      // Names.
      replacing(1, .dense("", 1, 0)), replacing(1, .dense(String(repeating: "d", count: 257), 1, 0)),
      replacing(1, .dense("dense2", 1, 0)),
      // Places.
      replacing(1, .dense("dense1", 1, 1)), replacing(1, .dense("dense1", 1, 2)), replacing(1, .dense("dense1", 1, -1)),
      replacing(3, .dense("dense2", 2, .max)), replacing(3, .dense("dense2", 2, 1)),
      replacing(2, Layer("relu1", 8, [])),
      replacing(2, Layer("relu1", 8, [0, 1])), replacing(2, Layer("add", 16, [1])),
      replacing(2, Layer("add", 16, [0, 1])),
      // Kinds.
      replacing(2, Layer("unknown", 0, [1])), replacing(2, Layer("unknown", 18, [1])),
      replacing(2, Layer("unknown", .max, [1])),
      // Shapes.
      bytes([.input([]), .dense("dense", 2, 0)]), bytes([.input([0]), .dense("dense", 2, 0)]),
      bytes([.input([2, 2]), .dense("dense", 2, 0)]), bytes([.input([4, 6, 6]), .dense("dense", 2, 0)]),
      bytes([.input([1 << 13, 1 << 13, 1]), Layer("flatten", 15, [0]), .dense("dense", 2, 1)]),
      // Fields.
      replacing(2, Layer("dropout", 14, [1]) { $0.append(1.0) }),
      replacing(2, Layer("dropout", 14, [1]) { $0.append(Double.nan) }),
      replacing(2, Layer("leaky", 9, [1]) { $0.append(0.1) }),
      replacing(2, Layer("leaky", 9, [1]) { $0.append(Double.infinity) }),
      replacing(
        2,
        Layer("clip", 12, [1]) {
          $0.append(1.0)
          $0.append(0.0)
        }),
      image(.convolution(4, groups: 1, window), flat: false),
    ]
    for width in [0, -1, .min, .max, 1 << 17] { all.append(replacing(1, .dense("dense1", width, 0))) }
    // More parameters than anyone may ask memory for.
    all.append(bytes([.input([1 << 16]), .dense("wide", 1 << 16, 0)]))
    for groups in [0, -1, 3, .min, .max] { all.append(image(.convolution(4, groups: groups, window))) }
    for outputs in [0, -4, .min, .max] { all.append(image(.convolution(outputs, groups: 1, window))) }
    for (place, size) in [(0, 0), (0, 7), (1, -1), (1, .max), (2, 0), (3, .min), (4, -1), (7, .max), (5, 4097)] {
      var wrong = window
      wrong[place] = size
      all.append(image(.convolution(4, groups: 1, wrong)))
      all.append(image(Layer("pool", 4, [0]) { for size in wrong { $0.append(size) } }))
    }
    return all
  }
}
