internal import Models
internal import Pruning

/// A plan with memory and parameters: what runs for each block of 64 samples.
///
/// Nodes on images run four times a block, for 16 samples each, so that their activations stay in the cache; nodes on
/// features run once for all 64.
final class EvaluationProgram {
  /// One kernel's work; the nonfinite flags are those of the samples at hand.
  private typealias Step = (_ nonfinite: UnsafeMutablePointer<Int32>) -> Void

  private let network: NetworkDescription
  private let layout: ParameterLayout
  private let parameters: AlignedBuffer<Float>
  private let kernels: Kernels
  private let plan: EvaluationPlan
  private let data: EvaluationData

  /// Steps on images, with the number of the 16 samples (0..<4), and steps on features.
  private var imageSteps: [(_ part: Int, _ nonfinite: UnsafeMutablePointer<Int32>) -> Void] = []
  private var featureSteps: [Step] = []
  private var dense: [CompiledLayer] = []
  private var convolutions: [CompiledConvolution] = []
  /// Memory by storage; what the storage's rank says is there.
  private var images: [Image?]
  private var features: [AlignedBuffer<Float>?]
  private var memory: [AlignedBuffer<Float>] = []
  /// The block's inputs, or a chunk of them: [features][lanes].
  private let inputs: AlignedBuffer<Float>
  private var block = 0

  /// The most values, over all samples that are computed side by side.
  private static let mostValues = 1 << 31

  /// - Throws: ``NetworkError`` if the activations would fill the memory of a machine.
  /// - Precondition: data and parameters belong to the network.
  init(
    _ network: NetworkDescription, layout: ParameterLayout, parameters: AlignedBuffer<Float>, data: EvaluationData,
    kernels: Kernels
  ) throws(NetworkError) {
    self.network = network
    self.layout = layout
    self.parameters = parameters
    self.data = data
    self.kernels = kernels
    plan = EvaluationPlan(network)
    images = Array(repeating: nil, count: plan.shapes.count)
    features = images.map { _ in nil }
    let held = plan.inputFeedsOneDense ? Kernels.chunk(data.featureCount) : data.featureCount
    inputs = AlignedBuffer(count: held * Kernels.lanes)
    try reserve()
    for group in plan.groups { compile(group) }
  }

  /// Takes over a candidate's bits; nil keeps every weight.
  func compile(_ mask: Mask?) {
    for layer in dense { layer.compile(mask) }
    for convolution in convolutions { convolution.compile(mask) }
  }

  /// The class scores of one block: [classes][lanes].
  func run(block: Int, nonfinite: UnsafeMutablePointer<Int32>) -> UnsafePointer<Float> {
    self.block = block
    if !plan.inputFeedsOneDense {
      data.expand(block: block, features: 0..<data.featureCount, with: kernels, into: inputs.base)
    }
    if !imageSteps.isEmpty {
      for part in 0..<Kernels.lanes / Kernels.imageLanes {
        for step in imageSteps { step(part, nonfinite + part * Kernels.imageLanes) }
      }
    }
    for step in featureSteps { step(nonfinite) }
    return UnsafePointer(features[plan.storage[plan.logits]!]!.base)
  }

  /// Memory for each storage.
  private func reserve() throws(NetworkError) {
    var firstUse = Array(repeating: -1, count: plan.shapes.count)
    for (place, group) in plan.groups.enumerated() where firstUse[plan.storage[group.output]!] < 0 {
      if plan.storage[group.output] != plan.storage[0] { firstUse[plan.storage[group.output]!] = place }
    }
    var total = inputs.count
    try reserveFeatures(firstUse, &total)
    try reserveImages(firstUse, &total)
    if let image = images[plan.storage[0]!] {
      imageSteps.append { [unowned self] part, _ in self.load(part, into: image) }
    }
  }

  private func count(_ values: Int, in total: inout Int) throws(NetworkError) {
    total += values
    guard total <= Self.mostValues else {
      throw NetworkError("\(network.name) is too large: its activations need more than 8 GiB")
    }
  }

  /// Features take memory that is free again, whatever its size was.
  private func reserveFeatures(_ firstUse: [Int], _ total: inout Int) throws(NetworkError) {
    // The input is read where it is expanded.
    let storages = plan.shapes.indices.filter { plan.shapes[$0].count == 1 && $0 != plan.storage[0] }
    var slots = SlotAllocator()
    var places = Array(repeating: -1, count: plan.shapes.count)
    // Flattened images are written before all steps on features, so they share no memory with what came before them.
    for group in plan.groups {
      guard case .flatten = network.nodes[group.node].layer else { continue }
      let storage = plan.storage[group.output]!
      places[storage] = slots.take(plan.shapes[storage][0])
    }
    var busy = storages.filter { places[$0] >= 0 }
    for storage in storages where places[storage] < 0 {
      for (index, other) in busy.enumerated().reversed() where plan.lastUse[other] < firstUse[storage] {
        slots.release(places[other])
        busy.remove(at: index)
      }
      places[storage] = slots.take(plan.shapes[storage][0])
      busy.append(storage)
    }
    var buffers: [AlignedBuffer<Float>] = []
    for size in slots.sizes { try count(size * Kernels.lanes, in: &total) }
    for size in slots.sizes { buffers.append(AlignedBuffer(count: size * Kernels.lanes)) }
    for storage in storages { features[storage] = buffers[places[storage]] }
  }

