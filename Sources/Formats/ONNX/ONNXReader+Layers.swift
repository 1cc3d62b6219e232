internal import Models

extension ONNXReader {
  /// y = alpha · A · B + beta · C, with weights for B.
  mutating func readGemm(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let alpha = try node.attributes.float("alpha", default: 1)
    let beta = try node.attributes.float("beta", default: 1)
    guard try node.attributes.integer("transA", default: 0) == 0 else { throw node.bad("transA 1", "transA 0") }
    let isTransposed = try node.attributes.integer("transB", default: 0) == 0
    let input = try layer(node, 0)
    let weights = try needed(try constant(node, 1), node, "weights")
    let features = try features(of: weights, isTransposed, input, node)
    var parameters: [ParameterRole: Source] = [
      .weight: Source(parts: [(weights, alpha)], isTransposed: isTransposed != weights.isTransposed)
    ]
    if let bias = try constant(node, 2), beta != 0 {
      guard bias.count == 1 || bias.count == features, bias.dimensions.last ?? 1 == bias.count,
        bias.dimensions.count <= 2
      else { throw node.bad("a bias of shape \(bias.dimensions)", "\(features) values or one") }
      parameters[.bias] = Source(parts: [(bias, beta)])
    }
    try add(
      .dense(outputs: features, bias: parameters[.bias] != nil), named: node.name(weights: weights), from: [input],
      giving: output, at: node.place, parameters)
  }

  mutating func readMatMul(_ node: ONNXNode, _ output: String) throws(FormatError) {
    let input = try layer(node, 0)
    let weights = try needed(try constant(node, 1), node, "weights")
    let features = try features(of: weights, true, input, node)
    try add(
      .dense(outputs: features, bias: false), named: node.name(weights: weights), from: [input], giving: output,
      at: node.place, [.weight: Source(parts: [(weights, 1)], isTransposed: !weights.isTransposed)])
  }

  private func features(
    of weights: ONNXTensor, _ isTransposed: Bool, _ input: Int, _ node: ONNXNode
  ) throws(FormatError) -> Int {
    let shape = shapes[input]
    let sides = weights.dimensions
    guard shape.count == 1, sides.count == 2, sides[isTransposed ? 0 : 1] == shape[0] else {
      throw node.bad(
        "weights of shape \(sides) for an input of \(shape)",
        isTransposed ? "[features, outputs]" : "[outputs, features]")
    }
    return sides[isTransposed ? 1 : 0]
  }

  mutating func readConvolution(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let input = try layer(node, 0)
    let weights = try needed(try constant(node, 1), node, "weights")
    let sides = weights.dimensions
    let groups = try node.attributes.integer("group", default: 1)
    let shape = shapes[input]
    guard sides.count == 4, shape.count == 3, groups >= 1, shape[0] % groups == 0, sides[1] == shape[0] / groups else {
      throw node.bad(
        "weights of shape \(sides) in \(groups) groups for an input of \(shape)",
        "[outputs, channels / groups, height, width] for [channels, height, width]")
    }
    let kernel = try node.attributes.integers("kernel_shape") ?? Array(sides[2...])
    guard kernel == Array(sides[2...]) else {
      throw node.bad("kernel_shape \(kernel) with weights of shape \(sides)", "the same sizes")
    }
    let window = try window(kernel, &node, shape, roundsUp: false).window
    var parameters: [ParameterRole: Source] = [.weight: Source(parts: [(weights, 1)])]
    if let bias = try constant(node, 2) {
      guard bias.dimensions == [sides[0]] else {
        throw node.bad("a bias of shape \(bias.dimensions)", "[\(sides[0])]")
      }
      parameters[.bias] = Source(parts: [(bias, 1)])
    }
    try add(
      .convolution(
        Convolution(outputs: sides[0], window: window, groups: groups, bias: parameters[.bias] != nil)),
      named: node.name(weights: weights), from: [input], giving: output, at: node.place, parameters)
  }

  mutating func readBatchNorm(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let epsilon = Double(shortest: try node.attributes.float("epsilon", default: 1e-5))
    // What ONNX keeps of the old value is what PyTorch takes of the new one.
    let momentum = Double(shortest: Float(1 - Double(shortest: try node.attributes.float("momentum", default: 0.9))))
    guard try node.attributes.integer("training_mode", default: 0) == 0 else {
      throw node.bad("training mode", "inference")
    }
    let input = try layer(node, 0)
    let roles: [ParameterRole] = [.scale, .shift, .runningMean, .runningVariance]
    var parameters: [ParameterRole: Source] = [:]
    for (index, role) in roles.enumerated() {
      let tensor = try needed(try constant(node, index + 1), node, role.suffix)
      guard tensor.dimensions == [shapes[input][0]] else {
        throw node.bad("\(role.suffix) of shape \(tensor.dimensions)", "[\(shapes[input][0])]")
      }
      parameters[role] = Source(parts: [(tensor, 1)])
    }
    try add(
      .batchNorm(BatchNorm(epsilon: epsilon, momentum: momentum)),
      named: node.name(weights: parameters[.scale]!.parts[0].tensor), from: [input], giving: output, at: node.place,
      parameters)
  }

