package import Models

/// Scores by how the loss bends, of which the gradients of single samples tell.
///
/// Each sample passes alone and as in use, not as in training: running statistics normalise, dropout drops nothing. By
/// statistics of a batch, no sample would have a gradient of its own.
extension WeightScores {
  /// ½ · w² · mean (∂Lᵢ/∂w)² of each prunable weight, Lᵢ the loss of sample i; nil if it is not finite.
  ///
  /// The mean is the diagonal of the empirical Fisher matrix.
  ///
  /// Source: Theis, Korshunova, Tejani, Huszár, "Faster gaze prediction with dense networks and Fisher pruning",
  /// arXiv:1801.05787, 2018.
  ///
  /// - Throws: ``NetworkError`` for data with targets.
  /// - Complexity: samples × (multiply-adds of the network, three times, + parameters), a sample at a time.
  package func fisher() throws(NetworkError) -> [Float]? { try halvedScores(.labels) }

  /// The saliency ½ · w² · h of each prunable weight, h its entry on the diagonal of the mean loss's Gauss–Newton
  /// matrix; nil if it is not finite.
  ///
  /// For cross-entropy after a softmax that matrix is the Fisher matrix under the network's own predictions, so h is
  /// the mean over samples of Σ_c p_c · (∂ log p_c / ∂w)², but for rounding. LeCun et al. carry second derivatives back
  /// through the layers and leave out what is off the diagonal in each; here nothing is left out on the way.
  ///
  /// Sources: LeCun, Denker, Solla, "Optimal brain damage", NIPS 1989; Martens, "New insights and perspectives on the
  /// natural gradient method", JMLR 2020, for the equality.
  ///
  /// - Throws: ``NetworkError`` for data with targets.
  /// - Complexity: that of ``fisher()`` times about two thirds of the number of classes.
  package func optimalBrainDamage() throws(NetworkError) -> [Float]? { try halvedScores(.predictions) }

  private func halvedScores(_ losses: SampleLosses) throws(NetworkError) -> [Float]? {
    try checkClasses()
    guard let squares = meanSquares(losses) else { return nil }
    return scores { Double(parameters[$0]) * squares[$0] / 2 }
  }

  /// Scores by the curvature of the cross-entropy mean nothing where another loss is trained.
  ///
  /// - Throws: ``NetworkError`` for data with targets.
  func checkClasses() throws(NetworkError) {
    guard input.data.targets == nil else {
      throw NetworkError("scores by curvature are of the cross-entropy; these data have targets, not classes alone")
    }
  }

  /// Which losses a sample has.
  package enum SampleLosses: Hashable, Sendable {
    /// That of its label.
    case labels
    /// Those of all classes, each with the share that the network gives the class.
    case predictions
  }

  /// The mean over samples of their squared derivatives by each prunable weight: one value a trainable parameter, 0 for
  /// the others; nil where a loss is not finite.
  func meanSquares(_ losses: SampleLosses) -> [Double]? {
    let sums = AlignedBuffer<Double>(count: layout.trainableCount)
    let ranges = layout.prunable.map(\.range)
    let isFinite = forEachGradient(losses) { gradient, share in
      for range in ranges {
        for index in range {
          let slope = Double(gradient[index])
          sums.base[index] += share * (slope * slope)
        }
      }
    }
    return isFinite ? sums.array.map { $0 / Double(count) } : nil
  }

  /// Calls `body` with the derivatives of a sample's loss by all trainable parameters and the loss's share, sample by
  /// sample.
  ///
  /// - Returns: false, at once, where the loss of a label is not finite.
  func forEachGradient(
    _ losses: SampleLosses, _ body: (_ gradient: UnsafePointer<Float>, _ share: Double) -> Void
  ) -> Bool {
    let pass = Pass(network, .training, capacity: 1, variant: variant)
    let memory = AlignedBuffer(parameters)
    let gradient = AlignedBuffer<Float>(count: layout.trainableCount)
    let slopes = pass.gradient(network.logits)!
    let classes = 0..<network.outputCount
    var softmax = RowSoftmax(classes.count)
    for sample in 0..<count {
      input.load(CollectionOfOne(sample), nil, into: pass.input)
      let logarithm = softmax.run(pass.forward(memory.base, count: 1, key: nil))
      let label = Int(input.data.labels[sample])
      guard (logarithm - softmax.shifted[label]).isFinite else { return false }
      for target in classes {
        let share: Double
        switch losses {
        case .labels: share = target == label ? 1 : 0
        case .predictions: share = softmax.probabilities[target]
        }
        guard share > 0 else { continue }
        for index in classes { slopes[index] = Float(softmax.probabilities[index] - (index == target ? 1 : 0)) }
        pass.backward(memory.base, into: gradient.base)
        body(gradient.base, share)
      }
    }
    return true
  }
}