  /// Images of one geometry take turns, because nobody writes into the border.
  private func reserveImages(_ firstUse: [Int], _ total: inout Int) throws(NetworkError) {
    var free: [Image.Geometry: [Int]] = [:]
    var busy: [(until: Int, geometry: Image.Geometry, memory: Int)] = []
    for storage in plan.shapes.indices where plan.shapes[storage].count == 3 {
      for (index, use) in busy.enumerated().reversed() where use.until < firstUse[storage] {
        free[use.geometry, default: []].append(use.memory)
        busy.remove(at: index)
      }
      let geometry = Image.Geometry(shape: plan.shapes[storage], border: plan.borders[storage])
      let number: Int
      if let last = free[geometry]?.popLast() {
        number = last
      } else {
        // Padding can make a small image large.
        try count(geometry.count, in: &total)
        number = memory.count
        memory.append(AlignedBuffer(count: geometry.count))
      }
      images[storage] = Image(base: memory[number].base, geometry: geometry)
      busy.append((plan.lastUse[storage], geometry, number))
    }
  }

  /// Spreads the expanded inputs of 16 samples over an image.
  private func load(_ part: Int, into image: Image) {
    var x = UnsafePointer(inputs.base) + part * Kernels.imageLanes
    image.forEachRow { _, _, row in
      for place in 0..<image.width {
        (row + place * Kernels.imageLanes).update(from: x, count: Kernels.imageLanes)
        x += Kernels.lanes
      }
    }
  }

  private func image(_ node: Int) -> Image { images[plan.storage[node]!]! }

  private func values(_ node: Int) -> UnsafeMutablePointer<Float> {
    let storage = plan.storage[node]!
    return storage == plan.storage[0] ? inputs.base : features[storage]!.base
  }

  private func compile(_ group: EvaluationPlan.Group) {
    let node = group.node
    let inputs = network.nodes[node].inputs.indices.map { plan.input(node, $0) }
    if case .flatten = network.nodes[node].layer {
      flatten(image(inputs[0]), into: values(group.output))
    } else if network.shapes[node].count == 3 {
      compileImage(group, inputs)
    } else {
      compileFeatures(group, inputs)
    }
  }

  private func compileImage(_ group: EvaluationPlan.Group, _ inputs: [Int]) {
    let (x, y) = (image(inputs[0]), image(group.output))
    let kernels = kernels
    switch network.nodes[group.node].layer {
    case .convolution(let convolution):
      let compiled = CompiledConvolution(
        weight: layout[group.node, .weight]!, bias: layout[group.node, .bias],
        norm: group.norm.map { folded($0) }, convolution,
        places: Kernels.Places(
          inputs: x, outputs: y, summand: group.summand.map { image($0) }, window: convolution.window, relu: group.relu),
        parameters: parameters.base, kernels: kernels)
      convolutions.append(compiled)
      imageSteps.append { compiled.run(nonfinite: $1) }
    case .maxPool(let window):
      imageSteps.append {
        kernels.pool(x, into: y, window: window, average: false, countsPadding: false, nonfinite: $1)
      }
    case .averagePool(let window, let countsPadding):
      imageSteps.append {
        kernels.pool(x, into: y, window: window, average: true, countsPadding: countsPadding, nonfinite: $1)
      }
    case .globalAveragePool:
      let window = Window(
        height: x.height, width: x.width, verticalStride: 1, horizontalStride: 1,
        padding: Window.Padding(top: 0, left: 0, bottom: 0, right: 0))
      imageSteps.append {
        kernels.pool(x, into: y, window: window, average: true, countsPadding: false, nonfinite: $1)
      }
    case .batchNorm:
      let (scale, shift) = folded(group.node)
      imageSteps.append { _, nonfinite in
        y.forEachRow { channel, row, out in
          kernels.map(
            .affine(scale: scale[channel], shift: shift[channel]), x.place(channel: channel, row: row, column: 0),
            into: out, count: y.rowCount, nonfinite: nonfinite, cycle: 1)
        }
      }
    case .activation(let activation):
      imageSteps.append { Self.copy(x, to: y, .activation(activation), $1, kernels) }
    case .add:
      let others = inputs.dropFirst().map { image($0) }
      imageSteps.append { _, nonfinite in
        if x.base != y.base { Self.copy(x, to: y, .copy, nonfinite, kernels) }
        for other in others {
          y.forEachRow { channel, row, out in
            kernels.add(
              other.place(channel: channel, row: row, column: 0), to: out, count: y.rowCount, nonfinite: nonfinite,
              cycle: 1)
          }
        }
      }
    case .concatenate:
      var parts: [(Image, Image)] = []
      var first = 0
      for input in inputs.map({ image($0) }) {
        parts.append((input, y.channels(first..<first + input.channels)))
        first += input.channels
      }
      imageSteps.append { for (from, to) in parts { Self.copy(from, to: to, .copy, $1, kernels) } }
    case .input, .dense, .softmax, .dropout, .flatten: preconditionFailure("no group on images")
    }
  }

