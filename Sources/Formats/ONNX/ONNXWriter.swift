internal import FoundationEssentials
package import Models
internal import SwiftProtobuf

extension ONNX {
  /// An ONNX file of a model: operator set 17, a batch of any size `N`, input `input`, output `logits`, or
  /// `probabilities` or `log_probabilities` behind a softmax.
  ///
  /// Initializers are called as the layout's tensors, nodes as the layers, so ``read(_:)`` gives the model back.
  ///
  /// - Complexity: linear in the number of values.
  package static func write(_ model: Model) -> [UInt8] {
    let message = Onnx_ModelProto.with {
      $0.irVersion = 8
      $0.producerName = "sentei"
      $0.opsetImport = [.with { $0.version = 17 }]
      $0.graph = graph(model)
    }
    do { return try message.serializedBytes() } catch {
      preconditionFailure("a model of bounded size has a wire form: \(error)")
    }
  }

  private static func graph(_ model: Model) -> Onnx_GraphProto {
    let network = model.network
    let last = network.nodes.count - 1
    let output =
      switch network.nodes[last].layer {
      case .softmax(let logarithmic): logarithmic ? "log_probabilities" : "probabilities"
      default: "logits"
      }
    let layout = ParameterLayout(network)
    var graph = Onnx_GraphProto()
    graph.name = network.name
    graph.input = [information("input", network.inputShape)]
    graph.output = [information(output, network.shapes[last])]
    graph.initializer = layout.tensors.map { tensor in
      initializer(tensor.name, tensor.shape, model.parameters[tensor.range])
    }
    // Names of layers may be any text; these cannot meet those of initializers, which have a dot.
    func value(_ index: Int) -> String { index == 0 ? "input" : index == last ? output : "value_\(index)" }
    for (index, node) in network.nodes.enumerated().dropFirst() {
      let tensors = layout.tensors.filter { $0.node == index }.map(\.name)
      var message = operation(node.layer, network.shapes[index])
      message.name = node.name
      message.input = node.inputs.map(value) + tensors + message.input
      message.output = [value(index)]
      // Limits and rates are inputs that only these layers have.
      for (name, number) in numbers(node) {
        message.input.append(number == nil ? "" : "\(node.name).\(name)")
        if let number { graph.initializer.append(initializer("\(node.name).\(name)", [], [number])) }
      }
      graph.node.append(message)
    }
    return graph
  }

  /// The numbers that a layer's operator takes as inputs; nil leaves one out.
  private static func numbers(_ node: NetworkDescription.Node) -> [(name: String, value: Float?)] {
    switch node.layer {
    case .activation(.clip(let low, let high)):
      [("low", low == -.infinity ? nil : low), ("high", high == .infinity ? nil : high)]
    case .dropout(let rate): [("rate", Float(rate))]
    default: []
    }
  }

  private static func operation(_ layer: Layer, _ shape: [Int]) -> Onnx_NodeProto {
    switch layer {
    case .input: preconditionFailure("the input is no node")
    case .dense: operation("Gemm", [integer("transB", 1)])
    case .convolution(let convolution):
      operation("Conv", window(convolution.window) + [integer("group", convolution.groups)])
    case .maxPool(let window): operation("MaxPool", self.window(window))
    case .averagePool(let window, let countsPadding):
      operation("AveragePool", self.window(window) + [integer("count_include_pad", countsPadding ? 1 : 0)])
    case .globalAveragePool: operation("GlobalAveragePool")
    case .batchNorm(let norm):
      operation(
        "BatchNormalization", [float("epsilon", Float(norm.epsilon)), float("momentum", Float(1 - norm.momentum))])
    case .activation(.relu): operation("Relu")
    case .activation(.leakyRelu(let slope)): operation("LeakyRelu", [float("alpha", slope)])
    case .activation(.sigmoid): operation("Sigmoid")
    case .activation(.tanh): operation("Tanh")
    case .activation(.clip): operation("Clip")
    case .softmax(let logarithmic): operation(logarithmic ? "LogSoftmax" : "Softmax", [integer("axis", -1)])
    case .dropout: operation("Dropout")
    case .flatten: operation("Flatten", [integer("axis", 1)])
    // Sum takes any number of values, Add two; both are read.
    case .add: operation("Sum")
    case .concatenate: operation("Concat", [integer("axis", 1)])
    }
  }

  private static func operation(_ kind: String, _ attributes: [Onnx_AttributeProto] = []) -> Onnx_NodeProto {
    .with {
      $0.opType = kind
      $0.attribute = attributes
    }
  }

  private static func window(_ window: Window) -> [Onnx_AttributeProto] {
    let padding = window.padding
    return [
      integers("kernel_shape", [window.height, window.width]),
      integers("strides", [window.verticalStride, window.horizontalStride]),
      integers("pads", [padding.top, padding.left, padding.bottom, padding.right]),
    ]
  }

  private static func integer(_ name: String, _ value: Int) -> Onnx_AttributeProto {
    .with {
      $0.name = name
      $0.type = 2
      $0.i = Int64(value)
    }
  }

  private static func float(_ name: String, _ value: Float) -> Onnx_AttributeProto {
    .with {
      $0.name = name
      $0.type = 1
      $0.f = value
    }
  }

  private static func integers(_ name: String, _ values: [Int]) -> Onnx_AttributeProto {
    .with {
      $0.name = name
      $0.type = 7
      $0.ints = values.map(Int64.init)
    }
  }

  private static func initializer(_ name: String, _ shape: [Int], _ values: ArraySlice<Float>) -> Onnx_TensorProto {
    .with {
      $0.name = name
      $0.dims = shape.map(Int64.init)
      $0.dataType = ONNXTensor.ElementType.float.rawValue
      $0.rawData = values.withUnsafeBytes { Data($0) }
    }
  }

  private static func information(_ name: String, _ shape: [Int]) -> Onnx_ValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = ONNXTensor.ElementType.float.rawValue
      $0.type.tensorType.shape.dim =
        [.with { $0.dimParam = "N" }] + shape.map { size in .with { $0.dimValue = Int64(size) } }
    }
  }
}
