package import Models
package import Pruning

/// Scores masks of one network on one set of data: the fitness.
///
/// Vectorised across samples, so each sum is one chain of fused multiply-adds in a fixed order, starting at the bias:
/// the same bits on every processor and for every density, and those of ``ReferenceEvaluator``. Not `Sendable`: each
/// lane (an OS thread) has its own, around a shared ``EvaluationData``.
package final class MaskedEvaluator {
  private let data: EvaluationData
  private let program: EvaluationProgram
  private let kernels: Kernels
  private let classes: Int
  private let parameters: AlignedBuffer<Float>
  /// Nil where masks are evaluated one by one.
  private let chain: DenseChain?
  /// For the last few numbers of samples that were asked about.
  private var populations: [Population] = []
  /// Bytes that a population may take for activations.
  private let memory: Int
  /// From how many samples on code is made for masks.
  private let assembledSamples: Int
  private let nonfinite = AlignedBuffer<Int32>(count: Kernels.lanes)
  private let losses = AlignedBuffer<Double>(count: Kernels.lanes)
  /// Where weights are not finite: in which mask position, or nil where no mask removes them.
  private let spoiled: [Int?]
  /// The number of bits that a mask must have.
  package let maskCount: Int

  /// An evaluator of masks over `scope` for the given parameters.
  ///
  /// - Parameters:
  ///   - memory: bytes for activations of walks, for each number of samples that is asked about; nil: 256 MB.
  ///   - assembledSamples: from how many samples on code is made for masks, where it can be; nil: where that pays.
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network, or it is too large to evaluate.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: EvaluationData,
    variant: KernelVariant = .best, memory: Int? = nil, assembledSamples: Int? = nil
  ) throws(NetworkError) {
    self.memory = memory ?? Neighbours.usualMemory
    self.assembledSamples = assembledSamples ?? Population.usualAssembledSamples
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    self.data = data
    kernels = Kernels(variant)
    let layout = ParameterLayout(network, scope: scope)
    let values = AlignedBuffer(parameters)
    program = try EvaluationProgram(network, layout: layout, parameters: values, data: data, kernels: kernels)
    self.parameters = values
    chain = DenseChain(network, layout)
    classes = network.outputCount
    maskCount = layout.prunableCount
    spoiled = layout.tensors.filter { $0.role == .weight }.flatMap { tensor in
      tensor.range.filter { !parameters[$0].isFinite }.map { position in
        tensor.maskRange.map { $0.lowerBound + position - tensor.range.lowerBound }
      }
    }
  }

  /// An evaluator that lays the data out for itself.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package convenience init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData
  ) throws(NetworkError) {
    try self.init(network: network, scope: scope, parameters: parameters, data: EvaluationData(data))
  }

  /// Accuracy and mean loss under a mask; nil keeps every weight.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  /// - Complexity: samples × kept multiply-adds.
  package func evaluate(_ mask: Mask?) -> Score { evaluate(mask, samples: nil, threshold: nil)! }

  /// The same on the first samples alone, and no further than it takes to see that a threshold is missed.
  ///
  /// - Parameter samples: how many; nil: all.
  /// - Returns: nil if the score is worse than the threshold, at the block where that became certain.
  /// - Precondition: `mask` has ``maskCount`` bits.
  package func evaluate(_ mask: Mask?, samples: Int?, threshold: Threshold?) -> Score? {
    let total = min(samples ?? data.count, data.count)
    var correct = 0
    var loss = 0.0
    var isMissed = false
    let isFinite = forEachBlock(mask, samples: total) { logits, first, count in
      correct += judge(logits, of: data, first: first, count: count, into: losses.base)
      for lane in 0..<count { loss += losses.base[lane] }
      isMissed =
        threshold?.isOutOfReach(correct: correct, loss: loss, seen: first + count, of: total) ?? false
      return !isMissed
    }
    if isMissed { return nil }
    let score =
      isFinite ? Score.exact(correct: correct, count: total, loss: total == 0 ? 0 : loss / Double(total)) : .nonfinite
    return threshold?.isMissed(by: score) ?? false ? nil : score
  }

  /// A mask and what is asked about it.
  package struct Query {
    package let mask: Mask?
    /// How many of the first samples; nil: all.
    package let samples: Int?
    package let threshold: Threshold?

    package init(mask: Mask?, samples: Int? = nil, threshold: Threshold? = nil) {
      self.mask = mask
      self.samples = samples
      self.threshold = threshold
    }
  }

  /// The answers of ``evaluate(_:samples:threshold:)`` to several questions, with the same bits: together where the
  /// network is a chain of dense layers, which shares what masks have in common, else one by one.
  ///
  /// - Precondition: masks have ``maskCount`` bits.
  /// - Complexity: samples × multiply-adds that are not shared.
  package func evaluate(_ queries: [Query]) -> [Score?] {
    func alone(_ query: Query) -> Score? { evaluate(query.mask, samples: query.samples, threshold: query.threshold) }
    guard let chain else { return queries.map(alone) }
    // Lists do not pay for dense masks; what is not finite is known at once.
    let together = queries.indices.filter { place in
      guard let mask = queries[place].mask, isFinite(under: mask) else { return false }
      return Double(mask.population) <= Double(maskCount) * CompiledLayer.crossover
    }
    var scores = [Score?](repeating: nil, count: queries.count)
    for place in Set(queries.indices).subtracting(together) { scores[place] = alone(queries[place]) }
    let counts = queries.map { min($0.samples ?? data.count, data.count) }
    for count in Set(together.map { counts[$0] }).sorted() {
      let places = together.filter { counts[$0] == count }
      let found = population(of: chain, samples: count).scores(
        of: places.map { (queries[$0].mask, queries[$0].threshold) },
        judge: { judge($0, of: $1, first: $2, count: $3, into: $4) }, alone: { alone(queries[places[$0]]) })
      for (place, score) in zip(places, found) { scores[place] = score }
    }
    return scores
  }

  /// How many masks were computed from activations that another one left.
  package var neighbourCount: Int { populations.reduce(0) { $0 + $1.neighbourCount } }

  private func population(of chain: DenseChain, samples: Int) -> Population {
    if let found = populations.first(where: { $0.sampleCount == samples }) { return found }
    let fresh = Population(
      chain, parameters: parameters, data: data, samples: samples, kernels: kernels, memory: memory,
      assembledSamples: assembledSamples)
    populations = populations.suffix(3) + [fresh]
    return fresh
  }

  /// Writes the losses of a block, and returns how many labels were right.
  private func judge(
    _ logits: UnsafePointer<Float>, of data: EvaluationData, first: Int, count: Int,
    into losses: UnsafeMutablePointer<Double>
  ) -> Int {
    let labels = data.labels.base + first
    guard let targets = data.targets else {
      return kernels.losses(logits, classes: classes, labels: labels, count: count, into: losses)
    }
    var correct = 0
    for lane in 0..<count {
      let wanted = targets.base + (first + lane) * classes
      var (best, sum) = (logits[lane], 0.0)
      var label = 0
      for index in 0..<classes {
        let output = logits[index * Kernels.lanes + lane]
        if output > best { (best, label) = (output, index) }
        let error = Double(output) - Double(wanted[index])
        sum += error * error
      }
      if label == Int(labels[lane]) { correct += 1 }
      losses[lane] = sum / Double(classes)
    }
    return correct
  }

  /// Everything that is to be said about a mask on these data; nil where a value is infinite or not a number.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  package func report(_ mask: Mask?) -> EvaluationReport? {
    guard case .exact(_, _, let loss) = evaluate(mask) else { return nil }
    return EvaluationReport(logits: logits(mask), classes: classes, labels: data.labels.array, loss: loss)
  }

  /// The class scores: [samples][classes]. They may be infinite or not a number.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  package func logits(_ mask: Mask?) -> [Float] {
    var out = [Float](repeating: .nan, count: data.count * classes)
    _ = forEachBlock(mask, samples: data.count, stops: false) { logits, first, count in
      for lane in 0..<count {
        for label in 0..<classes { out[(first + lane) * classes + label] = logits[label * Kernels.lanes + lane] }
      }
      return true
    }
    return out
  }

  /// Calls `body` with the class scores of each block, its first sample and their number, until it says no.
  ///
  /// - Returns: false, at once if it `stops`, where a value is infinite or not a number.
  private func forEachBlock(
    _ mask: Mask?, samples: Int, stops: Bool = true,
    _ body: (_ logits: UnsafePointer<Float>, _ first: Int, _ count: Int) -> Bool
  ) -> Bool {
    var isFinite = isFinite(under: mask)
    if stops, !isFinite { return false }
    program.compile(mask)
    nonfinite.base.update(repeating: 0, count: nonfinite.count)
    for first in stride(from: 0, to: samples, by: Kernels.lanes) {
      let count = min(Kernels.lanes, samples - first)
      let logits = program.run(block: first / Kernels.lanes, nonfinite: nonfinite.base)
      for lane in 0..<count where nonfinite.base[lane] != 0 { isFinite = false }
      if stops, !isFinite { return false }
      guard body(logits, first, count) else { break }
    }
    return isFinite
  }

  /// Whether all inputs are, and all weights that a mask keeps.
  private func isFinite(under mask: Mask?) -> Bool {
    if let mask {
      precondition(mask.count == maskCount, "a mask of \(mask.count) bits for \(maskCount) weights")
    }
    return data.isFinite
      && spoiled.allSatisfy { position in
        if let mask, let position { !mask[position] } else { false }
      }
  }
}