  private static func copy(
    _ x: Image, to y: Image, _ function: Kernels.Function, _ nonfinite: UnsafeMutablePointer<Int32>, _ kernels: Kernels
  ) {
    y.forEachRow { channel, row, out in
      kernels.map(
        function, x.place(channel: channel, row: row, column: 0), into: out, count: y.rowCount, nonfinite: nonfinite,
        cycle: 1)
    }
  }

  private func flatten(_ image: Image, into values: UnsafeMutablePointer<Float>) {
    imageSteps.append { part, _ in
      var y = values + part * Kernels.imageLanes
      image.forEachRow { _, _, row in
        for place in 0..<image.width {
          y.update(from: row + place * Kernels.imageLanes, count: Kernels.imageLanes)
          y += Kernels.lanes
        }
      }
    }
  }

  private func folded(_ node: Int) -> (scale: [Float], shift: [Float]) {
    guard case .batchNorm(let norm) = network.nodes[node].layer else { preconditionFailure("no batch normalisation") }
    return layout.foldedBatchNorm(norm, node, parameters.array)
  }

  private func compileFeatures(_ group: EvaluationPlan.Group, _ inputs: [Int]) {
    let y = values(group.output)
    let count = network.shapes[group.node][0] * Kernels.lanes
    let (kernels, cycle) = (kernels, Kernels.lanes / Kernels.imageLanes)
    let x = UnsafePointer(values(inputs[0]))
    switch network.nodes[group.node].layer {
    case .dense:
      let layer = CompiledLayer(
        weight: layout[group.node, .weight]!, bias: layout[group.node, .bias], relu: group.relu,
        parameters: parameters.base, kernels: kernels)
      dense.append(layer)
      let expands = inputs[0] == 0 && plan.inputFeedsOneDense
      featureSteps.append { [unowned self] nonfinite in
        for pass in 0..<layer.chunkCount {
          let first = pass * layer.chunk
          if expands {
            self.data.expand(
              block: self.block, features: first..<min(first + layer.chunk, layer.inputs), with: kernels,
              into: self.inputs.base)
          }
          layer.run(
            pass: pass, inputs: expands ? x : x + first * Kernels.lanes, outputs: y, nonfinite: nonfinite)
        }
      }
    case .batchNorm:
      let (scale, shift) = folded(group.node)
      featureSteps.append { nonfinite in
        for (feature, (scale, shift)) in zip(scale, shift).enumerated() {
          let first = feature * Kernels.lanes
          kernels.map(
            .affine(scale: scale, shift: shift), x + first, into: y + first, count: Kernels.lanes,
            nonfinite: nonfinite, cycle: cycle)
        }
      }
    case .activation(let activation):
      featureSteps.append {
        kernels.map(.activation(activation), x, into: y, count: count, nonfinite: $0, cycle: cycle)
      }
    case .softmax(let logarithmic):
      featureSteps.append {
        kernels.softmax(x, into: y, classes: count / Kernels.lanes, logarithmic: logarithmic, nonfinite: $0)
      }
    case .add:
      let others = inputs.dropFirst().map { UnsafePointer(values($0)) }
      featureSteps.append { nonfinite in
        if x != UnsafePointer(y) { y.update(from: x, count: count) }
        for other in others { kernels.add(other, to: y, count: count, nonfinite: nonfinite, cycle: cycle) }
      }
    case .concatenate:
      let parts = inputs.map { (UnsafePointer(values($0)), network.shapes[$0][0] * Kernels.lanes) }
      featureSteps.append { _ in
        var out = y
        for (part, count) in parts {
          out.update(from: part, count: count)
          out += count
        }
      }
    case .input, .convolution, .maxPool, .averagePool, .globalAveragePool, .dropout, .flatten:
      preconditionFailure("no group on features")
    }
  }
}