  mutating func readPool(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let input = try layer(node, 0)
    guard let kernel = try node.attributes.integers("kernel_shape"), kernel.count == 2, shapes[input].count == 3 else {
      throw node.bad("no kernel_shape for [channels, height, width]", "a window of two sizes on an image")
    }
    let roundsUp = try node.attributes.integer("ceil_mode", default: 0) != 0
    node.attributes.ignore("storage_order")
    let (window, isPadded, isWidened) = try window(kernel, &node, shapes[input], roundsUp: roundsUp)
    if node.message.opType == "MaxPool" { return try addLayer(.maxPool(window), node, output) }
    var countsPadding = try node.attributes.integer("count_include_pad", default: 0) != 0
    if isWidened, countsPadding {
      // What rounding up adds is never counted, so both together are no layer here; without other padding none counts.
      guard !isPadded else {
        throw node.bad("ceil_mode with padding that counts", "ceil_mode 0 or count_include_pad 0")
      }
      countsPadding = false
    }
    try addLayer(.averagePool(window, countsPadding: countsPadding), node, output)
  }

  /// The mean over height and width, as which PyTorch writes pooling to one value.
  mutating func readMean(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    var axes = try node.attributes.integers("axes")
    if axes == nil, let tensor = try constant(node, 1) { axes = tensor.integers }
    let keeps = try node.attributes.integer("keepdims", default: 1) != 0
    node.attributes.ignore("noop_with_empty_axes")
    let shape = shapes[try layer(node, 0)]
    guard shape.count == 3, let axes, axes.count == 2, Set(axes.map { $0 < 0 ? $0 + 4 : $0 }) == [2, 3] else {
      throw node.bad("a mean over axes \(axes.map { "\($0)" } ?? "unknown") of \(shape)", "one over height and width")
    }
    if keeps { return try addLayer(.globalAveragePool, node, output) }
    let inner = output + ":mean"
    try addLayer(.globalAveragePool, node, inner)
    try add(.flatten, named: node.path, from: [layers.count - 1], giving: output, at: node.place)
  }

  /// The window of a convolution or pool, whether it has padding of its own, and whether rounding up added some.
  private func window(
    _ kernel: [Int], _ node: inout ONNXNode, _ shape: [Int], roundsUp: Bool
  ) throws(FormatError) -> (window: Window, isPadded: Bool, isWidened: Bool) {
    let strides = try node.attributes.integers("strides") ?? [1, 1]
    let dilations = try node.attributes.integers("dilations") ?? [1, 1]
    let pads = try node.attributes.integers("pads") ?? [0, 0, 0, 0]
    let mode = try node.attributes.text("auto_pad", default: "NOTSET")
    guard dilations.allSatisfy({ $0 == 1 }) else { throw node.bad("dilations \(dilations)", "dilations of 1") }
    guard kernel.count == 2, strides.count == 2, pads.count == 4,
      (kernel + strides).allSatisfy({ (1...4096).contains($0) }), pads.allSatisfy({ (0...4096).contains($0) })
    else {
      throw node.bad(
        "kernel \(kernel.prefix(8)), strides \(strides.prefix(8)), pads \(pads.prefix(8))",
        "two sizes, two strides and four pads of 0 to 4096")
    }
    var before = [0, 0]
    var after = [0, 0]
    var (isPadded, isWidened) = (false, false)
    for side in 0..<2 {
      let size = shape[side + 1]
      switch mode {
      case "NOTSET": (before[side], after[side]) = (pads[side], pads[side + 2])
      case "VALID": break
      case "SAME_UPPER", "SAME_LOWER":
        let places = (size + strides[side] - 1) / strides[side]
        let padding = max((places - 1) * strides[side] + kernel[side] - size, 0)
        let larger = padding - padding / 2
        before[side] = mode == "SAME_UPPER" ? padding - larger : larger
        after[side] = padding - before[side]
      default: throw node.bad("auto_pad \(quoted(mode))", "NOTSET, VALID, SAME_UPPER or SAME_LOWER")
      }
      if before[side] + after[side] > 0 { isPadded = true }
      let room = size + before[side] + after[side] - kernel[side]
      guard room >= 0 else { throw node.bad("a window of \(kernel) on \(shape)", "one that fits") }
      guard roundsUp, room % strides[side] != 0 else { continue }
      let last = (room / strides[side] + 1) * strides[side]
      // Such a window would see padding alone; frameworks disagree about it.
      guard last < size + before[side] else {
        throw node.bad("ceil_mode with a window beyond the image", "windows that begin inside")
      }
      after[side] += strides[side] - room % strides[side]
      isWidened = true
    }
    let padding = Window.Padding(top: before[0], left: before[1], bottom: after[0], right: after[1])
    return (
      Window(
        height: kernel[0], width: kernel[1], verticalStride: strides[0], horizontalStride: strides[1],
        padding: padding), isPadded, isWidened
    )
  }
}
