package import Models

/// Units that no network has, or options that make none.
package struct UnitsError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}

/// How much goes or stays together.
package enum Granularity: Hashable, Sendable {
  /// Single weights.
  case weights
  /// Rectangles of each weight matrix, [outputs, inputs] of a dense layer, [outputs, inputs · height · width] of a
  /// convolution; those at the far edges are smaller.
  case blocks(rows: Int, columns: Int)
  /// Single weights of which N stay of each M consecutive inputs of one output; in a convolution these are the input
  /// channels at one place of the window, as sparse tensor cores take them.
  case pattern(kept: Int, of: Int)
  /// Neurons of dense layers and output channels of convolutions, with all that is tied to them.
  case neurons
}

/// What a mask of a search has bits for, and what that means for the weights.
///
/// Layers can be excluded; their weights always stay. Removing a neuron removes all weights that make it and all that
/// read it, so that nothing of it, bias and normalisation included, matters any more.
package struct Units: Sendable {
  /// Consecutive units with a name for people: those of one weight tensor, or neurons that are tied alike.
  package struct Layer: Hashable, Sendable {
    package let name: String
    package let range: Range<Int>
  }

  package let granularity: Granularity
  /// The layout that weight masks belong to.
  package let layout: ParameterLayout
  /// Without gaps.
  package let layers: [Layer]
  /// What crossover by neurons takes as one: the units of one output, or of one row of blocks. Without gaps.
  package let neurons: [Range<Int>]
  /// The groups of N:M; nil for other granularities.
  package let pattern: GroupPattern?
  let form: Form

  enum Form: Sendable {
    case matrices([UnitMatrix])
    case channels(UnitChannels)
  }

  /// The units of a network.
  ///
  /// - Parameters:
  ///   - scope: whether the classifier's weights are among them. Not asked for neurons: the classifier's outputs never
  ///     are, and the weights that read removed neurons always go.
  ///   - excluded: names of layers, such as `conv1`, whose weights or neurons are no units.
  /// - Throws: ``UnitsError`` for an unknown layer, sizes below 1, an N above M, or if no unit remains.
  package init(
    _ granularity: Granularity, of network: NetworkDescription, scope: PruningScope = PruningScope(),
    excluding excluded: Set<String> = []
  ) throws(UnitsError) {
    let isStructured = granularity == .neurons
    let layout = ParameterLayout(network, scope: isStructured ? PruningScope(prunesClassifier: true) : scope)
    let names = layout.tensors.filter { $0.role == .weight }.map { network.nodes[$0.node].name }
    for name in excluded.sorted() where !names.contains(name) {
      throw UnitsError(
        description: "no layer with weights is called \(name); there are \(names.joined(separator: ", "))")
    }
    self.granularity = granularity
    self.layout = layout
    switch granularity {
    case .neurons:
      let channels = UnitChannels(network, layout, excluding: excluded)
      form = .channels(channels)
      layers = channels.layers
      neurons = (0..<channels.count).map { $0..<$0 + 1 }
      pattern = nil
    case .blocks(let rows, let columns):
      guard rows >= 1, columns >= 1 else {
        throw UnitsError(description: "blocks have one row and one column at least, found \(rows) × \(columns)")
      }
      (form, layers, neurons) = Self.matrices(network, layout, excluded) { tensor in
        (rows, columns, tensor.shape[1...].reduce(1, *), 1)
      }
      pattern = nil
    case .weights:
      (form, layers, neurons) = Self.matrices(network, layout, excluded) { tensor in
        (1, 1, tensor.shape[1...].reduce(1, *), 1)
      }
      pattern = nil
    case .pattern(let kept, let size):
      guard kept >= 1, kept <= size else {
        throw UnitsError(description: "a pattern keeps from 1 to all of a group, found \(kept):\(size)")
      }
      (form, layers, neurons) = Self.matrices(network, layout, excluded) { tensor in
        (1, 1, tensor.shape[1], tensor.shape[2...].reduce(1, *))
      }
      guard case .matrices(let matrices) = form else { preconditionFailure("a pattern is over matrices") }
      pattern = GroupPattern(
        kept: kept, of: size, rows: matrices.map { GroupPattern.Rows(units: $0.units, length: $0.columns) })
    }
    guard count > 0 else {
      throw UnitsError(description: "\(network.name) has nothing left to prune outside of the excluded layers")
    }
  }

  /// The number of units.
  package var count: Int { layers.last?.range.upperBound ?? 0 }

  private static func matrices(
    _ network: NetworkDescription, _ layout: ParameterLayout, _ excluded: Set<String>,
    _ sizes: (ParameterTensor) -> (rows: Int, columns: Int, width: Int, taps: Int)
  ) -> (Form, [Layer], [Range<Int>]) {
    var matrices: [UnitMatrix] = []
    var layers: [Layer] = []
    var neurons: [Range<Int>] = []
    var start = 0
    for tensor in layout.prunable where !excluded.contains(network.nodes[tensor.node].name) {
      let size = sizes(tensor)
      let matrix = UnitMatrix(
        tensor: tensor, firstUnit: start, columns: size.width, taps: size.taps, blockRows: size.rows,
        blockColumns: size.columns)
      matrices.append(matrix)
      layers.append(Layer(name: network.nodes[tensor.node].name, range: matrix.units))
      let width = matrix.blocksPerRow * size.taps
      for row in 0..<matrix.units.count / width { neurons.append(start + row * width..<start + (row + 1) * width) }
      start = matrix.units.upperBound
    }
    return (.matrices(matrices), layers, neurons)
  }

  /// The mask over the prunable weights of ``layout`` that a mask over units means.
  ///
  /// - Complexity: linear in the number of weights.
  package func weightMask(_ units: Mask) -> Mask {
    precondition(units.count == count, "a mask of \(units.count) for \(count) units")
    switch form {
    case .channels(let channels): return channels.weightMask(units, layout)
    case .matrices(let matrices):
      if case .weights = granularity, count == layout.prunableCount { return units }
      var mask = Mask(count: layout.prunableCount, keeping: true)
      for matrix in matrices { matrix.apply(units, to: &mask) }
      return mask
    }
  }

  /// The score of each unit for given weights: |w| of a single weight, the norm of a block, the norm of all weights
  /// that make a neuron (Li et al., "Pruning filters for efficient ConvNets", ICLR 2017).
  ///
  /// - Parameter parameters: all values of ``layout``.
  /// - Complexity: linear in the number of weights.
  package func scores(_ parameters: [Float], norm: Norm = .l2) -> [Float] {
    precondition(parameters.count == layout.count, "\(parameters.count) parameters for a layout of \(layout.count)")
    switch form {
    case .channels(let channels): return channels.scores(parameters, layout, norm)
    case .matrices(let matrices): return matrices.flatMap { $0.scores(parameters, norm) }
    }
  }

  /// The cost of the whole network as a function of the kept units.
  ///
  /// For neurons, biases and normalisation of removed ones count as removed; for the others they always count.
  package func cost(_ measure: CostMeasure) -> CostModel {
    switch form {
    case .channels(let channels): return channels.cost(measure, layout)
    case .matrices(let matrices):
      let whole = measure == .keptWeights ? layout.trainableCount : layout.multiplyAdds
      var kinds = UnitMatrix.Kinds()
      for matrix in matrices { matrix.addKinds(measure, to: &kinds) }
      return CostModel(constant: whole - kinds.total, linear: kinds.costs, products: [], runs: kinds.runs)
    }
  }
}

/// How the weights of a unit make one score.
package enum Norm: String, Hashable, Sendable, CaseIterable {
  case l1
  case l2

  func sum(_ weights: some Sequence<Float>) -> Double {
    weights.reduce(0) { $0 + (self == .l1 ? Double(abs($1)) : Double($1) * Double($1)) }
  }

  func score(_ sum: Double) -> Float { Float(self == .l1 ? sum : sum.squareRoot()) }
}
